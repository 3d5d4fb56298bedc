package transport

import (
	"encoding/binary"
	"sync"

	"ssebench/loadgen"
)

// The opcodes of frames (RFC 6455 section 5.2).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

// Bits of a frame's first two bytes, and the bounds of its header and of a control frame's payload, in bytes.
const (
	bitFin        = 0x80
	bitCompressed = 0x40 // RSV1 (RFC 7692 section 6)
	bitsReserved  = 0x30
	bitMasked     = 0x80
	isControl     = 0x8 // of the opcode

	frameHeadMost = 10 // a server's frames have no masking key
	controlMost   = 125
)

// messageSink takes what frames carry; b is valid until the call returns. An error ends the WebSocket.
type messageSink interface {
	message(b []byte, text, compressed bool) error
	control(opcode byte, b []byte) error
}

// wsFrame is a frame's header.
type wsFrame struct {
	opcode     byte
	fin        bool
	compressed bool
	size       uint64 // of the payload
}

// frameReader reads the frames of a server (RFC 6455 section 5), fed in any splits. A message that came in one piece is handed on as it lies in
// what was fed; only where a read ended inside a message is there a buffer, borrowed.
type frameReader struct {
	limit   uint64 // of a message as it is on the wire, in bytes
	deflate bool   // agreed: messages may be compressed
	buffers *loadgen.Buffers
	torn    *tornMessage
}

// tornMessage is a frame or a message whose rest has not come.
type tornMessage struct {
	head    [frameHeadMost]byte
	had     int  // bytes of head
	inside  bool // the head is complete, and the payload under way
	frame   wsFrame
	left    uint64 // bytes of the payload
	control []byte // payload of a control frame
	started bool   // a message's first frame has come
	text    bool
	packed  bool
	message []byte
	held    int64 // bytes of message that are accounted for
}

var tornMessages = sync.Pool{New: func() any { return &tornMessage{control: make([]byte, 0, controlMost)} }}

// tornKept bounds the buffer that is kept for the next torn message, in bytes.
const tornKept = 64 << 10

// release gives back what is torn.
func (r *frameReader) release() {
	t := r.torn
	if t == nil {
		return
	}
	r.torn = nil
	_ = r.buffers.Hold(&t.held, 0) // which never fails
	if cap(t.message) > tornKept {
		t.message = nil
	}
	*t = tornMessage{control: t.control[:0], message: t.message[:0]}
	tornMessages.Put(t)
}

// feed takes the next bytes, all of them unless it fails.
func (r *frameReader) feed(b []byte, sink messageSink) error {
	for len(b) > 0 {
		if r.torn == nil {
			size := headSize(b)
			if len(b) >= size {
				f, err := r.head(b[:size], false)
				if err != nil {
					return err
				}
				if f.fin && f.size <= uint64(len(b)-size) {
					end := size + int(f.size)
					if f.opcode&isControl != 0 {
						err = sink.control(f.opcode, b[size:end])
					} else {
						err = sink.message(b[size:end], f.opcode == opText, f.compressed)
					}
					if err != nil {
						return err
					}
					b = b[end:]
					continue
				}
			}
			r.torn = tornMessages.Get().(*tornMessage)
		}
		rest, err := r.mend(b, sink)
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// mend goes on with what is torn, up to the end of one frame.
func (r *frameReader) mend(b []byte, sink messageSink) (rest []byte, err error) {
	t := r.torn
	for !t.inside {
		need := headSize(t.head[:t.had])
		n := copy(t.head[t.had:need], b)
		t.had += n
		b = b[n:]
		if t.had < need {
			return nil, nil
		}
		if headSize(t.head[:t.had]) > t.had {
			continue
		}
		if t.frame, err = r.head(t.head[:t.had], t.started); err != nil {
			return nil, err
		}
		t.inside, t.left, t.had = true, t.frame.size, 0
		if t.frame.opcode == opText || t.frame.opcode == opBinary {
			t.started, t.text, t.packed = true, t.frame.opcode == opText, t.frame.compressed
		}
	}
	n := int(min(t.left, uint64(len(b))))
	if t.frame.opcode&isControl != 0 {
		t.control = append(t.control, b[:n]...)
	} else {
		t.message = append(t.message, b[:n]...)
		if err := r.buffers.Hold(&t.held, int64(cap(t.message))); err != nil {
			return nil, err
		}
	}
	t.left -= uint64(n)
	if t.left == 0 {
		err = r.endFrame(sink)
	}
	return b[n:], err
}

// endFrame hands on what is complete.
func (r *frameReader) endFrame(sink messageSink) (err error) {
	t := r.torn
	t.inside = false
	switch {
	case t.frame.opcode&isControl != 0:
		err = sink.control(t.frame.opcode, t.control)
		t.control = t.control[:0]
	case t.frame.fin:
		err = sink.message(t.message, t.text, t.packed)
		t.started = false
	}
	if !t.started {
		r.release()
	}
	return err
}

// headSize is how long a frame's header is, as far as its first bytes tell: 2 while they do not.
func headSize(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	switch b[1] &^ bitMasked {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

// head reads a complete header and refuses what the server may not send here. started: a message is under way.
func (r *frameReader) head(b []byte, started bool) (wsFrame, error) {
	f := wsFrame{opcode: b[0] & 0x0f, fin: b[0]&bitFin != 0, compressed: b[0]&bitCompressed != 0, size: uint64(b[1] &^ bitMasked)}
	shortest := uint64(0)
	switch len(b) {
	case 4:
		f.size, shortest = uint64(binary.BigEndian.Uint16(b[2:])), 126
	case frameHeadMost:
		f.size, shortest = binary.BigEndian.Uint64(b[2:]), 1<<16
	}
	switch {
	case b[0]&bitsReserved != 0:
		return f, badFrame("with a reserved bit set")
	case f.compressed && !r.deflate:
		return f, badFrame("marked as compressed although no compression was agreed")
	case f.compressed && f.opcode != opText && f.opcode != opBinary: // RFC 7692 section 6
		return f, badFrame("of opcode %#x marked as compressed, which only a message's first frame may be", f.opcode)
	case b[1]&bitMasked != 0: // section 5.1
		return f, badFrame("that is masked, as only a client's are")
	case f.size < shortest || f.size>>63 != 0: // section 5.2: the shortest form, and the highest bit is 0
		return f, badFrame("whose length of %d is not in its shortest form", f.size)
	}
	switch f.opcode {
	case opClose, opPing, opPong: // section 5.5
		if !f.fin || f.size > controlMost {
			return f, badFrame("of opcode %#x that is fragmented, or longer than %d bytes", f.opcode, controlMost)
		}
		return f, nil
	case opText, opBinary: // section 5.4
		if started {
			return f, badFrame("that begins a message inside of another one")
		}
	case opContinuation:
		if !started {
			return f, badFrame("that continues a message, and none has begun")
		}
	default:
		return f, badFrame("of the unknown opcode %#x", f.opcode)
	}
	had := 0
	if r.torn != nil {
		had = len(r.torn.message)
	}
	if f.size > r.limit-min(r.limit, uint64(had)) {
		return f, tooLong(r.limit)
	}
	return f, nil
}

func badFrame(format string, args ...any) *loadgen.Failure {
	return fail(tokenWSFrame, "the server sent a WebSocket frame "+format, args...)
}

func tooLong(limit uint64) *loadgen.Failure {
	return fail(tokenWSTooLong, "the server sent a message of more than %d bytes; raise target.event_limit", limit)
}
