package transport

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
)

// A stream that is opened again sends what one that is opened for the first time would, and what it adds each time.
func TestARememberedRequestIsTheSameRequest(t *testing.T) {
	u := script(t, func(p *peer) {
		for p.next() {
			p.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(p.request), p.request))
		}
	})
	for _, query := range []string{"", "a=b"} {
		tr, _ := newTransport(t, Config{Engine: EngineLoop, Protocol: HTTP1})
		q := get(t, u)
		q.URL.RawQuery = query
		q.Header = []loadgen.Field{{Name: "X-Own", Value: "1"}}
		r := newReader(t)
		r.lastEventID, r.since = "é", "x/y"
		r.reopen = func(e loadgen.Ending) time.Time {
			if len(r.endings) == 4 {
				return time.Time{}
			}
			return e.At
		}
		open(tr, q, r)
		r.untilToken(loadgen.TokenEOF)
		requests := strings.SplitAfter(r.body.String(), "\r\n\r\n")
		for i, request := range requests[:4] {
			if request != requests[0] || !strings.Contains(request, "since=x%2Fy HTTP/1.1\r\n") || !strings.Contains(request, "Last-Event-ID: é\r\n") {
				t.Errorf("request %d is %q, the first %q", i, request, requests[0])
			}
		}
	}
}

// Whatever heads come, in whatever pieces and order, a stream sees what the server sent.
func TestRememberedHeadsAreWhatWasSent(t *testing.T) {
	lots := rand.New(rand.NewPCG(3, 4))
	heads := []string{
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nX-No: %d\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-No: %[2]d\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-No: %d\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nX-No: %[2]d\r\n\r\n",
	}
	const polls = 400
	var want []string
	answers := make(chan string, polls)
	for range polls {
		kind, no, body := lots.IntN(len(heads)), lots.IntN(5), strings.Repeat("x", lots.IntN(3))
		answer := strings.Split(fmt.Sprintf(heads[kind]+"\x00", len(body), no), "\x00")[0]
		switch kind {
		case 1:
			if body != "" {
				answer += fmt.Sprintf("%x\r\n%s\r\n", len(body), body)
			}
			answer += "0\r\n\r\n"
		case 3:
			body = ""
		default:
			answer += body
		}
		want = append(want, fmt.Sprintf("%d %s", no, body))
		answers <- answer
	}
	u := script(t, func(p *peer) {
		for p.next() {
			for answer := <-answers; len(answer) > 0; {
				n := min(len(answer), 1+len(answer)*lots.IntN(4)/2)
				p.say(answer[:n])
				answer = answer[n:]
			}
		}
	})
	tr, _ := newTransport(t, Config{Engine: EngineLoop, Protocol: HTTP1})
	r := newReader(t)
	var got []string
	r.reopen = func(e loadgen.Ending) time.Time {
		got = append(got, r.openings[len(r.openings)-1].Header.Get("X-No")+" "+r.body.String())
		r.body.Reset()
		if len(got) == polls {
			return time.Time{}
		}
		return e.At
	}
	open(tr, get(t, u), r)
	r.untilToken(loadgen.TokenEOF)
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("answer %d is %q, want %q", i, got[i], want[i])
		}
	}
	if len(got) != polls {
		t.Fatalf("%d answers; the last ending is %+v", len(got), r.endings[len(r.endings)-1])
	}
}
