package sse

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unsafe"
)

// counter counts, and keeps nothing.
type counter struct{ events, comments, bytes int }

func (c *counter) Event(ev *Event)     { c.events++; c.bytes += len(ev.Data) }
func (c *counter) Comment(text []byte) { c.comments++; c.bytes += len(text) }
func (c *counter) Retry(int64)         {}

// allocated returns how many bytes f allocates, whether or not they are freed again.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestIdleParserIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Parser{}); size > 64 {
		t.Errorf("a parser has %d bytes", size)
	}
	stream := []byte("\uFEFFretry: 5\r\n: hi\r\n\r\nid: 123456\r\nevent: t\r\ndata: a\r\ndata: b\r\n\r\n")
	const parsers = 50_000
	before := live()
	all := make([]Parser, parsers)
	var c counter
	for i := range all {
		for _, n := range []int{1, 7, len(stream)} {
			for b := range bytesOf(stream, n) {
				if err := all[i].Feed(b, &c); err != nil {
					t.Fatal(err)
				}
			}
		}
		if all[i].block != nil {
			t.Fatal("an idle parser holds a block")
		}
	}
	each := int64(live()-before) / parsers
	runtime.KeepAlive(all)
	if want := int64(unsafe.Sizeof(Parser{}) + 8); each > want { // a short ID has no memory of its own
		t.Errorf("an idle parser with an ID costs %d bytes, want at most %d", each, want)
	}
	if c.events != 3*parsers {
		t.Errorf("%d events", c.events)
	}
}

// live returns the bytes in use after garbage is collected, which takes two rounds for what was in pools.
func live() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// bytesOf yields b in pieces of n bytes.
func bytesOf(b []byte, n int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			m := min(n, len(b))
			if !yield(b[:m]) {
				return
			}
			b = b[m:]
		}
	}
}

// A parser that was left with a few bytes behind a long event must not keep that event's buffer.
func TestLongEventsBufferIsGivenBack(t *testing.T) {
	var p Parser
	var c counter
	long := []byte("data: " + strings.Repeat("x", 1<<20) + "\ndata: y\n\nid: 1\ndata: z")
	for b := range bytesOf(long, 100_000) {
		if err := p.Feed(b, &c); err != nil {
			t.Fatal(err)
		}
	}
	if p.block == nil || cap(p.block.buf) > smallest || c.events != 1 {
		t.Fatalf("a block of %v bytes holds the start of an event, after %d events", p.block, c.events)
	}
	if err := p.Feed([]byte("\n\n"), &c); err != nil || c.events != 2 || p.block != nil || string(p.LastEventID()) != "1" {
		t.Errorf("the next event: %v, %d events, last event ID %q", err, c.events, p.LastEventID())
	}
	id := []byte("id: " + strings.Repeat("x", 1<<16) + "\n\nid: 1\n\n")
	if err := p.Feed(id, &c); err != nil || cap(p.LastEventID()) > smallest {
		t.Errorf("%v, an ID of one byte in %d", err, cap(p.LastEventID()))
	}
	k := newBlock(smallest)
	k.typeMemory, k.idMemory, k.event.Data = make([]byte, 1<<16), make([]byte, 1<<16), long
	if k.release(); k.typeMemory != nil || k.idMemory != nil || k.event.Data != nil {
		t.Error("a block without owner keeps memory for a long type and ID, or bytes that were fed")
	}
}

// Messages of a single line, in small pieces. Two kinds of work could be quadratic: copying, which shows as allocation,
// and searching what was searched before. For the latter the test fills what the parser has buffered with line ends
// while it feeds on; it would find them if it looked.
func TestLongLinesAreLinear(t *testing.T) {
	for _, megabytes := range []int{7, 14} {
		for _, end := range []string{"\n\n", "\r\r", "\r\n\r\n"} {
			t.Run(fmt.Sprintf("%dMB%q", megabytes, end), func(t *testing.T) {
				message := bytes.Repeat([]byte("0123456789abcdef"), megabytes<<16)
				stream := append(append([]byte("data: "), message...), end...)
				var p Parser
				var got message14
				got.want = message
				live() // empties the pools, so that what follows pays for its own buffers
				const piece = 4 << 10
				total := allocated(func() {
					fed := 0
					for b := range bytesOf(stream, piece) {
						poison(&p, '\n', nil)
						if fed+piece >= len(message) {
							poison(&p, 0, stream)
						}
						if err := p.Feed(b, &got); err != nil {
							t.Fatal(err)
						}
						if fed += len(b); fed < len(message) {
							// Growing copied the line ends along with the rest.
							poison(&p, 0, stream)
						}
					}
				})
				if got.events != 1 || got.wrong > 0 {
					t.Errorf("%d events, %d wrong", got.events, got.wrong)
				}
				if limit := uint64(2 * DefaultLimit); total > limit {
					t.Errorf("%d MB in pieces of %d bytes allocated %d bytes, want at most %d", megabytes, piece, total, limit)
				}
			})
		}
	}
}

// poison overwrites every 4099th byte of the line that p has buffered with c, or, given the stream, with what was there.
func poison(p *Parser, c byte, stream []byte) {
	if p.block == nil {
		return
	}
	line := p.block.line()
	for i := 0; i < len(line); i += 4099 {
		if stream != nil {
			c = stream[i]
		}
		line[i] = c
	}
}

type message14 struct {
	counter
	want  []byte
	wrong int
}

func (m *message14) Event(ev *Event) {
	m.events++
	if !bytes.Equal(ev.Data, m.want) {
		m.wrong++
	}
}

// A gigabyte that never ends an event is refused at the limit, whatever it is, with memory below twice the limit.
func TestGigabyteIsRefused(t *testing.T) {
	filler := strings.Repeat("x", 1018)
	for _, c := range []struct {
		name, start, repeated string
		limit                 int64
	}{
		{"data line", "data: ", filler, 0},
		{"data line", "data: ", filler, 5 << 20},
		{"data line", "data: ", filler, 1000},
		{"data lines", "", "data: " + filler + "\n", 0},
		{"data lines", "", "data: " + filler + "\n", 17_000_000},
		{"empty data lines", "", "data\n", 1 << 20},
		{"id line", "id: ", filler, 0},
		{"event line", "event: ", filler, 0},
		{"retry line", "retry: ", strings.Repeat("1", 1024), 0},
		{"comment", ":", filler, 0},
		{"unknown field", "", filler, 0},
		{"data after a long type", "event: " + filler + "\ndata: ", filler, 0},
	} {
		t.Run(fmt.Sprintf("%s %d", c.name, c.limit), func(t *testing.T) {
			p := Parser{Limit: c.limit}
			limit := c.limit
			if limit == 0 {
				limit = DefaultLimit
			}
			var h counter
			piece := []byte(strings.Repeat(c.repeated, 32<<10/len(c.repeated)))
			var err error
			var fed, refused int64
			live() // empties the pools, so that what follows pays for its own buffers
			total := allocated(func() {
				err = p.Feed([]byte(c.start), &h)
				for fed < 1<<30 {
					if err = p.Feed(piece, &h); err != nil && refused == 0 {
						refused = fed
					}
					fed += int64(len(piece))
				}
			})
			if err != ErrTooLong || h.events+h.comments > 0 {
				t.Errorf("%v, %d events, %d comments", err, h.events, h.comments)
			}
			if refused > 5*limit+int64(len(piece)) {
				t.Errorf("refused after %d bytes", refused)
			}
			if allowed := max(2*uint64(limit), 16<<10); total >= allowed {
				t.Errorf("allocated %d bytes, want below %d", total, allowed)
			}
			if p.block != nil || !p.End() {
				t.Error("the failed parser keeps a block, or forgets that it discarded an event")
			}
			if err := p.Feed([]byte("data: a\n\n"), &h); err != nil || h.events != 1 {
				t.Errorf("the next stream: %v, %d events", err, h.events)
			}
		})
	}
}

// What a Repeat remembers is told without a look at the bytes; what is too much is not remembered.
func TestRepeatRemembersWithinBounds(t *testing.T) {
	var r Repeat
	feed := func(b string) (c counter) {
		t.Helper()
		p := Parser{bom: bomDone}
		if err := p.FeedRepeat(&r, []byte(b), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	feed("data: abc\n\n: hi\n")
	r.pieces[0].event.Data = []byte("changed in memory")
	if c := feed("data: abc\n\n: hi\n"); c.events != 1 || c.comments != 1 || c.bytes != len("changed in memory")+len(" hi") {
		t.Errorf("the same bytes were parsed again: %+v", c)
	}
	for what, b := range map[string]string{
		"many events": strings.Repeat("data: a\n\n", mostPieces+1), "many bytes": "data: " + strings.Repeat("x", longestRepeat) + "\n\n",
		"a part": "data: abc\n\ndata: d", "a CR": "data: abc\r\r",
	} {
		r = Repeat{}
		feed(b)
		if len(r.fed) > 0 || len(r.pieces) > mostPieces+1 {
			t.Errorf("%s: %d bytes and %d pieces are remembered", what, len(r.fed), len(r.pieces))
		}
		if again, once := feed(b), strings.Count(b, "data: "); again.events < once-1 {
			t.Errorf("%s: %d events", what, again.events)
		}
	}
	r = Repeat{}
	for i := range 10 * learnEvery { // each stream gets its own: not worth learning every time
		feed(fmt.Sprintf("data: %d\n\n", i))
	}
	learnt := string(r.fed)
	feed("data: another\n\n")
	if learnt != fmt.Sprintf("data: %d\n\n", 10*learnEvery-1) || string(r.fed) != learnt {
		t.Errorf("%q is remembered, then %q", learnt, r.fed)
	}
}
