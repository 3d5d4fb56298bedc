package reference

import (
	"encoding/binary"
	"unsafe"
)

// What makes the common event cheap: a short id and type are looked through
// eight bytes at a time while they are copied to room that is there already,
// and so is short data on one line, by copyText. Lines of longer data are left
// to putLines, and what neither takes goes the long way of AppendEvent.

const (
	idName    = "id: "
	eventName = "event: "
	dataName  = "data: "

	// The same as numbers, to be written at once.
	idWord    = 'i' | 'd'<<8 | ':'<<16 | ' '<<24
	eventWord = 'e' | 'v'<<8 | 'e'<<16 | 'n'<<24 | 't'<<32 | ':'<<40 | ' '<<48
	dataWord  = 'd' | 'a'<<8 | 't'<<16 | 'a'<<24 | ':'<<32 | ' '<<40

	// headShort bounds what putShort takes of an id or type; shortRoom is what
	// it may write beside the data.
	headShort = 16
	pieceSize = 512
	shortRoom = len(idName) + len(eventName) + len(dataName) + 2*headShort + 4 + 8
)

// putShort writes an event of id, type and data to b. n bytes of it are written,
// and all of it when done; without done they are the id and type, or nothing
// where one of them is long, or may have to be refused, or other fields are set,
// or b is small. One look at the room covers all that is written, so the writes
// themselves go around the checks of slices.
func putShort(b []byte, e *Event) (n int, done bool) {
	if len(b) < shortRoom+len(e.Data) || len(e.ID) > headShort || len(e.Type) > headShort ||
		e.Data == nil || e.Comment != "" || e.Retry != 0 || e.ResetID {
		return 0, false
	}
	start := unsafe.Pointer(unsafe.SliceData(b))
	p := start
	var bad uint64
	if e.ID != "" {
		put32(p, idWord)
		p = unsafe.Add(p, len(idName))
		bad = putWords(p, e.ID)
		p = unsafe.Add(p, len(e.ID))
		*(*byte)(p) = '\n'
		p = unsafe.Add(p, 1)
	}
	if e.Type != "" {
		put64(p, eventWord)
		p = unsafe.Add(p, len(eventName))
		bad |= putWords(p, e.Type)
		p = unsafe.Add(p, len(e.Type))
		*(*byte)(p) = '\n'
		p = unsafe.Add(p, 1)
	}
	if bad != 0 {
		return 0, false
	}
	n = int(uintptr(p) - uintptr(start))
	left := len(e.Data)
	if left < 16 {
		return n, false
	}
	put64(p, dataWord)
	p = unsafe.Add(p, len(dataName))
	from := unsafe.Pointer(unsafe.SliceData(e.Data))
	for left >= 2*pieceSize { // in pieces, to see early that it is in vain
		if copyText((*byte)(p), (*byte)(from), pieceSize) { // a line end in it, or a tab
			return n, false
		}
		p, from = unsafe.Add(p, pieceSize), unsafe.Add(from, pieceSize)
		left -= pieceSize
	}
	if copyText((*byte)(p), (*byte)(from), left) {
		return n, false
	}
	p = unsafe.Add(p, left)
	*(*[2]byte)(p) = [2]byte{'\n', '\n'}
	return n + len(dataName) + len(e.Data) + 2, true
}

// putWords copies s, of 1 to 16 bytes, to p by two words that overlap; the
// result is not 0 where s may hold a NUL, CR or LF.
func putWords(p unsafe.Pointer, s string) uint64 {
	n := len(s)
	from := unsafe.Pointer(unsafe.StringData(s))
	if n >= 8 {
		x, y := get64(from), get64(unsafe.Add(from, n-8))
		put64(p, x)
		put64(unsafe.Add(p, n-8), y)
		return controls(x) | controls(y)
	}
	if n >= 4 {
		x, y := get32(from), get32(unsafe.Add(from, n-4))
		put32(p, x)
		put32(unsafe.Add(p, n-4), y)
		return controls(uint64(x) | uint64(y)<<32)
	}
	x, y, z := s[0], s[n/2], s[n-1]
	*(*byte)(p) = x
	*(*byte)(unsafe.Add(p, n/2)) = y
	*(*byte)(unsafe.Add(p, n-1)) = z
	return controls(uint64(x) | uint64(y)<<8 | uint64(z)<<16 | 0x2020202020<<24)
}

// controls is not 0 where one of the eight bytes of x is at most CR, which NUL
// and LF are too.
func controls(x uint64) uint64 {
	const low, high = 0x0101010101010101, 0x8080808080808080
	return (x - ('\r'+1)*low) &^ x & high
}

// Words in memory, whatever their place and the machine's byte order.

func put64(p unsafe.Pointer, x uint64) { binary.LittleEndian.PutUint64((*[8]byte)(p)[:], x) }
func put32(p unsafe.Pointer, x uint32) { binary.LittleEndian.PutUint32((*[4]byte)(p)[:], x) }
func get64(p unsafe.Pointer) uint64    { return binary.LittleEndian.Uint64((*[8]byte)(p)[:]) }
func get32(p unsafe.Pointer) uint32    { return binary.LittleEndian.Uint32((*[4]byte)(p)[:]) }
