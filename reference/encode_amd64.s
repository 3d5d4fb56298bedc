//go:build !purego

#include "textflag.h"

// func copyText(dst, src *byte, n int) bool
//
// The last 16 bytes go first; the pairs of 16 from the front, and one more where
// it needs that, then end anywhere in them. X0 gathers the smallest byte of each column.
TEXT ·copyText(SB), NOSPLIT, $0-25
	MOVQ  dst+0(FP), DI
	MOVQ  src+8(FP), SI
	MOVQ  n+16(FP), CX
	MOVOU -16(SI)(CX*1), X0
	MOVOU X0, -16(DI)(CX*1)
	SUBQ  $32, CX
	JLE   last

pair:
	MOVOU  (SI), X1
	MOVOU  16(SI), X2
	MOVOU  X1, (DI)
	MOVOU  X2, 16(DI)
	PMINUB X1, X0
	PMINUB X2, X0
	ADDQ   $32, SI
	ADDQ   $32, DI
	SUBQ   $32, CX
	JGT    pair

last:
	ADDQ   $16, CX
	JLE    compare
	MOVOU  (SI), X1
	MOVOU  X1, (DI)
	PMINUB X1, X0

compare:
	MOVQ       $0x0d0d0d0d0d0d0d0d, AX
	MOVQ       AX, X1
	PUNPCKLQDQ X1, X1
	PMINUB     X0, X1
	PCMPEQB    X0, X1
	PMOVMSKB   X1, AX
	TESTL      AX, AX
	SETNE      ret+24(FP)
	RET

// func putLines(dst, src []byte) (wrote, read int)
//
// R8 and R9 are the last addresses at which a step fits, R11 the one at which a
// line is long.
TEXT ·putLines(SB), NOSPLIT, $0-64
	MOVQ       dst_base+0(FP), DI
	MOVQ       dst_len+8(FP), R8
	MOVQ       src_base+24(FP), SI
	MOVQ       src_len+32(FP), R9
	LEAQ       -24(DI)(R8*1), R8
	LEAQ       -16(SI)(R9*1), R9
	LEAQ       256(SI), R11
	MOVQ       $0x0a0a0a0a0a0a0a0a, AX
	MOVQ       AX, X1
	PUNPCKLQDQ X1, X1
	MOVQ       $0x203a61746164, R10      // "data: "

step:
	CMPQ     SI, R9
	JHI      done
	CMPQ     DI, R8
	JHI      done
	MOVOU    (SI), X0
	MOVOU    X0, (DI)
	PCMPEQB  X1, X0
	PMOVMSKB X0, AX
	TESTL    AX, AX
	JNE      feed
	ADDQ     $16, SI
	ADDQ     $16, DI
	CMPQ     SI, R11
	JLS      step
	JMP      done

feed:
	BSFL AX, AX
	LEAQ 1(SI)(AX*1), SI
	LEAQ 1(DI)(AX*1), DI
	MOVQ R10, (DI)
	ADDQ $6, DI
	LEAQ 256(SI), R11
	JMP  step

done:
	SUBQ dst_base+0(FP), DI
	SUBQ src_base+24(FP), SI
	MOVQ DI, wrote+48(FP)
	MOVQ SI, read+56(FP)
	RET
