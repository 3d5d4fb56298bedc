package main

import (
	"bufio"
	"bytes"
	"net/http/httputil"
	"strings"
	"testing"
	"time"
)

// All streams get the same bytes but those of the sample, and both say when they were written.
func TestText(t *testing.T) {
	mark := strings.Repeat("m", markSize)
	text := newText([]publication{{data: []byte(mark)}, {data: []byte(mark), size: 40_000}})
	text.chunk()
	before := time.Now().UnixNano()
	text.begin()
	shared := bytes.Clone(text.bytes(false))
	for _, own := range []bool{true, false, true} {
		b := text.bytes(own)
		if !own && !bytes.Equal(b, shared) {
			t.Error("the shared bytes changed")
		}
		var sizes []int
		lines := bufio.NewScanner(httputil.NewChunkedReader(bytes.NewReader(append(bytes.Clone(b), "0\r\n\r\n"...))))
		for lines.Scan() {
			data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
			if !ok {
				continue
			}
			sizes = append(sizes, len(data))
			if at, isOwn := written(data); at < before || at > time.Now().UnixNano() || isOwn != own || !bytes.HasPrefix(data, []byte(mark)) {
				t.Errorf("own %v: time %d, own %v in %.120s", own, at, isOwn, data)
			}
		}
		if len(sizes) != 2 || sizes[0] != dataSize || sizes[1] != 40_000 || lines.Err() != nil {
			t.Errorf("events of %d bytes, %v", sizes, lines.Err())
		}
	}
}

// Data that is not the server's has no time.
func TestWrittenElsewhere(t *testing.T) {
	for _, data := range []string{"", "1234567890123456789", "x1234567890123456789", " 123456789012345678x", " 12345"} {
		if at, _ := written(data); at != 0 {
			t.Errorf("%q: %d", data, at)
		}
	}
}
