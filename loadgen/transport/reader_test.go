package transport

import (
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

// reader is a StreamHandler that keeps what it is told.
type reader struct {
	t      *testing.T
	refuse func(loadgen.Opening) error
	accept func(b []byte) error
	reopen func(loadgen.Ending) time.Time

	lastEventID string // to send; only with the lane held
	since       string // the same, in the query
	// A cursor that is a secret by its name.
	sessionToken string

	mu       sync.Mutex
	openings []loadgen.Opening
	body     strings.Builder
	endings  []loadgen.Ending
	over     bool          // the last Ended was answered with zero, or was a cut
	changed  chan struct{} // closed at each call
}

func newReader(t *testing.T) *reader { return &reader{t: t, changed: make(chan struct{})} }

func (r *reader) change() func() {
	r.mu.Lock()
	if r.over {
		r.t.Error("the handler was called after its last Ended")
	}
	return func() {
		close(r.changed)
		r.changed = make(chan struct{})
		r.mu.Unlock()
	}
}

func (r *reader) Opened(o loadgen.Opening) error {
	defer r.change()()
	r.openings = append(r.openings, o)
	if r.refuse != nil {
		return r.refuse(o)
	}
	return nil
}

func (r *reader) Bytes(b []byte, at time.Time) error {
	defer r.change()()
	if at.IsZero() {
		r.t.Error("Bytes without an instant")
	}
	r.body.Write(b)
	if r.accept != nil {
		return r.accept(b)
	}
	return nil
}

func (r *reader) Ended(e loadgen.Ending) (reopen time.Time) {
	defer r.change()()
	if !listed(e.Token) {
		r.t.Errorf("token %q is not in the list", e.Token)
	}
	r.endings = append(r.endings, e)
	if r.reopen != nil {
		reopen = r.reopen(e)
	}
	r.over = reopen.IsZero() || e.Token == loadgen.TokenCut
	return reopen
}

func (r *reader) Resume(to *loadgen.Resumption) {
	if r.lastEventID != "" {
		to.AddHeader("Last-Event-ID", []byte(r.lastEventID))
	}
	if r.sessionToken != "" {
		to.AddHeader("X-Session-Token", []byte(r.sessionToken))
	}
	if r.since != "" {
		to.AddQuery("since", []byte(r.since))
	}
}

// until waits for a state; it is called with the reader's lock held.
func (r *reader) until(what string, state func() bool) {
	r.t.Helper()
	late := time.After(20 * time.Second)
	for {
		r.mu.Lock()
		ok, changed := state(), r.changed
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-late:
			r.mu.Lock()
			defer r.mu.Unlock()
			r.t.Fatalf("never came: %s; openings %d, body %q, endings %+v", what, len(r.openings), r.body.String(), r.endings)
		}
	}
}

func (r *reader) untilBody(s string) {
	r.t.Helper()
	r.until("body "+s, func() bool { return strings.Contains(r.body.String(), s) })
}

// untilOver waits for the last Ended and gives it.
func (r *reader) untilOver() loadgen.Ending {
	r.t.Helper()
	r.until("the end", func() bool { return r.over })
	return r.endings[len(r.endings)-1]
}

// untilToken waits for the end and checks why it came.
func (r *reader) untilToken(token string) loadgen.Ending {
	r.t.Helper()
	e := r.untilOver()
	if e.Token != token {
		r.t.Fatalf("ended with %q (%s), want %q", e.Token, e.Message, token)
	}
	return e
}

// cutNow cuts from outside and checks that nothing else comes of it.
func cutNow(t *testing.T, s loadgen.Stream, how loadgen.Cut, r *reader) loadgen.Ending {
	t.Helper()
	s.Cut(how)
	e := r.untilToken(loadgen.TokenCut)
	s.Cut(loadgen.CutFIN)
	if e.Message != "" || e.Permanent || e.At.IsZero() {
		t.Errorf("ending %+v", e)
	}
	return e
}

// tally is what a test's lane counts.
type tally struct {
	mu       sync.Mutex
	counts   map[results.ID]int64
	by       map[results.ID]map[string]int64
	recorded map[results.ID][]int64
}

func (c *tally) Count(id results.ID, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[id] += n
}

func (c *tally) CountBy(id results.ID, token string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[id] += n
	if c.by[id] == nil {
		c.by[id] = make(map[string]int64)
	}
	c.by[id][token] += n
}

func (c *tally) Record(id results.ID, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recorded[id] = append(c.recorded[id], n)
}

func (c *tally) of(id results.ID) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[id]
}

// newTransport makes a transport that is closed with the test, and the tally of all its lanes.
func newTransport(t *testing.T, c Config) (*Transport, *tally) {
	t.Helper()
	tr, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	sum := &tally{counts: make(map[results.ID]int64), by: make(map[results.ID]map[string]int64), recorded: make(map[results.ID][]int64)}
	for _, l := range tr.byLane {
		l.figures = sum
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr, sum
}

func get(t testing.TB, rawURL string, header ...string) *loadgen.Request {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	r := &loadgen.Request{Method: "GET", URL: u}
	for i := 0; i < len(header); i += 2 {
		r.Header = append(r.Header, loadgen.Field{Name: header[i], Value: header[i+1]})
	}
	return r
}

// open opens a stream at once on the first lane.
func open(tr *Transport, r *loadgen.Request, h loadgen.StreamHandler) loadgen.Stream {
	return tr.Open(tr.Lanes()[0], r, time.Time{}, h)
}

// counter is a handler for thousands of streams.
type counter struct{ opened, bytes, ended atomic.Int64 }

func (c *counter) Opened(loadgen.Opening) error { c.opened.Add(1); return nil }

func (c *counter) Bytes(b []byte, _ time.Time) error { c.bytes.Add(int64(len(b))); return nil }

func (c *counter) Ended(loadgen.Ending) time.Time { c.ended.Add(1); return time.Time{} }

func (c *counter) Resume(*loadgen.Resumption) {}

// await polls a counter that something else moves.
func await(tb testing.TB, c *atomic.Int64, want int64) {
	tb.Helper()
	for start := time.Now(); c.Load() < want; time.Sleep(time.Millisecond) {
		if time.Since(start) > time.Minute {
			tb.Fatalf("%d of %d", c.Load(), want)
		}
	}
}
