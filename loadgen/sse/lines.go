package sse

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// lines interprets the complete lines in b (9.2.5 and 9.2.6) and returns what follows the last line end. What it leaves in
// k may point into b. While it runs, the buffers are local and a line's first bytes are compared as a word: this loop is
// the whole cost of an event that arrives in one piece.
//
// A line ends with LF, CR or CRLF. Both bytes are looked for ahead, and where they are is remembered, so that each byte of
// b is searched once for either, whichever of them the stream uses.
func (p *Parser) lines(k *block, b []byte, h Handler, limit int) (rest []byte, err error) {
	data, typ, id := k.data, k.typ, k.id
	hasData, hasID := k.hasData, k.hasID
	near := len(b) > limit-len(data)-len(typ)-len(id) // else no event in b can reach the limit
	pos := 0
	if p.skipLF && len(b) > 0 {
		p.skipLF = false
		if b[0] == '\n' {
			pos = 1
		}
	}
	lf, cr := -1, 0 // where the next LF is; where the next CR is, or up to where there is none
	for pos < len(b) {
		start, end := pos, pos
		if b[pos] != '\n' {
			if lf < pos {
				// The ends of short lines, as of ids and types, are found faster word by word. Data is rarely short.
				if len(b)-pos >= 24 && b[pos] != 'd' {
					w := b[pos : pos+24]
					if x := lfMask(w); x != 0 {
						lf = pos + bits.TrailingZeros64(x)/8
					} else if x := lfMask(w[8:]); x != 0 {
						lf = pos + 8 + bits.TrailingZeros64(x)/8
					} else if x := lfMask(w[16:]); x != 0 {
						lf = pos + 16 + bits.TrailingZeros64(x)/8
					}
				}
				if lf < pos {
					if lf = bytes.IndexByte(b[pos:], '\n'); lf >= 0 {
						lf += pos
					} else {
						lf = len(b)
					}
				}
			}
			if end = lf; cr < lf {
				if cr < pos || b[cr] != '\r' {
					cr = nextOf(b, '\r', max(pos, cr), min(max(lf, cr+ahead), len(b)))
				}
				end = min(lf, cr)
			}
			if end == len(b) {
				break
			}
		}
		if pos = end + 1; b[end] == '\r' {
			if pos == len(b) {
				p.skipLF = true
			} else if b[pos] == '\n' {
				pos++
			}
		}

		if start == end { // a blank line: the standard's "dispatch the event"
			if hasID {
				p.id.set(id)
			}
			if hasData {
				ev := &k.event
				ev.Type, ev.Data, ev.ID = typ, data, p.id.bytes() // one by one: a literal would be copied once more
				h.Event(ev)
			}
			data, typ, id, hasData, hasID = nil, nil, nil, false, false
			if k.ownData || k.ownType || k.ownID {
				k.clear()
			}
			continue
		}
		if near && end-start > limit-len(data)-len(typ)-len(id) {
			return nil, ErrTooLong
		}
		if len(b)-start >= 8 { // the usual form of the usual fields
			switch word := binary.LittleEndian.Uint64(b[start:]); {
			case word&(1<<48-1) == dataWord && !hasData:
				data, hasData = b[start+len("data: "):end], true
				continue
			case word&(1<<32-1) == idWord && bytes.IndexByte(b[start+len("id: "):end], 0) < 0:
				id, hasID, k.ownID = b[start+len("id: "):end], true, false
				continue
			case word&(1<<56-1) == eventWord:
				typ, k.ownType = b[start+len("event: "):end], false
				continue
			}
		}
		switch name, value := split(b[start:end]); name {
		case fieldData:
			if hasData {
				k.data = data
				k.addLine(value, limit)
				data = k.data
			} else {
				data, hasData = value, true
			}
		case fieldEvent:
			typ, k.ownType = value, false
		case fieldID:
			if bytes.IndexByte(value, 0) < 0 {
				id, hasID, k.ownID = value, true, false
			}
		case fieldRetry:
			if millis, ok := parseMillis(value); ok {
				h.Retry(millis)
			}
		case fieldComment:
			h.Comment(value)
		}
	}
	k.data, k.typ, k.id, k.hasData, k.hasID = data, typ, id, hasData, hasID
	return b[pos:], nil
}

// "data: ", "id: " and "event: " as the low bytes of a little-endian word.
const (
	dataWord  = 'd' | 'a'<<8 | 't'<<16 | 'a'<<24 | ':'<<32 | ' '<<40
	idWord    = 'i' | 'd'<<8 | ':'<<16 | ' '<<24
	eventWord = 'e' | 'v'<<8 | 'e'<<16 | 'n'<<24 | 't'<<32 | ':'<<40 | ' '<<48
)

// ahead is how many bytes the search for a CR runs past a short line: enough to cost little for each, and still within the
// processor's nearest cache when the lines are read.
const ahead = 4 << 10

// nextOf returns the position of the first c in b[from:to], or to.
func nextOf(b []byte, c byte, from, to int) int {
	if i := bytes.IndexByte(b[from:to], c); i >= 0 {
		return from + i
	}
	return to
}

// lfMask returns a word whose lowest set bit, if any, is the highest of the first byte in b[:8] that is LF.
func lfMask(b []byte) uint64 {
	x := binary.LittleEndian.Uint64(b) ^ 0x0A0A0A0A0A0A0A0A
	return (x - 0x0101010101010101) &^ x & 0x8080808080808080
}

// lineEnd returns the position of the first LF or CR in b, or len(b).
func lineEnd(b []byte) int {
	lf := nextOf(b, '\n', 0, len(b))
	return nextOf(b, '\r', 0, lf)
}
