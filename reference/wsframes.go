package reference

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
)

// The opcodes of frames (RFC 6455, 5.2), and RSV1, which marks a compressed
// message (RFC 7692, 6).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa

	bitFin        = 0x80
	bitCompressed = 0x40
	bitMasked     = 0x80
	controlMost   = 125 // bytes of a control frame's payload
)

// The status codes of close frames that the server sends (RFC 6455, 7.4.1).
const (
	closeNormal      = 1000
	closeGoingAway   = 1001
	closeProtocol    = 1002
	closeUnsupported = 1003
	closeNoStatus    = 1005 // never sent: stands for a close frame without a code
	closeBadData     = 1007
	closePolicy      = 1008
	closeTooBig      = 1009
	closeInternal    = 1011
)

var (
	closingFrame = closeFrame(closeGoingAway, "the server is closing")
	pingFrame    = appendFrame(nil, opPing, nil)
)

// appendFrame appends an unmasked frame that is a whole message; first is its
// opcode and bits of its first byte.
func appendFrame(dst []byte, first byte, payload []byte) []byte {
	dst = append(dst, bitFin|first)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}

// closeFrame returns a close frame with its code, or without one.
func closeFrame(code int, reason string) []byte {
	var b []byte
	if code != closeNoStatus {
		b = append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason[:min(len(reason), controlMost-2)]...)
	}
	return appendFrame(nil, opClose, b)
}

// The end of a compressed message that is not sent (RFC 7692, 7.2.1), and with
// a last block behind it, which ends the stream for the reader.
const (
	deflateTail = "\x00\x00\xff\xff"
	inflateTail = deflateTail + "\x01\x00\x00\xff\xff"
)

// packer compresses, each message by itself. Whoever has it uses it alone.
type packer struct {
	writer *flate.Writer
	packed bytes.Buffer
	object []byte // scratch
}

// pack returns b compressed, valid until the next call.
func (p *packer) pack(b []byte) []byte {
	p.packed.Reset()
	if p.writer == nil {
		p.writer, _ = flate.NewWriter(&p.packed, flate.BestSpeed) // fails for an unknown level only
	} else {
		p.writer.Reset(&p.packed)
	}
	// Writing to memory does not fail.
	_, _ = p.writer.Write(b)
	_ = p.writer.Flush()
	return bytes.TrimSuffix(p.packed.Bytes(), []byte(deflateTail))
}

// unpacker opens what clients compressed.
type unpacker struct {
	reader io.ReadCloser
	opened bytes.Buffer
}

// open returns at most limit+1 bytes of the message, valid until the next call.
func (u *unpacker) open(b []byte, limit int64) ([]byte, error) {
	from := io.MultiReader(bytes.NewReader(b), bytes.NewReader([]byte(inflateTail)))
	if u.reader == nil {
		u.reader = flate.NewReader(from)
	} else if err := u.reader.(flate.Resetter).Reset(from, nil); err != nil {
		return nil, err
	}
	u.opened.Reset()
	_, err := io.Copy(&u.opened, io.LimitReader(u.reader, limit+1))
	return u.opened.Bytes(), err
}
