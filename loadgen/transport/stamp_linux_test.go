package transport

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ssebench/loadgen"
	"ssebench/results"
)

// However late a loop gets to read, the bytes carry the time at which the kernel had them, and the difference is the generator's lag.
func TestBytesCarryTheKernelsTime(t *testing.T) {
	const late = 50 * time.Millisecond
	write, written := make(chan struct{}), make(chan time.Time)
	u := script(t, func(p *peer) {
		p.next()
		p.say(okHead + "\r\n")
		<-write
		p.say("data: 1\n\n")
		written <- time.Now()
		p.gone()
	})
	tr, sum := newTransport(t, Config{Engine: EngineLoop})
	r := newReader(t)
	at := make(chan time.Time, 1)
	h := &stamped{reader: r, at: at}
	s := open(tr, get(t, u), h)
	r.until("the opening", func() bool { return len(r.openings) == 1 })
	lane := tr.Lanes()[0]
	lane.Hold() // a loop that is kept from its sockets
	close(write)
	sent := <-written
	time.Sleep(late)
	released := time.Now()
	lane.Release()
	got := <-at
	if got.After(sent.Add(late / 2)) {
		t.Errorf("written at %v, read from %v on, stamped %v", sent, released, got)
	}
	cutNow(t, s, loadgen.CutFIN, r)
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	lags := sum.recorded[results.GeneratorLag]
	if len(lags) == 0 || lags[len(lags)-1] < int64(late) {
		t.Errorf("lags %v, want the last over %v", lags, late)
	}
	if a := tr.Account(); a.TimeOfReceipt != results.ReceiptKernel || a.Stamped < 1 || a.WireLayer != results.WireLoopback || a.WireHeader != 52 {
		t.Errorf("account %+v", a)
	}
}

type stamped struct {
	*reader
	at chan time.Time
}

func (s *stamped) Bytes(b []byte, at time.Time) error {
	s.at <- at
	return s.reader.Bytes(b, at)
}

// A step of the system clock is seen, and what it does to the offset is followed.
func TestClockSeesSteps(t *testing.T) {
	c := newClock()
	c.checked, c.offset = -clockCheck, c.offset-int64(time.Hour) // as if the clock had been put forward by an hour since
	if c.check(); c.steps != 1 {
		t.Errorf("%d steps", c.steps)
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME, &now); err != nil {
		t.Fatal(err)
	}
	if off := c.now() - c.from(now.Nano()); off < 0 || off > int64(time.Second) {
		t.Errorf("the clocks are %v apart", time.Duration(off))
	}
	c.checked = -clockCheck
	if c.check(); c.steps != 1 {
		t.Errorf("%d steps after a quiet time", c.steps)
	}
}

// A poller that nothing happens to blocks after a while; one that must not be adaptive does so at once.
func TestPollerBlocksWhenCalm(t *testing.T) {
	for _, adaptive := range []bool{true, false} {
		var p poller
		if err := p.open(adaptive); err != nil {
			t.Fatal(err)
		}
		p.wake()
		if n := len(p.wait(-1, true)); n != 1 {
			t.Errorf("%d events of a wake", n)
		}
		polls := 0
		for ; p.naps > 0 && adaptive; polls++ {
			if n := len(p.wait(-1, true)); n != 0 { // did not block, though nothing will ever come
				t.Errorf("%d events", n)
			}
		}
		if adaptive && polls != calm {
			t.Errorf("%d polls until it blocks, want %d", polls, calm)
		}
		start := time.Now()
		if p.wait(3*time.Millisecond, true); time.Since(start) < 3*time.Millisecond {
			t.Error("it did not block")
		}
		p.close()
	}
}
