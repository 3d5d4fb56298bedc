// Package stamp writes and finds marks inside payloads.
//
// A mark says which event of which run a piece of data is, when it was due and when it was sent, so that a receiver in any process
// can account for it without shared state. It is made of 0-9, a-z and dots alone, so it survives JSON, URL and HTML encoding and may
// stand anywhere in the data:
//
//	ssb1.RUN.PUBLISHER.TOPIC.SEQ.DUE.SENT.LENGTH.FILLERCHECK.CHECK
//
// All fields are base-36 numbers. CHECK has seven digits and covers all before it; the filler, LENGTH characters of 0-9a-z, follows
// it at once, and FILLERCHECK covers the filler. Both checks are CRC-32C (RFC 3720, section 12.1).
package stamp

import (
	"bytes"
	"hash/crc32"
	"math"
	"strconv"
)

// Mark is the meaning of a mark. Times are nanoseconds since the Unix epoch.
type Mark struct {
	Run       uint64 // the run ID read as a base-36 number
	Publisher uint32
	Topic     uint32 // index of the topic in the plan
	Seq       uint64 // counts from 1 in each topic
	Due       int64
	Sent      int64
}

const (
	prefix      = "ssb1."
	checkDigits = 7 // 36^7 > 2^32
	digits      = "0123456789abcdefghijklmnopqrstuvwxyz"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// RunNumber reads a run ID of up to 12 characters of 0-9a-z.
func RunNumber(id string) (uint64, error) { return strconv.ParseUint(id, 36, 64) }

// Append appends the mark and as much filler as makes both size bytes long; a mark that is longer stands without filler. The
// filler is pseudo-random, a function of topic and sequence, so that a compressing server gains nothing from it.
func Append(dst []byte, m *Mark, size int) []byte {
	start := len(dst)
	dst = append(dst, prefix...)
	for _, v := range [...]uint64{m.Run, uint64(m.Publisher), uint64(m.Topic), m.Seq, uint64(m.Due)} {
		dst = append(strconv.AppendUint(dst, v, 36), '.')
	}
	dst = append(strconv.AppendInt(dst, max(m.Sent-m.Due, 0), 36), '.')

	rest := size - (len(dst) - start) - len(".") - checkDigits - len(".") - checkDigits // for LENGTH and the filler
	width := 1
	for rest-width >= pow36(width) {
		width++
	}
	fill := max(rest-width, 0)
	var f filler
	f.seed(m)
	sum := uint32(0)
	for left := fill; left > 0; {
		chunk := f.chunk()
		n := min(left, len(chunk))
		sum = crc32.Update(sum, castagnoli, chunk[:n])
		left -= n
	}
	dst = append(appendPadded(dst, uint64(fill), width), '.')
	dst = append(appendPadded(dst, uint64(sum), checkDigits), '.')
	dst = appendPadded(dst, uint64(crc32.Checksum(dst[start:], castagnoli)), checkDigits)

	f.seed(m)
	for left := fill; left > 0; {
		chunk := f.chunk()
		n := min(left, len(chunk))
		dst = append(dst, chunk[:n]...)
		left -= n
	}
	return dst
}

// Next finds the first readable mark in b. It gives the mark, whether its filler is intact, and what follows the mark; ok is false
// when no readable mark is left. A damaged mark is passed over: nothing in it can be believed.
func Next(b []byte) (m Mark, intact bool, rest []byte, ok bool) {
	for {
		i := bytes.Index(b, []byte(prefix))
		if i < 0 {
			return Mark{}, false, nil, false
		}
		b = b[i:]
		if m, intact, n := parse(b); n > 0 {
			return m, intact, b[n:], true
		}
		b = b[len(prefix):]
	}
}

// parse reads the mark at the start of b; n is its length with its filler, zero if it is damaged.
func parse(b []byte) (m Mark, intact bool, n int) {
	i := len(prefix)
	var fields [8]uint64
	for k := range fields {
		v, w := number(b[i:])
		if w == 0 || i+w >= len(b) || b[i+w] != '.' {
			return m, false, 0
		}
		fields[k] = v
		i += w + 1
	}
	check, w := number(b[i:min(i+checkDigits, len(b))])
	if w != checkDigits || check != uint64(crc32.Checksum(b[:i], castagnoli)) {
		return m, false, 0
	}
	i += checkDigits
	m = Mark{
		Run: fields[0], Publisher: uint32(fields[1]), Topic: uint32(fields[2]), Seq: fields[3],
		Due: int64(fields[4]), Sent: int64(fields[4] + fields[5]),
	}
	if fields[6] > uint64(len(b)-i) {
		return m, false, i
	}
	end := i + int(fields[6])
	return m, uint64(crc32.Checksum(b[i:end], castagnoli)) == fields[7], end
}

// value has each base-36 digit's value, and noDigit for all other bytes.
var value = func() (v [256]uint8) {
	for i := range v {
		v[i] = noDigit
	}
	for i := range len(digits) {
		v[digits[i]] = uint8(i)
	}
	return v
}()

const (
	noDigit    = 0xff
	safeDigits = 12 // 36^12 < 2^64
)

// number reads base-36 digits, at most 13 of them; w is how many there were, zero for none or for an overflow.
func number(b []byte) (v uint64, w int) {
	for w < len(b) {
		d := uint64(value[b[w]])
		if d == noDigit {
			return v, w
		}
		if w >= safeDigits && v > (math.MaxUint64-d)/36 {
			return 0, 0
		}
		v = v*36 + d
		w++
	}
	return v, w
}

func appendPadded(dst []byte, v uint64, width int) []byte {
	at := len(dst) + width
	for range width {
		dst = append(dst, '0')
	}
	for ; v > 0; v /= 36 {
		at--
		dst[at] = digits[v%36]
	}
	return dst
}

func pow36(n int) int {
	p := 1
	for range n {
		p *= 36
	}
	return p
}

// filler is a xorshift generator that gives eight characters at a time.
type filler struct{ state uint64 }

func (f *filler) seed(m *Mark) {
	f.state = (m.Run+1)*0x9e3779b97f4a7c15 ^ (uint64(m.Topic)<<40+m.Seq+1)*0xbf58476d1ce4e5b9
	if f.state == 0 {
		f.state = 1
	}
}

func (f *filler) chunk() [8]byte {
	f.state ^= f.state << 13
	f.state ^= f.state >> 7
	f.state ^= f.state << 17
	var c [8]byte
	for i := range c {
		c[i] = digits[(f.state>>(8*i)&0xff)%36]
	}
	return c
}
