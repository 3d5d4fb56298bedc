package transport

import (
	"encoding/binary"
	"math/rand/v2"
)

// appendFrame appends a whole message or control frame as a client sends it: masked with a key that nobody can foresee (RFC 6455 section 5.3).
func appendFrame(dst []byte, first byte, payload []byte) []byte {
	dst = append(dst, bitFin|first)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, bitMasked|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, bitMasked|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, bitMasked|127), uint64(n))
	}
	key := rand.Uint32()
	dst = binary.LittleEndian.AppendUint32(dst, key)
	start := len(dst)
	dst = append(dst, payload...)
	mask(dst[start:], key)
	return dst
}

// clientHeadSize is how much of a client's frame of so many bytes is its header.
func clientHeadSize(frame int) int {
	const least = 6 // two bytes and the key
	switch {
	case frame < least+126:
		return least
	case frame < least+2+1<<16:
		return least + 2
	}
	return least + 8
}

// mask masks in place; the key's low byte comes first.
func mask(b []byte, key uint32) {
	for long := uint64(key)<<32 | uint64(key); len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^long)
	}
	for i := range b {
		b[i] ^= byte(key >> (8 * (i & 3)))
	}
}
