package transport

import (
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
)

// Half a window is given back when it is used, padding included, and what came for a closed stream counts for the connection.
func TestConn2GivesWindowsBack(t *testing.T) {
	c, s := begun(0, 2)
	s.ok(1)
	s.ok(3)
	frame := make([]byte, largestFrame-256)
	for range streamWindow/2/largestFrame - 1 {
		s.WriteDataPadded(1, false, frame, make([]byte, 255))
	}
	c.serve(s.taken())
	c.streams[0].Body = nil
	if said := c.said(); said != nil {
		t.Errorf("written too early: %v", said)
	}
	s.WriteDataPadded(1, false, frame, make([]byte, 255))
	s.WriteData(3, false, frame)
	c.serve(s.taken())
	if d := cmp.Diff(c.said(), []string{"WINDOW_UPDATE 1 2097152"}); d != "" {
		t.Error(d)
	}
	c.cancel(1)
	c.said()
	for frames := 0; ; frames++ {
		if c.used < 2*largestFrame && frames > 0 {
			t.Fatalf("the connection's window is not given back: %d", c.used)
		}
		s.WriteData(1, false, make([]byte, largestFrame))
		c.serve(s.taken())
		if said := c.said(); said != nil {
			const total = streamWindow/2 + largestFrame - 256
			want := (connWindow/2-total+largestFrame-1)/largestFrame*largestFrame + total
			if d := cmp.Diff(said, []string{"WINDOW_UPDATE " + strconv.Itoa(want)}); d != "" {
				t.Error(d)
			}
			break
		}
	}
	if c.used != 0 || c.streams[1].End != "open" {
		t.Errorf("%d bytes used, stream 3 is %s", c.used, c.streams[1].End)
	}
}

// A server that sends more than it may is told so.
func TestConn2Overflow(t *testing.T) {
	inAnySplit(t, func(t *testing.T, step int) {
		c, s := begun(step, 2)
		s.ok(1)
		s.ok(3)
		c.serve(s.taken())
		c.conn2.streams.find(1).used = streamWindow - 3
		s.WriteData(1, false, []byte("abcd"))
		s.WriteData(3, false, []byte("e"))
		c.serve(s.taken())
		c.check(t, []string{okHead2 + ";;" + tokenFlowControl, okHead2 + ";e;open"}, []string{"RST_STREAM 1 FLOW_CONTROL_ERROR"}, "")
		c.used = connWindow - 3
		s.WriteData(3, false, []byte("abcd"))
		c.serve(s.taken())
		c.check(t, []string{okHead2 + ";;" + tokenFlowControl, okHead2 + ";e;" + tokenFlowControl}, []string{"GOAWAY FLOW_CONTROL_ERROR"}, tokenFlowControl)
	})
}

// Bodies of requests wait for the windows of their stream and of the connection.
func TestConn2SendsWithinWindows(t *testing.T) {
	inAnySplit(t, func(t *testing.T, step int) {
		c, s := begun(step, 0, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
		post := func(n int) *told2 {
			sink := &told2{End: "open"}
			c.streams = append(c.streams, sink)
			c.open(&outgoing{method: "POST", scheme: "http", authority: "a", path: "/", body: make([]byte, n)}, sink)
			return sink
		}
		expect := func(want ...string) {
			t.Helper()
			if d := cmp.Diff(want, c.said()); d != "" {
				t.Error(d)
			}
		}
		post(7)
		post(10)
		post(30)
		post(70_000)
		expect("HEADERS 1", "DATA 1 7 true", "HEADERS 3", "DATA 3 10 true", "HEADERS 5", "DATA 5 10 false", "HEADERS 7", "DATA 7 10 false")
		s.WriteWindowUpdate(5, 1)
		s.WriteWindowUpdate(0, 1000)
		c.serve(s.taken())
		expect("DATA 5 1 false")
		// A smaller initial window takes back what was given, and even more.
		s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 8})
		s.WriteWindowUpdate(5, 2)
		c.serve(s.taken())
		expect("SETTINGS true")
		s.WriteWindowUpdate(5, 3)
		c.serve(s.taken())
		expect("DATA 5 3 false")
		s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100_000})
		c.serve(s.taken())
		expect("SETTINGS true", "DATA 5 16 true", "DATA 7 16384 false", "DATA 7 16384 false", "DATA 7 16384 false", "DATA 7 16384 false", "DATA 7 942 false")
		s.WriteWindowUpdate(0, 3000)
		c.serve(s.taken())
		expect("DATA 7 3000 false")
		// The answer is complete before the request is.
		s.head(7, true, ":status", "200")
		s.WriteRSTStream(7, http2.ErrCodeNo)
		s.WriteWindowUpdate(0, 9000)
		c.serve(s.taken())
		expect("RST_STREAM 7 NO_ERROR")
		if c.streams[3].End != "complete" || c.unsent != 0 {
			t.Errorf("stream 7 is %s, %d bodies wait", c.streams[3].End, c.unsent)
		}
	})
}

// What ends or falls silent while its request waits for a window is forgotten.
func TestConn2ForgetsBodies(t *testing.T) {
	c, s := begun(0, 0, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	body := &outgoing{method: "POST", scheme: "http", authority: "a", path: "/", body: []byte("abc")}
	for range 4 {
		c.open(body, &told2{End: "open"})
	}
	c.cancel(1)
	c.silence(3)
	s.WriteRSTStream(5, http2.ErrCodeInternal)
	c.serve(s.taken())
	c.said()
	if c.unsent != 1 {
		t.Errorf("%d bodies wait, want 1", c.unsent)
	}
	s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100})
	c.serve(s.taken())
	if d := cmp.Diff(c.said(), []string{"SETTINGS true", "DATA 7 3 true"}); d != "" {
		t.Error(d)
	}
}

// Floods are bounded by what comes in a second, and by what is not read of the answers.
func TestConn2Floods(t *testing.T) {
	for name, flood := range map[string]func(s *server2){
		"ping":          func(s *server2) { s.WritePing(false, [8]byte{}) },
		"pong":          func(s *server2) { s.WritePing(true, [8]byte{}) },
		"settings":      func(s *server2) { s.WriteSettings() },
		"empty data":    func(s *server2) { s.WriteData(1, false, nil) },
		"priority":      func(s *server2) { s.WritePriority(1, http2.PriorityParam{}) },
		"window update": func(s *server2) { s.WriteWindowUpdate(1, 1) },
		"unknown":       func(s *server2) { s.WriteRawFrame(99, 0, 1, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			c, s := begun(0, 1)
			s.ok(1)
			for range idleLimit {
				flood(s)
			}
			c.serve(s.taken())
			if c.err != nil {
				t.Fatal(c.err)
			}
			c.said()
			flood(s)
			if err := c.feed(s.taken(), someTime.Add(time.Second)); err != nil { // a second later all is well
				t.Fatal(err)
			}
			c.said()
			for range idleLimit / 2 {
				flood(s)
			}
			if err := c.feed(s.taken(), someTime.Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			c.said()
			for range idleLimit / 2 {
				flood(s)
			}
			err := c.feed(s.taken(), someTime.Add(time.Second))
			if f := failureOf(err); f == nil || f.Token != tokenHTTP2 || c.streams[0].End != tokenHTTP2 {
				t.Errorf("%v; the stream is %s", err, c.streams[0].End)
			}
		})
	}
	c, s := begun(0, 1)
	for range idleLimit/2 + 1 {
		s.WritePing(false, [8]byte{})
	}
	b := s.taken()
	if err := c.feed(b, someTime); err != nil {
		t.Fatal(err)
	}
	if err := c.feed(b, someTime.Add(time.Second)); failureOf(err) == nil {
		t.Error("answers that nobody reads pile up")
	}
}

// The ways in which a sink ends a stream, its own or another.
func TestConn2EndedByASink(t *testing.T) {
	enough := errors.New("enough")
	inAnySplit(t, func(t *testing.T, step int) {
		c, s := begun(step, 7)
		c.streams[0].inHead = func() error { return enough }
		c.streams[1].inBody = func() error { return enough }
		c.streams[2].inHead = func() error { c.cancel(5); return nil }
		c.streams[3].inBody = func() error { c.cancel(7); c.cancel(9); return enough }
		c.streams[5].inHead = func() error { c.cancel(11); return enough }
		c.streams[6].inHead = func() error { c.cancel(13); return nil }
		s.head(11, true, ":status", "200")
		s.head(13, true, ":status", "200")
		for _, id := range []uint32{1, 3, 5, 7, 9} {
			s.ok(id)
			s.WriteData(id, false, []byte("a"))
			s.WriteData(id, true, []byte("b"))
		}
		c.serve(s.taken())
		c.check(t, []string{okHead2 + ";;enough", okHead2 + ";a;enough", okHead2 + ";;open", okHead2 + ";a;open", ";;open", "HTTP/2.0 200;;open", "HTTP/2.0 200;;open"}, []string{
			"RST_STREAM 11 CANCEL", "RST_STREAM 13 CANCEL", "RST_STREAM 1 CANCEL", "RST_STREAM 3 CANCEL", "RST_STREAM 5 CANCEL", "RST_STREAM 7 CANCEL", "RST_STREAM 9 CANCEL",
		}, "")
		if c.conn2.streams.count != 0 {
			t.Errorf("%d streams are left", c.conn2.streams.count)
		}
	})
}

// A stream may be opened from inside every call to another.
func TestConn2OpensFromInside(t *testing.T) {
	c, s := begun(0, 3)
	c.streams[0].inHead = func() error { c.get(); return nil }
	c.streams[1].inBody = func() error { c.get(); return nil }
	c.streams[2].inEnd = func() { c.get() }
	s.head(1, true, ":status", "200")
	s.ok(3)
	s.WriteData(3, true, []byte("a"))
	s.WriteRSTStream(5, http2.ErrCodeCancel)
	c.serve(s.taken())
	for _, id := range []uint32{7, 9, 11} {
		s.head(id, true, ":status", "200")
	}
	c.serve(s.taken())
	c.check(t, []string{
		"HTTP/2.0 200;;complete", okHead2 + ";a;complete", ";;" + tokenStreamReset,
		"HTTP/2.0 200;;complete", "HTTP/2.0 200;;complete", "HTTP/2.0 200;;complete",
	}, []string{"HEADERS 7", "HEADERS 9", "HEADERS 11"}, "")
}

// For a silent stream nothing is written, and others go on.
func TestConn2Silence(t *testing.T) {
	inAnySplit(t, func(t *testing.T, step int) {
		c, s := begun(step, 3, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 3})
		s.ok(1)
		c.serve(s.taken())
		c.silence(1)
		c.silence(3)
		for range streamWindow/largestFrame - 1 {
			s.WriteData(1, false, make([]byte, largestFrame))
		}
		s.WriteData(3, false, []byte("before a head"))
		s.ok(5)
		s.WriteData(5, false, []byte("a"))
		c.serve(s.taken())
		c.check(t, []string{okHead2 + ";;open", ";;open", okHead2 + ";a;open"}, nil, "")
		if c.room() != 0 {
			t.Errorf("room for %d", c.room())
		}
		s.WriteData(3, true, nil)
		s.WriteWindowUpdate(1, largestWindow) // too far: it is gone, and still nothing is said
		c.serve(s.taken())
		if said := c.said(); c.room() != 2 || said != nil {
			t.Errorf("room for %d, written %v", c.room(), said)
		}
	})
}

// What the end of the connection means to its streams.
func TestConn2Closed(t *testing.T) {
	for name, k := range map[string]struct {
		err    error
		serve  func(s *server2)
		begun  string
		others string
	}{
		"closed":             {nil, func(*server2) {}, tokenBodyTruncated, tokenNoResponse},
		"end of file":        {io.EOF, func(*server2) {}, tokenBodyTruncated, tokenNoResponse},
		"inside a frame":     {io.ErrUnexpectedEOF, func(s *server2) { s.wire.WriteString("\x00\x00\x05\x00\x00\x00\x00\x00\x01ab") }, tokenBodyTruncated, tokenNoResponse},
		"reset":              {os.NewSyscallError("read", syscall.ECONNRESET), func(*server2) {}, tokenReset, tokenReset},
		"TLS":                {fail(tokenTLSRecord, "bad record"), func(*server2) {}, tokenTLSRecord, tokenTLSRecord},
		"another":            {errors.New("strange"), func(*server2) {}, tokenRead, tokenRead},
		"closed with goaway": {io.EOF, func(s *server2) { s.WriteGoAway(9, http2.ErrCodeNo, nil) }, tokenGoAway, tokenGoAway},
		"reset after goaway": {os.NewSyscallError("read", syscall.ECONNRESET), func(s *server2) { s.WriteGoAway(9, http2.ErrCodeNo, nil) }, tokenGoAway, tokenGoAway},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := begun(0, 4)
			c.streams[0].inEnd = func() { c.cancel(3) }
			s.ok(1)
			s.ok(5)
			k.serve(s)
			c.serve(s.taken())
			f := c.closed(k.err)
			if f.Token != k.others || c.closed(nil) != f || c.usable() || c.room() != 0 {
				t.Errorf("the connection: %v, room for %d", f, c.room())
			}
			ends := []string{c.streams[0].End, c.streams[1].End, c.streams[2].End}
			// The first stream that is told cancels the second, which may have been told before.
			if c.streams[3].End != k.others || ends[0] != k.begun || ends[2] != k.begun || ends[1] != "open" && ends[1] != k.others {
				t.Errorf("the streams: %q", ends)
			}
			if err := c.feed([]byte("x"), someTime); failureOf(err) != f {
				t.Errorf("fed after that: %v", err)
			}
		})
	}
}

// Streams are found, whatever was opened and ended before.
func TestStreamTable(t *testing.T) {
	var table streamTable
	open := make(map[uint32]*stream2)
	random := uint32(7)
	for id := uint32(1); id < 20_000; id += 2 {
		s := &stream2{id: id}
		table.add(s)
		open[id] = s
		for random = random*1664525 + 1013904223; len(open) > 0 && random>>28 < 7; random = random*1664525 + 1013904223 {
			for victim, s := range open { // in any order
				table.remove(s)
				delete(open, victim)
				break
			}
		}
		if len(open) > 300 {
			for victim, s := range open {
				table.remove(s)
				delete(open, victim)
			}
		}
		if table.count != len(open) {
			t.Fatalf("%d streams, want %d", table.count, len(open))
		}
		if id%32 == 1 {
			for probe := uint32(1); probe <= id+2; probe += 2 {
				if table.find(probe) != open[probe] {
					t.Fatalf("stream %d of %d", probe, id)
				}
			}
		}
	}
	seen := 0
	table.each(func(s *stream2) {
		if open[s.id] != s {
			t.Errorf("stream %d", s.id)
		}
		seen++
		table.remove(s)
	})
	if seen != len(open) || table.count != 0 {
		t.Errorf("%d of %d streams", seen, len(open))
	}
}
