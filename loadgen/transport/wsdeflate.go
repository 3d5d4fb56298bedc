package transport

import (
	"bytes"
	"compress/flate"
	"io"
	"slices"
)

// The ends of a compressed message: what RFC 7692 section 7.2.1 takes off, and a last block that ends the stream for the reader.
const (
	deflateTail = "\x00\x00\xff\xff"
	inflateTail = deflateTail + "\x01\x00\x00\xff\xff"
)

// deflation compresses and opens the messages of a lane's WebSockets: without context takeover nothing is kept from message to message. Only
// the holder of the lane uses it.
type deflation struct {
	reader io.ReadCloser
	source compressed
	last   []byte // what was opened last, as it was on the wire; empty: nothing to compare with
	opened []byte

	writer *flate.Writer
	packed bytes.Buffer
}

// openedKept bounds the buffer that is kept, in bytes.
const openedKept = 1 << 20

// open gives the message, valid until the next call. A broadcast brings the same bytes to thousands of streams in a row: comparing them
// is far cheaper than opening them again, and as exact.
func (d *deflation) open(b []byte, limit uint64) ([]byte, error) {
	if len(d.last) > 0 && bytes.Equal(d.last, b) {
		return d.opened, nil
	}
	d.source = compressed{rest: b}
	if d.reader == nil {
		d.reader = flate.NewReader(&d.source)
	} else if err := d.reader.(flate.Resetter).Reset(&d.source, nil); err != nil {
		return nil, err
	}
	d.last = d.last[:0]
	if cap(d.opened) > openedKept {
		d.opened = nil
	}
	out := d.opened[:0]
	for {
		if len(out) == cap(out) {
			out = slices.Grow(out, max(512, len(out)))
		}
		n, err := d.reader.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if uint64(len(out)) > limit {
			return nil, tooLong(limit)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fail(tokenWSDeflate, "the server sent a compressed message that cannot be opened: %v", err)
		}
	}
	d.opened = out
	if len(b) <= laneBufferSize {
		d.last = append(d.last, b...)
	}
	return out, nil
}

// pack gives the message compressed, valid until the next call.
func (d *deflation) pack(b []byte) []byte {
	d.packed.Reset()
	if d.writer == nil {
		d.writer, _ = flate.NewWriter(&d.packed, flate.BestSpeed) // fails for an unknown level only
	} else {
		d.writer.Reset(&d.packed)
	}
	// Writing to memory does not fail.
	_, _ = d.writer.Write(b)
	_ = d.writer.Flush()
	return bytes.TrimSuffix(d.packed.Bytes(), []byte(deflateTail))
}

// compressed is a message with the end that was taken off.
type compressed struct {
	rest []byte
	tail int // bytes of inflateTail that were read
}

func (c *compressed) ReadByte() (byte, error) {
	if len(c.rest) > 0 {
		b := c.rest[0]
		c.rest = c.rest[1:]
		return b, nil
	}
	if c.tail == len(inflateTail) {
		return 0, io.EOF
	}
	c.tail++
	return inflateTail[c.tail-1], nil
}

func (c *compressed) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if b[n], err = c.ReadByte(); err != nil {
			break
		}
		n++
	}
	if n > 0 {
		err = nil
	}
	return n, err
}
