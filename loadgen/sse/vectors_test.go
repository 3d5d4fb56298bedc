package sse_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"ssebench/loadgen/sse"
	"ssebench/loadgen/sse/ssetest"
)

func loadVectors(t testing.TB) []ssetest.Vector {
	vectors, err := ssetest.Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

// A recorder is a Handler that keeps copies.
type recorder struct{ out []ssetest.Outcome }

func (r *recorder) Event(ev *sse.Event) {
	r.out = append(r.out, ssetest.Outcome{
		Kind: "event", Type: string(ev.Name()), Data: string(ev.Data), ID: string(ev.ID),
	})
}

func (r *recorder) Comment(text []byte) {
	r.out = append(r.out, ssetest.Outcome{Kind: "comment", Text: string(text)})
}

func (r *recorder) Retry(millis int64) {
	r.out = append(r.out, ssetest.Outcome{Kind: "retry", Millis: millis})
}

// replay feeds pieces, each from memory that is overwritten once Feed returns and must not change before.
func replay(t testing.TB, last string, limit int64, pieces ...string) result {
	t.Helper()
	p := sse.Parser{Limit: limit}
	p.SetLastEventID([]byte(last))
	var h recorder
	var r result
	for _, piece := range pieces {
		b := []byte(piece)
		err := p.Feed(b, &h)
		if string(b) != piece {
			t.Errorf("Feed changed its argument %q to %q", piece, b)
		}
		copy(b, bytes.Repeat([]byte("\n"), len(b)))
		if err != nil {
			token, ok := err.(interface{ Token() string })
			if !ok || !errors.Is(err, sse.ErrTooLong) {
				t.Fatalf("Feed: %v, an error without a token", err)
			}
			r.err = token.Token()
		} else if r.err != "" {
			t.Error("Feed forgot its error")
		}
	}
	r.discarded = p.End()
	r.out, r.lastID = h.out, string(p.LastEventID())
	return r
}

// chunks cuts s into pieces of n bytes.
func chunks(s string, n int) []string {
	var pieces []string
	for len(s) > n {
		pieces, s = append(pieces, s[:n]), s[n:]
	}
	return append(pieces, s)
}

func TestVectors(t *testing.T) {
	vectors := loadVectors(t)
	if len(vectors) < 150 {
		t.Errorf("%d vectors, want 150 or more", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			if v.From == "" {
				t.Error("the vector does not say where it comes from")
			}
			want := result{out: v.Out, err: v.Error, lastID: v.LastID, discarded: v.Discarded}
			check := func(how string, got result) {
				t.Helper()
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("%s: got\n%swant\n%s", how, got, want)
				}
			}
			check("the plain reading of the standard", interpret(v.In, v.Last, v.Limit))
			check("whole", replay(t, v.Last, v.Limit, v.In))
			for n := 1; n <= 16; n++ {
				check("pieces of 1 to 16 bytes", replay(t, v.Last, v.Limit, chunks(v.In, n)...))
			}
			for i := range len(v.In) {
				check("two pieces", replay(t, v.Last, v.Limit, v.In[:i], v.In[i:]))
				check("two pieces and an empty one", replay(t, v.Last, v.Limit, v.In[:i], "", v.In[i:]))
			}
			if len(v.In) < 100 {
				for i := range len(v.In) {
					for j := range i {
						check("three pieces", replay(t, v.Last, v.Limit, v.In[:j], v.In[j:i], v.In[i:]))
					}
				}
			}
		})
	}
}

// Everything is said as early as it can be known: after each byte, what came is what a stream that ends there has.
func TestNothingWaits(t *testing.T) {
	for _, v := range loadVectors(t) {
		p := sse.Parser{Limit: v.Limit}
		p.SetLastEventID([]byte(v.Last))
		var h recorder
		for i := range min(len(v.In), 400) {
			err := p.Feed([]byte(v.In[i:i+1]), &h)
			want := interpret(v.In[:i+1], v.Last, v.Limit)
			if !reflect.DeepEqual(h.out, want.out) || string(p.LastEventID()) != want.lastID || (err != nil) != (want.err != "") {
				t.Fatalf("%s: after %q: got %v, %q, %v; want\n%s", v.Name, v.In[:i+1], h.out, p.LastEventID(), err, want)
			}
		}
	}
}

// One parser reads all vectors, one after the other, as over reconnects: nothing of a stream may leak into the next, but
// for the last event ID.
func TestStreamsAfterEachOther(t *testing.T) {
	var p sse.Parser
	last := ""
	for range 2 {
		for _, v := range loadVectors(t) {
			p.Limit = v.Limit
			var h recorder
			for _, piece := range chunks(v.In, 3) {
				if err := p.Feed([]byte(piece), &h); err != nil {
					break
				}
			}
			discarded := p.End()
			want := interpret(v.In, last, v.Limit)
			if last = want.lastID; !reflect.DeepEqual(h.out, want.out) || discarded != want.discarded || string(p.LastEventID()) != last {
				t.Fatalf("%s: got %v, %q, %t; want\n%s", v.Name, h.out, p.LastEventID(), discarded, want)
			}
		}
	}
}

// Parsers lend each other buffers, within a goroutine and between them. Events that are cut in many places, so that
// several parsers always hold one, must arrive whole all the same.
func TestParsersShareNoEvent(t *testing.T) {
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			var streams, rests [16]string
			var parsers [16]sse.Parser
			var got [16]recorder
			for i := range streams {
				for range 20 {
					mark := string(rune('a' + random.IntN(26)))
					streams[i] += "event: " + strings.Repeat(mark, random.IntN(30)) + "\n"
					streams[i] += "id: " + strings.Repeat(mark, random.IntN(30)) + "\n"
					for range 1 + random.IntN(3) {
						streams[i] += "data: " + strings.Repeat(mark, random.IntN(5000)) + "\n"
					}
					streams[i] += ":" + strings.Repeat(mark, random.IntN(5000)) + "\n\n"
				}
				rests[i] = streams[i]
			}
			for open := len(streams); open > 0; {
				i := random.IntN(len(streams))
				if rests[i] == "" {
					continue
				}
				n := min(1+random.IntN(1500), len(rests[i]))
				if err := parsers[i].Feed([]byte(rests[i][:n]), &got[i]); err != nil {
					t.Error(err)
				}
				if rests[i] = rests[i][n:]; rests[i] == "" {
					open--
				}
			}
			for i, stream := range streams {
				if want := interpret(stream, "", 0); !reflect.DeepEqual(got[i].out, want.out) {
					t.Errorf("stream %d of goroutine %d came out wrong", i, worker)
				}
			}
		})
	}
	all.Wait()
}

func TestErrorStartsWithItsToken(t *testing.T) {
	if s := sse.ErrTooLong.Error(); !strings.HasPrefix(s, sse.TooLongToken+": ") {
		t.Errorf("ErrTooLong reads %q", s)
	}
}
