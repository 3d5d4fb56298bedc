package main

import (
	"fmt"
	"io"
	"strings"
	"testing"

	gin "github.com/gin-contrib/sse"
	r3labs "github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"

	"ssebench/reference"
)

// encode compares the encoders. r3labs/sse does not export its own; what it
// does for each event is written out here.
func (p *plan) encode() error {
	shapes := []struct {
		name, data string
	}{
		{"100 B, one line", strings.Repeat("x", 100)},
		{"10 KB, one line", strings.Repeat("x", 10_000)},
		{"10 KB of lines of 50 B", strings.Repeat("forty-nine bytes and a line feed make up fifty ..\n", 200)},
	}
	p.say("\n### Encoding id, event and data (medians of %d rounds in turns)\n", p.rounds)
	p.say("| data | encoder | ns | × memcpy | allocations |")
	p.say("|---|---|---|---|---|")
	for _, s := range shapes {
		names := []string{"memcpy", "reference", "go-sse, prebuilt", "go-sse, built", "gin", "r3labs", "fmt"}
		ns := map[string][]float64{}
		allocs := map[string]int64{}
		for range p.rounds {
			for _, name := range names {
				r := testing.Benchmark(encoder(name, s.data))
				ns[name] = append(ns[name], float64(r.T.Nanoseconds())/float64(r.N))
				allocs[name] = r.AllocsPerOp()
			}
		}
		for _, name := range names {
			p.say("| %s | %s | %.1f | %.2f | %d |", s.name, name, median(ns[name]), median(ns[name])/median(ns["memcpy"]), allocs[name])
		}
	}
	return nil
}

func encoder(name, data string) func(*testing.B) {
	bytes := []byte(data)
	buf := make([]byte, 0, 64<<10)
	w := &sink{buf: make([]byte, 0, 64<<10)}
	step := func() {}
	switch name {
	case "memcpy":
		wire, _ := reference.AppendEvent(nil, &reference.Event{ID: "123456", Type: "message", Data: bytes})
		return func(b *testing.B) {
			for b.Loop() {
				buf = append(buf[:0], wire...)
			}
		}
	case "reference":
		e := &reference.Event{ID: "123456", Type: "message", Data: bytes}
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = reference.AppendEvent(buf[:0], e)
			}
		}
	case "go-sse, prebuilt":
		m := &gosse.Message{ID: gosse.ID("123456"), Type: gosse.Type("message")}
		m.AppendData(data)
		step = func() { m.WriteTo(w) }
	case "go-sse, built":
		step = func() {
			m := &gosse.Message{ID: gosse.ID("123456"), Type: gosse.Type("message")}
			m.AppendData(data)
			m.WriteTo(w)
		}
	case "gin":
		step = func() { gin.Encode(w, gin.Event{Id: "123456", Event: "message", Data: data}) }
	case "r3labs":
		e := &r3labs.Event{ID: []byte("123456"), Event: []byte("message"), Data: bytes}
		step = func() {
			fmt.Fprintf(w, "id: %s\n", e.ID)
			for _, line := range strings.Split(string(e.Data), "\n") {
				fmt.Fprintf(w, "data: %s\n", line)
			}
			fmt.Fprintf(w, "event: %s\n", e.Event)
			fmt.Fprint(w, "\n")
		}
	case "fmt":
		step = func() {
			fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", "123456", "message", strings.ReplaceAll(data, "\n", "\ndata: "))
		}
	}
	return func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.buf = w.buf[:0]
			step()
		}
	}
}

// sink gathers what encoders write.
type sink struct{ buf []byte }

func (s *sink) Write(b []byte) (int, error) {
	s.buf = append(s.buf, b...)
	return len(b), nil
}

func (s *sink) WriteString(b string) (int, error) {
	s.buf = append(s.buf, b...)
	return len(b), nil
}

var _ io.StringWriter = (*sink)(nil)
