package sse

import (
	"math/bits"
	"sync"
)

// Blocks are shared by all parsers, so that one between two events owns none. pools[i] has blocks whose buffers hold at
// least smallest<<i bytes: with a single pool, each short event would sooner or later sit in a buffer of megabytes.
var pools [poolCount]sync.Pool

const (
	smallest     = 512      // bytes, what a new block can hold
	smallestBits = 10       // bits.Len of it
	poolCount    = 24       // the last has 4 GiB and more
	large        = 64 << 10 // bytes, from where on memory matters more than time
	slack        = 1        // byte, for the line end that a buffered line is given
)

func poolOf(capacity int) *sync.Pool {
	return &pools[min(bits.Len(uint(capacity))-smallestBits, poolCount-1)]
}

// newBlock returns an empty block whose buffer has at least the capacity, in bytes.
func newBlock(capacity int) *block {
	if k, ok := poolOf(capacity).Get().(*block); ok && cap(k.buf) >= capacity {
		return k
	}
	return &block{buf: make([]byte, 0, capacity)}
}

// release gives k to whoever needs it next, and lets go of the bytes that were fed.
func (k *block) release() {
	k.clear()
	k.event = Event{}
	k.typeMemory, k.idMemory = shrink(k.typeMemory), shrink(k.idMemory)
	poolOf(cap(k.buf)).Put(k)
}

// grow makes room for n more bytes in buf. Sizes double, so that each byte is copied about once; a long event's last one
// is the limit itself, early enough that all the buffers it passed through together stay below twice the limit.
func (k *block) grow(n, limit int) {
	need := len(k.buf) + n
	if need <= cap(k.buf) {
		return
	}
	size := smallest
	for size < need {
		size *= 2
	}
	if size > large && size/3 > limit/8 {
		size = max(limit+slack, need)
	}
	k.moveTo(newBlock(size))
}

// fit moves the little that came after a long event out of that event's buffer. A buffer that has just grown is never
// more than six times as large as what it holds.
func (k *block) fit() {
	if c := cap(k.buf); c > smallest && c/8 > len(k.buf) {
		k.moveTo(newBlock(max(len(k.buf), smallest)))
	}
}

// moveTo exchanges k's buffer for that of other, which is free, and releases other with k's.
func (k *block) moveTo(other *block) {
	other.buf = append(other.buf, k.buf...)
	k.buf, other.buf = other.buf, k.buf
	if k.ownData {
		k.data = k.buf[:k.end]
	}
	other.release()
}

// replace returns a copy of src in dst's memory, unless that is too small or needlessly large.
func replace(dst, src []byte) []byte {
	if len(src) < cap(dst)/4 {
		dst = shrink(dst)
	}
	return append(dst[:0], src...)
}

// shrink drops memory that held an unusually long type or id.
func shrink(memory []byte) []byte {
	if cap(memory) > smallest {
		return nil
	}
	return memory
}
