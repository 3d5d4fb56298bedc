package reference

import (
	"bufio"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

func TestParseDoor(t *testing.T) {
	d, err := ParseDoor("door=status_503,shut=2s, retry-after=1s,end")
	if err != nil || d != (Door{DoorUnavailable, 2 * time.Second, time.Second, true}) {
		t.Fatalf("%+v %v", d, err)
	}
	for _, bad := range []string{
		"", "door=refused", "shut=2s", "door=ajar,shut=2s", "door=refused,shut=2", "door=refused,shut=-1s",
		"door=refused,shut=2s,retry-after=1s", "door=refused,shut=2s,end=yes", "door=refused,shut=2s,knock",
	} {
		if d, err := ParseDoor(bad); err == nil {
			t.Errorf("%q: read as %+v", bad, d)
		}
	}
}

// askDoor asks for the state of the door, or changes it.
func askDoor(t *testing.T, c *http.Client, s *Server, method, body string) doorState {
	t.Helper()
	status, text := ask(t, c, method, s.URL()+"/admin/door", body)
	var st doorState
	if err := json.Unmarshal([]byte(text), &st); err != nil || status != 200 {
		t.Fatalf("%s %q: %d %s", method, body, status, text)
	}
	return st
}

// comeBack asks for a stream as a client does that has got event 1.
func comeBack(t *testing.T, c *http.Client, s *Server) (*stream, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/events?topic=a", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "1")
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &stream{bufio.NewReader(resp.Body), t, resp}, nil
}

// eachShutDoor cuts a stream that has got event 1, publishes event 2 behind the
// shut door, and looks at what want finds before the door opens: the stream
// that it returns, or one opened afterwards, has event 2.
func eachShutDoor(t *testing.T, kind DoorKind, want func(t *testing.T, s *Server, subscriber, admin *http.Client) *stream) {
	eachDialect(t, func(t *testing.T, d dialect, subscriber *http.Client) {
		admin := d.client() // whose connection carries no streams
		defer admin.CloseIdleConnections()
		s := started(t, &Server{TLS: d.tls})
		st := open(t, subscriber, s.URL()+"/events?topic=a")
		publishTo(t, admin, s, "topic=a", "1")
		st.expect(numbered(1, "1"))
		if is := askDoor(t, admin, s, "PUT", "door="+string(kind)+",shut=1m,end"); is.Door != kind || is.OpensMS < 1 {
			t.Fatalf("%+v", is)
		}
		if _, err := st.all(); err == nil {
			t.Fatal("the stream ended as if it were complete")
		}
		publishTo(t, admin, s, "topic=a", "2")
		if st = want(t, s, subscriber, admin); st == nil {
			s.OpenDoor()
			var err error
			if st, err = comeBack(t, subscriber, s); err != nil {
				t.Fatal(err)
			}
		}
		st.expect(numbered(2, "2"))
	})
}

func TestDoorRefused(t *testing.T) {
	eachShutDoor(t, DoorRefused, func(t *testing.T, s *Server, subscriber, admin *http.Client) *stream {
		if st, err := comeBack(t, subscriber, s); err == nil {
			t.Fatalf("came in: %s", st.resp.Status)
		}
		// A connection that is open already is no way in.
		if st, err := comeBack(t, admin, s); err == nil {
			t.Fatalf("came in: %s", st.resp.Status)
		}
		if n := s.door.turned[0].Load(); n < 1 {
			t.Errorf("%d turned away", n)
		}
		return nil
	})
}

func TestDoorUnavailable(t *testing.T) {
	eachShutDoor(t, DoorUnavailable, func(t *testing.T, s *Server, subscriber, admin *http.Client) *stream {
		for _, told := range []string{"", "2"} {
			if told != "" {
				askDoor(t, admin, s, "PUT", "door=status_503,shut=1m,retry-after=1500ms")
			}
			st, err := comeBack(t, subscriber, s)
			if err != nil || st.resp.StatusCode != 503 || st.resp.Header.Get("Retry-After") != told {
				t.Fatalf("%v %v", st, err)
			}
			body, _ := st.all()
			refused(t, st.resp.StatusCode, body, 503, "door")
		}
		if n := askDoor(t, admin, s, "GET", "").TurnedAway[DoorUnavailable]; n != 2 {
			t.Errorf("%d were turned away, want 2", n)
		}
		if is := askDoor(t, admin, s, "DELETE", ""); is.Door != "" {
			t.Errorf("%+v", is)
		}
		return nil
	})
}

func TestDoorStalled(t *testing.T) {
	eachShutDoor(t, DoorStalled, func(t *testing.T, s *Server, subscriber, admin *http.Client) *stream {
		back := make(chan *stream, 1)
		go func() {
			st, err := comeBack(t, subscriber, s)
			if err != nil {
				t.Error(err)
			}
			back <- st
		}()
		waiting := func(n uint64) func() bool {
			return func() bool { return askDoor(t, admin, s, "GET", "").TurnedAway[DoorStalled] == n }
		}
		await(t, waiting(1))
		askDoor(t, admin, s, "PUT", "door=stalled,shut=1m") // another door in its place: it goes on waiting
		await(t, waiting(2))
		if s.Subscribers() != 0 || len(back) > 0 {
			t.Fatal("the request was answered")
		}
		s.OpenDoor()
		return <-back
	})
}

// A door opens by itself, and one that replaces another keeps its own time.
func TestDoorOpens(t *testing.T) {
	s := started(t, &Server{})
	for _, d := range []Door{{Kind: DoorRefused, Shut: time.Minute}, {Kind: DoorStalled, Shut: 50 * time.Millisecond}} {
		if err := s.ShutDoor(d); err != nil {
			t.Fatal(err)
		}
	}
	c := &http.Client{Transport: &http.Transport{}}
	defer c.CloseIdleConnections()
	if _, err := comeBack(t, c, s); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return s.door.now.Load() == nil })
	if err := s.ShutDoor(Door{Kind: "ajar", Shut: time.Second}); err == nil {
		t.Error("a door that is ajar")
	}
	status, body := ask(t, c, "PUT", s.URL()+"/admin/door", "door=ajar,shut=1s")
	refused(t, status, body, 400, "door")
}

// A server with requests waiting at its door ends all the same.
func TestCloseBehindStalledDoor(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
		s := started(t, &Server{TLS: d.tls})
		if err := s.ShutDoor(Door{Kind: DoorStalled, Shut: time.Minute}); err != nil {
			t.Fatal(err)
		}
		left := make(chan struct{})
		go func() {
			defer close(left)
			_, _ = comeBack(t, c, s) // whatever it gets
		}()
		await(t, func() bool { return s.door.turned[1].Load() == 1 })
		s.Close()
		<-left
	})
}
