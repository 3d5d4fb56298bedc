package main

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the processes that the bench starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && (os.Args[1] == "serve" || os.Args[1] == "client") {
		main()
		return
	}
	m.Run()
}

// Every client of every scene receives every event that the server wrote, and its figures are there; those that poll have answers.
func TestTurns(t *testing.T) {
	p := &plan{streams: 60, rounds: 1, warm: time.Second, hold: 3 * time.Second, settle: 2 * time.Second}
	for _, s := range p.scenes() {
		s.streams = min(s.streams, 60)
		for _, kind := range s.clients {
			t.Run(s.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				f, err := p.turn(&s, kind, 0)
				if err != nil {
					t.Fatal(err)
				}
				if published := int64(s.perSecond * (&clientConfig{Warm: p.warm, Hold: p.hold, Big: s.big, Settle: p.settle, AfterBig: 2 * time.Second}).publishing().Seconds()); f.Expected != published*int64(s.streams) || f.Received != f.Expected {
					t.Errorf("%d of %d events received, %d published to %d streams", f.Received, f.Expected, published, s.streams)
				}
				if w := f.Window; s.server.Protocol == answers { // no streams are opened, and nothing is published
					if w.Events == 0 || w.User+w.System == 0 || w.Nanos == 0 {
						t.Errorf("a figure is missing: %+v", f)
					}
					return
				}
				if w := f.Window; w.Events == 0 || w.User+w.System == 0 || w.RSS == 0 || w.Nanos == 0 || f.OpenedNS == 0 || f.Lag.Count == 0 || f.Lag.P99 <= 0 {
					t.Errorf("a figure is missing: %+v", f)
				}
				if (f.Window.RSSAfterBig > 0) != (s.big > 0) {
					t.Errorf("memory after big events: %d", f.Window.RSSAfterBig)
				}
			})
		}
	}
}

// A server or client that is told nonsense says so.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		role   string
		config any
		want   string
	}{
		{"serve", serverConfig{Protocol: "spdy"}, `no protocol "spdy"`},
		{"client", clientConfig{Kind: "curl"}, `no client "curl"`},
		{"client", clientConfig{Kind: "net/http", Protocol: plain, Streams: 1, Server: serverAnswer{Streams: "127.0.0.1:1"}}, "refused"},
	} {
		process, err := start(c.role, c.config, false)
		if err != nil {
			t.Fatal(err)
		}
		var answer any
		if err := process.read(&answer, 10*time.Second); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: %v; want %s", c.role, c.config, err, c.want)
		}
	}
}

// A row is the median of the rounds' ratios, holds its goals, and leaves out a round that failed.
func TestLines(t *testing.T) {
	turn := func(cpuMicros float64) *figures {
		return &figures{Window: window{Nanos: 1e9, Events: 1000, User: int64(cpuMicros * 1e6)}}
	}
	got := measured{
		{"a", ours}:   {turn(2), turn(3), nil, turn(8)},
		{"a", "them"}: {turn(4), turn(4), turn(4), turn(4)},
	}
	r := row{scenes: []string{"a"}, base: "them", figure: cpu, unit: "µs", most: 0.75}
	l := r.line(got, 4)
	if l.Ours != (spread{3, 2, 8}) || l.Ratio != (spread{0.75, 0.5, 2}) || !l.Reached || l.Events != 3000 || l.BaseEvents != 4000 {
		t.Errorf("%+v", l)
	}
	for name, r := range map[string]row{
		"most":  {scenes: []string{"a"}, base: "them", figure: cpu, most: 0.74},
		"least": {scenes: []string{"a"}, base: "them", figure: cpu, least: 0.76},
		"limit": {scenes: []string{"a"}, figure: cpu, limit: 2.9},
	} {
		if r.line(got, 4).Reached {
			t.Errorf("%s: a goal that was missed counts as reached", name)
		}
	}
	if l := (&row{scenes: []string{"b"}, base: "them", figure: cpu}).line(got, 4); !l.NotMeasured || l.Reached {
		t.Errorf("nothing was measured: %+v", l)
	}
}

// The allocations of a row are those of a further event.
func TestAllocationsOfOneMoreEvent(t *testing.T) {
	many := &figures{Window: window{Nanos: 2e9, Events: 20_000, Allocations: 2*500 + 20_000*3}}
	few := &figures{Window: window{Nanos: 1e9, Events: 100, Allocations: 500 + 100*3}}
	if a := allocations(many, few); math.Abs(a-3) > 1e-9 {
		t.Errorf("%v allocations, not 3", a)
	}
}
