package transport

import "sync"

// A record that a read ended inside of waits for its rest in a buffer from here; no connection has one of its own. Most records of most
// servers are short.
var (
	shortBuffers = sync.Pool{New: func() any { return new([shortBuffer]byte) }}
	longBuffers  = sync.Pool{New: func() any { return new([recordMost]byte) }}
)

const shortBuffer = 2 << 10

// borrowBuffer gives an empty buffer with room for n bytes, at most recordMost.
func borrowBuffer(n int) []byte {
	if n <= shortBuffer {
		return shortBuffers.Get().(*[shortBuffer]byte)[:0]
	}
	return longBuffers.Get().(*[recordMost]byte)[:0]
}

// returnBuffer takes a buffer of borrowBuffer back; nil is none.
func returnBuffer(b []byte) {
	switch cap(b) {
	case shortBuffer:
		shortBuffers.Put((*[shortBuffer]byte)(b[:shortBuffer]))
	case recordMost:
		longBuffers.Put((*[recordMost]byte)(b[:recordMost]))
	}
}
