package sse

// A block is an event in the making: the standard's data, event type and last event ID buffers, and the line that is
// still being read. While its event lies whole in the bytes being fed, data, typ and id point there; only what the end of
// a Feed interrupts, and data of several lines, moves into memory of the block's own.
type block struct {
	buf []byte // buf[:end] is the data buffer, if ownData; buf[end:] is the start of an unfinished line
	end int

	data, typ, id           []byte
	hasData, hasID          bool // such a field came; its value may be empty
	ownData, ownType, ownID bool // data is in buf, typ in typeMemory, id in idMemory: not in the bytes being fed
	typeMemory, idMemory    []byte

	event Event // the handler's argument, which cannot live on the stack
}

// clear forgets the event and the line.
func (k *block) clear() {
	k.buf, k.end = k.buf[:0], 0
	k.data, k.typ, k.id = nil, nil, nil
	k.hasData, k.hasID = false, false
	k.ownData, k.ownType, k.ownID = false, false, false
}

// line returns the unfinished line as far as earlier calls of Feed brought it.
func (k *block) line() []byte { return k.buf[k.end:] }

// dropLine ends a line that was buffered.
func (k *block) dropLine() { k.buf = k.buf[:k.end] }

// extend appends to the unfinished line.
func (k *block) extend(b []byte, limit int) {
	k.grow(len(b), limit)
	k.buf = append(k.buf, b...)
}

func (k *block) pending() bool {
	return k.hasData || k.hasID || len(k.typ) > 0 || len(k.line()) > 0
}

// size is what counts against Limit.
func (k *block) size() int { return len(k.data) + len(k.typ) + len(k.id) + len(k.line()) }

// addLine appends another line to the data buffer.
func (k *block) addLine(value []byte, limit int) {
	k.ownTheData(1+len(value), limit)
	k.buf = append(append(k.buf, '\n'), value...)
	k.end = len(k.buf)
	k.data = k.buf
}

// ownTheData sees to it that the data buffer is in buf, with room for more bytes. No line is in buf then, but perhaps
// just behind it: data and value may be parts of one that was taken from there.
func (k *block) ownTheData(room, limit int) {
	if k.ownData {
		k.grow(room, limit)
		return
	}
	k.grow(len(k.data)+room, limit)
	k.buf = append(k.buf, k.data...)
	k.end, k.ownData = len(k.buf), true
	k.data = k.buf
}

func (k *block) ownTheType() {
	if !k.ownType {
		k.typeMemory = replace(k.typeMemory, k.typ)
		k.typ, k.ownType = k.typeMemory, true
	}
}

func (k *block) ownTheID() {
	if !k.ownID {
		k.idMemory = replace(k.idMemory, k.id)
		k.id, k.ownID = k.idMemory, true
	}
}

// own copies what still points into the bytes being fed.
func (k *block) own(limit int) {
	if k.hasData && !k.ownData {
		k.ownTheData(0, limit)
	}
	if len(k.typ) > 0 {
		k.ownTheType()
	}
	if k.hasID {
		k.ownTheID()
	}
}
