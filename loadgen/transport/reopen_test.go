package transport

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

func TestReopensWithTheLastEventID(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(rw, "%s %q %q;", r.Method, r.Header.Get("Last-Event-ID"), body)
		})
		tr, sum := w.transport(t, Config{})
		q := get(t, u)
		q.Method, q.Body = "POST", []byte("prompt")
		r := newReader(t)
		var due []time.Time
		ids := []string{"käse 漢字", "\xff\xfe", ""}
		r.reopen = func(e loadgen.Ending) time.Time {
			if len(r.endings) > len(ids) {
				return time.Time{}
			}
			r.lastEventID = ids[len(r.endings)-1]
			due = append(due, e.At.Add(10*time.Millisecond))
			return due[len(due)-1]
		}
		open(tr, q, r)
		r.untilToken(loadgen.TokenEOF)
		want := `POST "" "prompt";POST "käse 漢字" "prompt";POST "\xff\xfe" "prompt";POST "" "prompt";`
		if got := r.body.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		for i, d := range due {
			if o := r.openings[i+1]; !o.Due.Equal(d) || o.DialStart.Before(d) {
				t.Errorf("due %v, opening %+v", d, o)
			}
		}
		if n := len(sum.recorded[results.GeneratorScheduleLag]); n != len(due) {
			t.Errorf("%d lags of %d reopenings", n, len(due))
		}
	})
}

// What a handler adds holds for one opening, and leaves the Request as it is.
func TestAResumptionIsOfOneOpening(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(rw, "%s %q;", r.URL.RawQuery, r.Header.Get("Last-Event-ID"))
		})
		for _, own := range []string{"", "topic=a"} {
			tr, _ := w.transport(t, Config{})
			q := get(t, u)
			q.URL.RawQuery = own
			r := newReader(t)
			cursors := []string{"a b&c=d/é", ""}
			r.reopen = func(e loadgen.Ending) time.Time {
				if len(r.endings) > len(cursors) {
					return time.Time{}
				}
				r.since = cursors[len(r.endings)-1]
				return e.At
			}
			open(tr, q, r)
			r.untilToken(loadgen.TokenEOF)
			added := "since=a%20b%26c%3Dd%2F%C3%A9"
			if own != "" {
				added = own + "&" + added
			}
			want := fmt.Sprintf("%s \"\";%s \"\";%s \"\";", own, added, own)
			if got := r.body.String(); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	})
}

// Where the Request asks for it, each opening has a connection of its own.
func TestAConnectionForEachOpening(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		if w.shared > 1 {
			t.Skip("streams share connections")
		}
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor == 1 && !r.Close {
				t.Error("the request does not say Connection: close")
			}
			io.WriteString(rw, r.RemoteAddr+";")
		})
		tr, _ := w.transport(t, Config{})
		q := get(t, u)
		q.Close = true
		r := newReader(t)
		r.reopen = onceMore(r)
		open(tr, q, r)
		r.untilToken(loadgen.TokenEOF)
		if peers := strings.Split(r.body.String(), ";"); len(peers) != 3 || peers[0] == peers[1] {
			t.Errorf("connections %q", peers)
		}
	})
}

// A connection that outlives its response serves the next opening, whose instants tell so.
func TestReopensOnTheKeptConnection(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, r.RemoteAddr+";") })
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		r.reopen = onceMore(r)
		open(tr, get(t, u), r)
		r.untilToken(loadgen.TokenEOF)
		from := strings.Split(r.body.String(), ";")
		if from[0] != from[1] {
			t.Errorf("came from %v", from)
		}
		o := r.openings[1]
		if !o.Dialed.IsZero() || !o.TLSDone.IsZero() || o.DialStart.IsZero() || o.Requested.Before(o.DialStart) || o.Remote == "" {
			t.Errorf("opening %+v", o)
		}
	})
}

// A server may close a kept connection while nobody looks.
func TestKeptConnectionThatTheServerClosed(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		const first = okHead + "Content-Length: 1\r\n\r\n"
		tallies := make(chan *tally, 1)
		for name, c := range map[string]struct {
			method string
			spoil  func(p *peer, closed chan<- struct{})
			token  string
			bodies string
		}{
			"closed while idle": {"GET", func(p *peer, closed chan<- struct{}) {
				p.Close()
				close(closed)
			}, loadgen.TokenEOF, "01"},
			"reset while idle": {"GET", func(p *peer, closed chan<- struct{}) {
				p.Conn.(*net.TCPConn).SetLinger(0)
				p.Close()
				close(closed)
			}, loadgen.TokenEOF, "01"},
			"speaks unasked": {"GET", func(p *peer, closed chan<- struct{}) {
				p.say("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
				close(closed)
				p.gone()
			}, loadgen.TokenEOF, "01"},
			"closed as the request came": {"GET", func(p *peer, closed chan<- struct{}) {
				close(closed)
				p.next()
				p.Close()
			}, loadgen.TokenEOF, "01"},
			"reset as the request came": {"GET", func(p *peer, closed chan<- struct{}) {
				close(closed)
				p.next()
				p.Conn.(*net.TCPConn).SetLinger(0)
				p.Close()
			}, loadgen.TokenEOF, "01"},
			"closed as a POST came": {"POST", func(p *peer, closed chan<- struct{}) {
				close(closed)
				p.next()
				p.Close()
			}, tokenNoResponse, "0"},
			"closed inside the answer": {"GET", func(p *peer, closed chan<- struct{}) {
				close(closed)
				p.next()
				p.say("HTTP/1.1 2")
				p.Close()
			}, tokenHeadTruncated, "0"},
			"reset inside the answer": {"GET", func(p *peer, closed chan<- struct{}) {
				close(closed)
				p.next()
				p.say("HTTP/1.1 2")
				client := <-tallies
				for client.of(results.BytesReceived) < int64(len(first)+1+len("HTTP/1.1 2")) {
					time.Sleep(time.Millisecond)
				}
				p.Conn.(*net.TCPConn).SetLinger(0)
				p.Close()
			}, tokenReset, "0"},
		} {
			t.Run(name, func(t *testing.T) {
				closed, idle := make(chan struct{}), make(chan struct{})
				u := script(t, func(p *peer) {
					p.next()
					p.say(first + fmt.Sprint(p.n))
					if p.n == 0 {
						<-idle
						c.spoil(p, closed)
					} else {
						p.gone()
					}
				})
				tr, sum := newTransport(t, Config{Engine: engine})
				if name == "reset inside the answer" {
					tallies <- sum
				}
				r := newReader(t)
				r.reopen = func(loadgen.Ending) time.Time {
					if len(r.endings) > 1 {
						return time.Time{}
					}
					close(idle)
					<-closed
					return time.Now()
				}
				q := get(t, u)
				q.Method = c.method
				open(tr, q, r)
				r.untilToken(c.token)
				if r.body.String() != c.bodies {
					t.Errorf("answers of connections %q, want %q", r.body.String(), c.bodies)
				}
			})
		}
	})
}

// What cannot be used again is not: the response ended with the connection, or said so, or had bytes after its end.
func TestConnectionsThatAreNotKept(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		for name, response := range map[string]string{
			"Connection: close": okHead + "Connection: close\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.0":          "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
			"surplus":           okHead + "Content-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		} {
			t.Run(name, func(t *testing.T) {
				connections := make(chan int, 4)
				u := script(t, func(p *peer) {
					connections <- p.n
					for p.next() {
						p.say(response)
					}
				})
				tr, _ := newTransport(t, Config{Engine: engine})
				r := newReader(t)
				r.reopen = onceMore(r)
				open(tr, get(t, u), r)
				r.untilToken(loadgen.TokenEOF)
				if len(connections) != 2 || r.openings[1].Dialed.IsZero() {
					t.Errorf("%d connections", len(connections))
				}
			})
		}
	})
}
