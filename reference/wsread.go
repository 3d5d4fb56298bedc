package reference

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// wsReader takes what a WebSocket's client sends (RFC 6455, 5), in any pieces.
// Its zero value is ready; it keeps only what is not complete yet.
type wsReader struct {
	raw     []byte // of a frame
	message []byte // of a message's frames so far
	started bool   // a message is under way
	packed  bool   // and compressed
}

// empty reports whether nothing is under way.
func (r *wsReader) empty() bool { return len(r.raw) == 0 && !r.started }

// wsEar is told what came. What it is given is valid until it returns.
type wsEar struct {
	limit    int64 // bytes of a message
	deflate  bool  // compressed messages were agreed on
	unpack   *unpacker
	message  func(text []byte) *wsEnd
	answered func(frame []byte) // to be sent
}

// wsEnd is why a WebSocket is closed.
type wsEnd struct {
	code   int
	reason string
}

func protocolError(format string, args ...any) *wsEnd {
	return &wsEnd{closeProtocol, fmt.Sprintf(format, args...)}
}

// wsFrame is a frame as it came.
type wsFrame struct {
	opcode  byte
	fin     bool
	packed  bool
	payload []byte // unmasked
}

// feed takes b, which it may change. A non-nil answer ends the WebSocket.
func (r *wsReader) feed(b []byte, ear *wsEar) *wsEnd {
	if len(r.raw) > 0 {
		r.raw = append(r.raw, b...)
		b = r.raw
	}
	for len(b) > 0 {
		f, size, end := r.parse(b, ear)
		if end != nil {
			return end
		}
		if size == 0 {
			break
		}
		b = b[size:]
		if end := r.take(&f, ear); end != nil {
			return end
		}
	}
	r.raw = append(r.raw[:0], b...)
	if len(r.raw) == 0 {
		r.raw = nil
	}
	return nil
}

// parse looks for a whole frame at the start of b; size is 0 where there is
// none yet.
func (r *wsReader) parse(b []byte, ear *wsEar) (f wsFrame, size int, end *wsEnd) {
	if len(b) < 2 {
		return f, 0, nil
	}
	f.opcode, f.fin, f.packed = b[0]&0x0f, b[0]&bitFin != 0, b[0]&bitCompressed != 0
	length, at := uint64(b[1]&^bitMasked), 2
	if b[1]&bitMasked == 0 {
		return f, 0, protocolError("a client's frames are masked")
	}
	switch {
	case b[0]&0x30 != 0 || f.packed && !ear.deflate:
		return f, 0, protocolError("a reserved bit is set")
	case length == 126 && len(b) < 4 || length == 127 && len(b) < 10:
		return f, 0, nil
	case length == 126:
		length, at = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case length == 127:
		length, at = binary.BigEndian.Uint64(b[2:]), 10
	}
	switch f.opcode {
	case opClose, opPing, opPong:
		if !f.fin || f.packed || length > controlMost {
			return f, 0, protocolError("a control frame is whole, plain and at most %d bytes long", controlMost)
		}
	case opText:
		if r.started {
			return f, 0, protocolError("a message begins inside of another one")
		}
	case opContinuation:
		if !r.started || f.packed {
			return f, 0, protocolError("a frame continues a message and none has begun")
		}
	case opBinary:
		return f, 0, &wsEnd{closeUnsupported, "events are text"}
	default:
		return f, 0, protocolError("opcode %#x is unknown", f.opcode)
	}
	if length > uint64(ear.limit)-min(uint64(len(r.message)), uint64(ear.limit)) {
		return f, 0, tooBig(ear.limit)
	}
	const key = 4
	if uint64(len(b)-at) < key+length {
		return f, 0, nil
	}
	size = at + key + int(length)
	f.payload = b[at+key : size]
	for i := range f.payload {
		f.payload[i] ^= b[at+i&3]
	}
	return f, size, nil
}

func tooBig(limit int64) *wsEnd {
	return &wsEnd{closeTooBig, fmt.Sprintf("a message has at most %d bytes", limit)}
}

// take handles a frame.
func (r *wsReader) take(f *wsFrame, ear *wsEar) *wsEnd {
	switch f.opcode {
	case opPing:
		ear.answered(appendFrame(nil, opPong, f.payload))
		return nil
	case opPong:
		return nil
	case opClose:
		return closedBy(f.payload)
	}
	text := f.payload
	if f.opcode == opText {
		r.packed = f.packed
	}
	if r.started || !f.fin {
		r.message = append(r.message, f.payload...)
		text = r.message
	}
	if r.started = !f.fin; r.started {
		return nil
	}
	r.message = nil
	if r.packed {
		var err error
		if text, err = ear.unpack.open(text, ear.limit); err != nil {
			return &wsEnd{closeBadData, "a compressed message cannot be opened"}
		}
		if int64(len(text)) > ear.limit {
			return tooBig(ear.limit)
		}
	}
	if !utf8.Valid(text) {
		return &wsEnd{closeBadData, "a text message is UTF-8"}
	}
	return ear.message(text)
}

// closedBy answers a client's close frame with its own code (RFC 6455, 5.5.1).
func closedBy(b []byte) *wsEnd {
	if len(b) == 0 {
		return &wsEnd{code: closeNoStatus}
	}
	if len(b) == 1 {
		return protocolError("a close frame has half a status code")
	}
	code := int(binary.BigEndian.Uint16(b))
	if code < 1000 || code >= 5000 || code >= 1015 && code < 3000 || code >= 1004 && code <= 1006 {
		return protocolError("status code %d is none to be sent", code)
	}
	if !utf8.Valid(b[2:]) {
		return &wsEnd{closeBadData, "a close frame's reason is UTF-8"}
	}
	return &wsEnd{code: code}
}
