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

// shapes are the events' data.
var shapes = []struct {
	name, data string
}{
	{"100 B, one line", strings.Repeat("x", 100)},
	{"10 KB, one line", strings.Repeat("x", 10_000)},
	{"10 KB of lines of 50 B", strings.Repeat("forty-nine bytes and a line feed make up fifty ..\n", 200)},
}

// encode compares the encoders. r3labs/sse does not export its own; what it
// does for each event is written out here.
func (p *plan) encode() error {
	p.say("\n### Encoding id, event and data (medians of %d rounds in turns)\n", p.rounds)
	p.say("| data | encoder | ns | × memcpy | allocations |")
	p.say("|---|---|---|---|---|")
	for _, s := range shapes {
		names := []string{"memcpy", "reference", "go-sse, prebuilt", "go-sse, built", "gin", "r3labs", "fmt"}
		ns := map[string][]float64{}
		allocs := map[string]int64{}
		for range p.rounds {
			for _, name := range names {
				one, a, err := encodeApart(s.name, name)
				if err != nil {
					return err
				}
				ns[name] = append(ns[name], one)
				allocs[name] = a
			}
		}
		for _, name := range names {
			p.say("| %s | %s | %.1f | %.2f | %d |", s.name, name, median(ns[name]), median(ns[name])/median(ns["memcpy"]), allocs[name])
		}
	}
	return nil
}

// encodeApart measures one encoder in a process of its own: within a Go
// benchmark, which the whole bench can be, another one waits for ever.
func encodeApart(shape, name string) (ns float64, allocs int64, err error) {
	c, err := startChild("encode", shape, name)
	if err != nil {
		return 0, 0, err
	}
	defer c.stop()
	line, err := c.line()
	if err != nil {
		return 0, 0, fmt.Errorf("%s, %s: %w", shape, name, err)
	}
	_, err = fmt.Sscan(line, &ns, &allocs)
	return ns, allocs, err
}

// encodeHere is the process of encodeApart.
func encodeHere(shape, name string, out io.Writer) error {
	for _, s := range shapes {
		if s.name == shape {
			r := testing.Benchmark(encoder(name, s.data))
			fmt.Fprintln(out, float64(r.T.Nanoseconds())/float64(r.N), r.AllocsPerOp())
			return nil
		}
	}
	return fmt.Errorf("no data %q", shape)
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
