package reference

import (
	"bytes"
	"strconv"
	"testing"
)

// payloads are the three shapes that the published figures name.
var payloads = []struct {
	name string
	data []byte
}{
	{"100B", bytes.Repeat([]byte("x"), 100)},
	{"10KB", bytes.Repeat([]byte("x"), 10_000)},
	{"10KB-lines", bytes.Repeat([]byte("forty-nine bytes and a line feed make up fifty ..\n"), 200)},
}

// BenchmarkEncode writes id, event and data of one event into a reused buffer;
// BenchmarkMemcpy copies the same bytes, which no encoder can be faster than.
func BenchmarkEncode(b *testing.B) {
	for _, p := range payloads {
		b.Run(p.name, func(b *testing.B) {
			e := &Event{ID: "123456", Type: "message", Data: p.data}
			buf := make([]byte, 0, 64<<10)
			b.SetBytes(int64(len(p.data)))
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = AppendEvent(buf[:0], e)
			}
		})
	}
}

func BenchmarkMemcpy(b *testing.B) {
	for _, p := range payloads {
		b.Run(p.name, func(b *testing.B) {
			wire, _ := AppendEvent(nil, &Event{ID: "123456", Type: "message", Data: p.data})
			buf := make([]byte, 0, 64<<10)
			b.SetBytes(int64(len(p.data)))
			for b.Loop() {
				buf = append(buf[:0], wire...)
			}
		})
	}
}

// BenchmarkEncodeShared is what one publish costs: the number, the event and
// its chunk's frame.
func BenchmarkEncodeShared(b *testing.B) {
	for _, p := range payloads {
		b.Run(p.name, func(b *testing.B) {
			e := &Event{Type: "message", Data: p.data}
			ev := &event{buf: make([]byte, 0, 64<<10)}
			b.ReportAllocs()
			for n := uint64(1 << 50); b.Loop(); n++ {
				if err := ev.encode(n, e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncodeEnds shows what data full of line ends costs.
func BenchmarkEncodeEnds(b *testing.B) {
	for _, end := range []string{"\n", "\r", "\r\n"} {
		b.Run(strconv.Quote(end), func(b *testing.B) {
			e := &Event{Data: bytes.Repeat([]byte(end), 10_000/len(end))}
			buf := make([]byte, 0, 128<<10)
			for b.Loop() {
				buf, _ = AppendEvent(buf[:0], e)
			}
		})
	}
}
