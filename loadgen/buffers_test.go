package loadgen

import (
	"bytes"
	"errors"
	"sync"
	"testing"
)

func TestBuffersAreAccountedFor(t *testing.T) {
	b := Buffers{Limit: 1 << 20}
	var one, two int64
	for _, c := range []struct {
		had     *int64
		now     int64
		crosses bool
		held    int64
	}{
		{&one, smallBuffer, false, 0}, // which every stream may have
		{&one, 600 << 10, false, 600 << 10},
		{&two, 500 << 10, true, 600 << 10},
		{&two, 400 << 10, false, 1000 << 10},
		{&one, 700 << 10, true, 1000 << 10},
		{&one, 10, false, 400 << 10},
		{&two, 500 << 10, false, 500 << 10},
		{&two, 0, false, 0},
		{&two, 0, false, 0},
	} {
		err := b.Hold(c.had, c.now)
		if f, ok := errors.AsType[*Failure](err); (err != nil) != c.crosses || c.crosses && (!ok || f.Token != TokenBufferLimit) || b.Held() != c.held {
			t.Errorf("%d: %v, held %d, want %d", c.now, err, b.Held(), c.held)
		}
	}
	if err := (*Buffers)(nil).Hold(&one, 1<<40); err != nil {
		t.Error(err)
	}
}

func TestBuffersAreSharedByGoroutines(t *testing.T) {
	b := Buffers{Limit: 10 << 20}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 1000 {
				var had int64
				for _, now := range []int64{100 << 10, 1 << 20, 2 << 20} {
					_ = b.Hold(&had, now)
				}
				if err := b.Hold(&had, 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if b.Held() != 0 {
		t.Errorf("%d bytes are left", b.Held())
	}
}

// crossing feeds streams in turn until one ends for what all hold together.
func crossing(t *testing.T, f *field, piece []byte) (at int) {
	t.Helper()
	for range 100 {
		for i, s := range f.run.subscriptions {
			err := s.client.Bytes(piece, f.run.timeline.at(3))
			if failure, ok := errors.AsType[*Failure](err); ok && failure.Token == TokenBufferLimit {
				return i
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatal("the limit was never crossed")
	return 0
}

// The stream that crosses the limit ends, and gives back what it held; what ended in time counts no more.
func TestUnterminatedEventsOfAllStreams(t *testing.T) {
	for name, start := range map[string]string{"of one line": "data: ", "of many lines": "data: a\ndata: ", "a comment": ": ", "an id": "id: ", "no field": ""} {
		f := openField(t, 4)
		b := &Buffers{Limit: 2 << 20}
		f.run.buffers = b
		for _, s := range f.run.subscriptions {
			if err := s.client.Bytes([]byte(start), f.run.timeline.at(3)); err != nil {
				t.Fatal(err)
			}
		}
		crossed := f.run.subscriptions[crossing(t, f, bytes.Repeat([]byte("x"), 32<<10))]
		before := b.Held()
		if before == 0 || before > b.Limit {
			t.Errorf("%s: %d bytes are held", name, before)
		}
		crossed.client.Ended(Ending{At: f.run.timeline.at(4), Token: TokenBufferLimit, Opened: true})
		if b.Held() >= before {
			t.Errorf("%s: %d bytes are held after the end, %d before", name, b.Held(), before)
		}
		for _, s := range f.run.subscriptions {
			if s == crossed {
				continue
			}
			for range 2 { // the second read finds that the event has ended
				if err := s.client.Bytes([]byte("\n\n"), f.run.timeline.at(5)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if b.Held() != 0 || len(f.run.lanes[0].shard.buffered) != 0 {
			t.Errorf("%s: %d bytes are held where nothing is pending", name, b.Held())
		}
	}
}

// Answers to polls are held until they are complete.
func TestAnswersOfAllPolls(t *testing.T) {
	f := openField(t, 2)
	b := &Buffers{Limit: 1 << 20}
	f.run.buffers = b
	f.run.polling = pollPlan("json", "/events", "/data")
	var err error
	for range 100 {
		for _, s := range f.run.subscriptions {
			if s.own == nil {
				s.own = &particulars{polls: new(polls)}
				s.special |= inPolls
			}
			if err == nil {
				err = (*poller)(s).Bytes(bytes.Repeat([]byte("x"), 32<<10), f.run.timeline.at(3))
			}
		}
	}
	if failure, ok := errors.AsType[*Failure](err); !ok || failure.Token != TokenBufferLimit {
		t.Fatalf("ended with %v", err)
	}
	for _, s := range f.run.subscriptions {
		(*poller)(s).Ended(Ending{At: f.run.timeline.at(4), Token: TokenCut, Opened: true})
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes are held after the end", b.Held())
	}
}
