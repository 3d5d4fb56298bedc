package loadgen

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssebench/scenarios"
)

func pollPlan(format, events, data string) *polling {
	return pollingOf(&scenarios.Target{Transport: "poll", Poll: &scenarios.Poll{
		Format: format, Events: &events, Data: &data, Type: "/event", Reuse: new(true),
		Cursor: &scenarios.Cursor{From: &scenarios.CursorFrom{Pointer: "/cursor"}, To: &scenarios.CursorTo{Query: "since"}},
	}}, &scenarios.Gap{Pointer: "/gap"})
}

// The server says in an answer that it has not all that was missed.
func TestAGapIsDeclaredInAnAnswer(t *testing.T) {
	c := pollPlan("json", "/events", "/data")
	for body, want := range map[string]bool{
		`{"cursor":"9","events":[],"gap":true}`: true, `{"gap":true,"events":[]}`: true,
		`{"cursor":"9","events":[]}`: false, `{"events":[],"gap":false}`: false, `{"events":[],"gap":"true"}`: false, `{"events":[{"data":"1","gap":true}]}`: false,
	} {
		got, err := new(answers).of(c, []byte(body))
		if err != nil || got.gap != want {
			t.Errorf("%s: %v, %v", body, got.gap, err)
		}
	}
}

func TestWhereEventsAreInAnAnswer(t *testing.T) {
	for _, c := range []struct{ format, events, data, body, want string }{
		{"json", "/events", "/data", `{"cursor":"17","events":[{"event":"a","data":"x\ny"},{"data":"z"}]}`, `17 a "x\ny"  "z"`},
		{"json", "/events", "/data", `{"cursor":17,"events":[]}`, `17`},
		{"json", "/a~1b/1", "", `{"cursor":"é","a/b":[0,[{"n":1}, "text", 5]]}`, `é  "{\"n\":1}"  "text"  "5"`},
		{"json", "", "/d/0", `[{"d":["x"],"event":"e"}]`, ` e "x"`},
		{"ndjson", "", "/data", "{\"cursor\":\"1\",\"data\":\"x\"}\n\n{\"cursor\":\"2\",\"data\":{\"a\": 1}}\r\n", `2  "x"  "{\"a\": 1}"`},
		{"ndjson", "", "/data", "", ``},
	} {
		var all answers
		for range 2 { // the second time it is remembered
			a, err := all.of(pollPlan(c.format, c.events, c.data), []byte(c.body))
			if err != nil {
				t.Fatal(c.body, err)
			}
			got := string(a.cursor)
			for _, e := range a.events {
				got += fmt.Sprintf(" %s %q", e.kind, e.data)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.body, diff)
			}
		}
	}
}

// A cursor that is a number goes back where it falls; of any other nothing is known.
func TestCursorsGoBack(t *testing.T) {
	lots := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		a, b := lots.Uint64()>>lots.IntN(64), lots.Uint64()>>lots.IntN(64)
		before, now := strconv.FormatUint(a, 10), strconv.FormatUint(b, 10)
		if got := wentBack([]byte(before), []byte(now)); got != (b < a) {
			t.Fatalf("%s after %s: %t", now, before, got)
		}
		if wentBack([]byte("c"+before), []byte("c"+now)) || wentBack(nil, []byte(now)) || wentBack([]byte(before), []byte(now+"-0")) {
			t.Fatalf("%s after %s is no number", now, before)
		}
	}
}

func TestTheFirstCursorIsTakenOutOfTheRequest(t *testing.T) {
	c := pollPlan("json", "/events", "/data")
	for _, u := range []struct{ url, want, first string }{
		{"http://h/p?since=a%20b&topic=x", "http://h/p?topic=x", "a b"},
		{"http://h/p?topic=x&since=1&y", "http://h/p?topic=x&y", "1"},
		{"http://h/p?sinc=1", "http://h/p?sinc=1", ""},
		{"http://h/p", "http://h/p", ""},
	} {
		r := scenarios.ClientRequest{URL: u.url, Header: http.Header{}}
		if first, err := c.start(&r); err != nil || first != u.first || r.URL != u.want {
			t.Errorf("%s: %q and %s, %v", u.url, first, r.URL, err)
		}
	}
	c.cursor = &scenarios.Cursor{From: &scenarios.CursorFrom{Header: "X-Cursor"}, To: &scenarios.CursorTo{Header: "X-Since"}}
	r := scenarios.ClientRequest{URL: "http://h/p?since=1", Header: http.Header{"X-Since": {"7"}, "X-Other": {"8"}}}
	if first, err := c.start(&r); err != nil || first != "7" || len(r.Header) != 1 || r.URL != "http://h/p?since=1" {
		t.Errorf("%q, %v, %v", first, r, err)
	}
}

// Whatever the server does, a poll is sent at its due time or when the answer before is there, and a refusal is heeded.
func TestDueTimesOfPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := pollPlan("json", "/events", "/data")
		c.interval = time.Second
		p := &poller{own: &particulars{polls: &polls{due: start}}, place: &place{run: &run{polling: c}}}
		after := func(d time.Duration) time.Time { return start.Add(d) }
		q := p.own.polls
		if got := p.nextDue(after(300 * time.Millisecond)); !got.Equal(after(time.Second)) {
			t.Error("after an answer in time:", got.Sub(start))
		}
		if got := p.nextDue(after(1700 * time.Millisecond)); !got.Equal(after(1700 * time.Millisecond)) {
			t.Error("after a late answer:", got.Sub(start))
		}
		q.retryAfter = time.Minute
		if got := p.next(&Ending{At: after(300 * time.Millisecond)}); !got.At.Equal(after(time.Minute + 300*time.Millisecond)) {
			t.Error("after a refusal:", got.At.Sub(start))
		}
		q.retryAfter, c.long, q.requested = 0, true, start
		if got := p.nextDue(after(time.Millisecond)); !got.Equal(after(minDelay)) {
			t.Error("after an empty answer at once:", got.Sub(start))
		}
		q.events = 1
		if got := p.nextDue(after(time.Millisecond)); !got.Equal(after(time.Millisecond)) {
			t.Error("after an answer with news:", got.Sub(start))
		}
		if got := p.next(&Ending{At: after(time.Millisecond)}); !got.At.Equal(after(time.Second + time.Millisecond)) {
			t.Error("after a failure:", got.At.Sub(start))
		}
	})
	for value, want := range map[string]time.Duration{"120": 2 * time.Minute, "": 0, "x": 0, "-5": 0, "9999999": time.Hour, "Thu, 01 Jan 1970 00:01:30 GMT": 90 * time.Second} {
		o := Opening{Status: 503, Header: http.Header{"Retry-After": {value}}, Headers: time.Unix(0, 0)}
		if got := retryAfter(&o); got != want {
			t.Errorf("Retry-After: %s is %s, want %s", value, got, want)
		}
	}
}
