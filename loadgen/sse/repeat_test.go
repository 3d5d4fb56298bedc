package sse_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"ssebench/loadgen/sse"
)

// seer is a recorder that also looks at the parser's last event ID in each call.
type seer struct {
	recorder
	parser *sse.Parser
	ids    []string
}

func (s *seer) see() { s.ids = append(s.ids, string(s.parser.LastEventID())) }

func (s *seer) Event(ev *sse.Event) { s.recorder.Event(ev); s.see() }
func (s *seer) Comment(text []byte) { s.recorder.Comment(text); s.see() }
func (s *seer) Retry(millis int64)  { s.recorder.Retry(millis); s.see() }

// repeated feeds the pieces to streams one after the other, which share a Repeat, and holds each against a parser without one.
func repeated(t testing.TB, r *sse.Repeat, limit int64, streams int, pieces ...string) {
	t.Helper()
	parsers, plain := make([]sse.Parser, streams), make([]sse.Parser, streams)
	got, want := make([]seer, streams), make([]seer, streams)
	for i := range streams {
		parsers[i].Limit, plain[i].Limit = limit, limit
		last := []byte(strings.Repeat("x", i*15)) // some short, some long
		parsers[i].SetLastEventID(last)
		plain[i].SetLastEventID(last)
		got[i].parser, want[i].parser = &parsers[i], &plain[i]
		// Past the place where a byte order mark may stand.
		_, _ = parsers[i].FeedRepeat(r, []byte("\n"), &got[i]), plain[i].Feed([]byte("\n"), &want[i])
	}
	for _, piece := range pieces {
		for i := range streams {
			b := []byte(piece)
			err, wantErr := parsers[i].FeedRepeat(r, b, &got[i]), plain[i].Feed([]byte(piece), &want[i])
			if string(b) != piece {
				t.Fatalf("FeedRepeat changed its argument %q to %q", piece, b)
			}
			copy(b, bytes.Repeat([]byte("\n"), len(b)))
			if err != wantErr || !reflect.DeepEqual(got[i].out, want[i].out) || !reflect.DeepEqual(got[i].ids, want[i].ids) ||
				!bytes.Equal(parsers[i].LastEventID(), plain[i].LastEventID()) {
				t.Fatalf("stream %d after %q: %v, %v, %q, last ID %q; want %v, %v, %q, %q", i, piece, err, got[i].out, got[i].ids,
					parsers[i].LastEventID(), wantErr, want[i].out, want[i].ids, plain[i].LastEventID())
			}
		}
	}
	for i := range streams {
		if parsers[i].End() != plain[i].End() {
			t.Fatalf("stream %d: another opinion of what was discarded, after %q", i, pieces)
		}
	}
}

func TestWhatIsRepeatedMeansTheSame(t *testing.T) {
	for _, v := range loadVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			var r sse.Repeat
			repeated(t, &r, v.Limit, 4, v.In)
			repeated(t, &r, v.Limit, 4, v.In, "\n\n", v.In, v.In)
			for n := 1; n <= 8; n++ {
				repeated(t, &r, v.Limit, 3, chunks(v.In, n)...)
			}
			repeated(t, &r, v.Limit, 3, strings.SplitAfter(v.In, "\n\n")...)
		})
	}
}

// FuzzRepeat holds a parser that shares a Repeat against one that does not, over any bytes, cut anywhere and broadcast.
func FuzzRepeat(f *testing.F) {
	for i, v := range loadVectors(f) {
		f.Add([]byte(v.In), uint16(v.Limit), uint64(i))
		f.Add([]byte(v.In), uint16(0), uint64(i))
	}
	f.Fuzz(func(t *testing.T, in []byte, limit uint16, seed uint64) {
		if len(in) > 1<<12 {
			return
		}
		random := rand.New(rand.NewPCG(seed, 0))
		var pieces []string
		for rest := string(in); rest != ""; {
			n := min(1+random.IntN(64), len(rest))
			for range 1 + random.IntN(3) {
				pieces = append(pieces, rest[:n])
			}
			rest = rest[n:]
		}
		var r sse.Repeat
		repeated(t, &r, int64(limit), 3, pieces...)
		repeated(t, &r, int64(limit), 3, append([]string{string(in)}, strings.SplitAfter(string(in), "\n\n")...)...)
	})
}

func BenchmarkRepeat(b *testing.B) {
	for _, streams := range []int{1, 1000} {
		b.Run(fmt.Sprintf("streams=%d", streams), func(b *testing.B) {
			parsers := make([]sse.Parser, streams)
			var h sink
			var r sse.Repeat
			frame := []byte("id: 1\ndata: " + strings.Repeat("x", 100) + "\n\n")
			turn := 0
			b.ReportAllocs()
			for b.Loop() {
				if turn++; turn%streams == 0 {
					frame[4] = '0' + byte(turn/streams%10)
				}
				if err := parsers[turn%streams].FeedRepeat(&r, frame, &h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
