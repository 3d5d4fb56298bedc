package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Of objects every stream gets its own, which says when it was written and when the broadcast began.
func TestObjects(t *testing.T) {
	mark := strings.Repeat("m", markSize)
	text := newObjects([]publication{{data: []byte(mark)}, {data: []byte(mark)}})
	text.chunk()
	before := time.Now().UnixNano()
	text.begin()
	last := before
	for _, own := range []bool{false, true, false} {
		events := 0
		for line := range bytes.Lines(text.bytes(own)) {
			data, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte("\n")), []byte("data: "))
			if !ok {
				continue
			}
			events++
			var said struct {
				TB, TW int64
				P      string
			}
			if err := json.Unmarshal(data, &said); err != nil || said.TB < before || said.TB > said.TW || said.TW < last || said.P != mark {
				t.Errorf("%+v, %v in %s", said, err, data)
			}
			if decoded(data) != said.TW || writtenInObject(data) != said.TW {
				t.Errorf("%d and %d were read, %d is written", decoded(data), writtenInObject(data), said.TW)
			}
			last = said.TW
		}
		if events != 2 {
			t.Errorf("%d events", events)
		}
	}
	for _, data := range []string{"", "{}", `{"tb":1,"tw":`, `{"tb":0000000000000000000,"tw":x000000000000000000`} {
		if n := writtenInObject([]byte(data)) + decoded([]byte(data)); n != 0 {
			t.Errorf("%q: %d", data, n)
		}
	}
}
