package reference

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// DoorKind says how those are met who want a stream while the door is shut.
type DoorKind string

const (
	DoorRefused     DoorKind = "refused"    // connections are refused, and those that are open broken off
	DoorStalled     DoorKind = "stalled"    // requests are taken, and answered when the door opens
	DoorUnavailable DoorKind = "status_503" // requests are answered with 503
)

// doorKinds gives a kind its place among what is counted.
var doorKinds = [...]DoorKind{DoorRefused, DoorStalled, DoorUnavailable}

// Door is a time without new streams, as in the middle of a deployment: what
// was published before and meanwhile is kept for replay. Publishing and
// administration go on, for DoorRefused over connections that are open already.
type Door struct {
	Kind       DoorKind
	Shut       time.Duration // how long
	RetryAfter time.Duration // told with DoorUnavailable, in whole seconds; 0 is not told
	End        bool          // cut every stream first
}

// ParseDoor reads "door=KIND,shut=DURATION,retry-after=DURATION,end", of which
// the first two are needed.
func ParseDoor(text string) (Door, error) {
	var d Door
	for part := range strings.SplitSeq(text, ",") {
		name, value, given := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch name {
		case "door":
			d.Kind = DoorKind(value)
		case "shut":
			d.Shut, err = time.ParseDuration(value)
		case "retry-after":
			d.RetryAfter, err = time.ParseDuration(value)
		case "end":
			if d.End = true; given {
				err = fmt.Errorf("it takes no value")
			}
		default:
			err = fmt.Errorf("want door, shut, retry-after or end")
		}
		if err != nil {
			return Door{}, fmt.Errorf("%q: %w", part, err)
		}
	}
	return d, d.check()
}

func (d Door) check() error {
	switch {
	case d.index() < 0:
		return fmt.Errorf("door %q: want %s, %s or %s", d.Kind, DoorRefused, DoorStalled, DoorUnavailable)
	case d.Shut <= 0:
		return fmt.Errorf("shut is %v: want a duration, such as 2s", d.Shut)
	case d.RetryAfter < 0 || d.RetryAfter > 0 && d.Kind != DoorUnavailable:
		return fmt.Errorf("retry-after is for %s, and a duration", DoorUnavailable)
	}
	return nil
}

func (d Door) index() int {
	for i, kind := range doorKinds {
		if d.Kind == kind {
			return i
		}
	}
	return -1
}

// door is what the requests for streams pass through.
type door struct {
	now    atomic.Pointer[shutDoor] // nil: open
	turned [len(doorKinds)]atomic.Uint64
}

type shutDoor struct {
	Door
	until  time.Time
	opened chan struct{} // closed by whoever takes it out of door.now
}

// ShutDoor shuts the door for a time; a door that is shut already is replaced.
// When it returns, the streams are told to end.
func (s *Server) ShutDoor(d Door) error {
	if err := d.check(); err != nil {
		return err
	}
	s.shut(d, func() {})
	return nil
}

// OpenDoor opens the door before its time.
func (s *Server) OpenDoor() {
	if d := s.door.now.Load(); d != nil {
		s.open(d)
	}
}

// shut calls first when the time is over, before anybody can come in.
func (s *Server) shut(d Door, first func()) {
	next := &shutDoor{Door: d, until: time.Now().Add(d.Shut), opened: make(chan struct{})}
	if before := s.door.now.Swap(next); before != nil {
		close(before.opened)
	}
	if d.Kind == DoorRefused {
		s.gate.shut()
	} else {
		s.reopenGate()
	}
	if d.End {
		s.h2.each(func(c *h2conn) {
			if c.carries() {
				c.drain()
			}
		}, false)
		for _, l := range s.hub.lanes {
			l.post(command{do: doEnd})
		}
	}
	s.serving.Go(func() {
		over := time.NewTimer(d.Shut)
		defer over.Stop()
		select {
		case <-over.C:
			first()
			s.open(next)
		case <-next.opened: // or another one took its place
			first()
		case <-s.ended:
		}
	})
}

// open opens the door d, unless another one has taken its place.
func (s *Server) open(d *shutDoor) {
	if s.door.now.CompareAndSwap(d, nil) {
		close(d.opened)
		s.reopenGate()
	}
}

// reopenGate waits for the address, which may be taken for a moment.
func (s *Server) reopenGate() {
	for s.gate.reopen() != nil {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-s.ended:
			return
		}
	}
}

// stalls reports whether requests for streams wait now.
func (s *Server) stalls() bool {
	d := s.door.now.Load()
	return d != nil && d.Kind == DoorStalled
}

// pass lets a request for a stream through, at once or later, or says no and
// has answered it.
func (s *Server) pass(w http.ResponseWriter, r *http.Request) bool {
	for d := s.door.now.Load(); d != nil; d = s.door.now.Load() {
		over2, _ := w.(*h2response)
		if d.Kind == DoorStalled && over2 != nil && !over2.mayWait() {
			return true // it came before the door was shut
		}
		s.door.turned[d.index()].Add(1)
		switch {
		case d.Kind == DoorUnavailable:
			if d.RetryAfter > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(d.RetryAfter.Seconds()))))
			}
			s.answerError(w, refuse(http.StatusServiceUnavailable, "door", "the door is shut: no streams for the moment"))
			return false
		case d.Kind == DoorStalled:
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
			select {
			case <-d.opened:
			case <-r.Context().Done():
				return false
			case <-s.ended:
				return false
			}
		case over2 != nil:
			over2.st.conn.drain()
			over2.st.conn.reset(over2.st.id, http2.ErrCodeRefusedStream)
			return false
		default:
			panic(http.ErrAbortHandler)
		}
	}
	return true
}
