package loadgen

import (
	"fmt"
	"testing"
	"time"

	"ssebench/loadgen/stamp"
	"ssebench/scenarios"
)

// still is a transport that opens nothing: its streams are fed by hand.
type still struct{ lanes []*Lane }

func (s *still) Lanes() []*Lane                                        { return s.lanes }
func (s *still) Open(*Lane, *Request, time.Time, StreamHandler) Stream { return s }
func (s *still) Cut(Cut)                                               {}
func (s *still) Stalled() bool                                         { return false }
func (s *still) Account() Account                                      { return Account{} }
func (s *still) Wire() (received, sent int64)                          { return 0, 0 }
func (s *still) Close() error                                          { return nil }

// field is a run with open streams, all on one lane.
type field struct {
	run   *run
	frame []byte // the event that was published last, 100 bytes of data
	at    time.Time
}

func openField(tb testing.TB, subscribers int) *field { return openFieldOf(tb, subscribers, hook) }

// openFieldOf opens a field whose scenario says where its events come from.
func openFieldOf(tb testing.TB, subscribers int, events string) *field {
	text := fmt.Sprintf("name: test\ntarget: {url: http://127.0.0.1:9/events}\nload: {connections: %d, phases: [{ramp: at_once}, {hold: 5s}]}\n", subscribers)
	s, err := scenarios.Decode(scenarios.Source{Name: tb.Name(), Bytes: []byte(text + events)})
	if err != nil {
		tb.Fatal(err)
	}
	plan, err := s.Plan(scenarios.PlanOptions{Seed: 1, Start: time.Now()})
	if err != nil {
		tb.Fatal(err)
	}
	r, err := newRun(&Runner{Transport: &still{[]*Lane{new(Lane)}}, Publisher: newMemory()}, plan)
	if err != nil {
		tb.Fatal(err)
	}
	o := stream()
	o.Requested, o.Headers = r.timeline.at(1), r.timeline.at(2)
	for i := range subscribers {
		s, err := r.open(i, 0)
		if err != nil {
			tb.Fatal(err)
		}
		r.subscriptions = append(r.subscriptions, s)
		if err := s.client.Opened(o); err != nil {
			tb.Fatal(err)
		}
	}
	return &field{run: r}
}

// publish makes the next event, received a millisecond after it was due.
func (f *field) publish() {
	r := f.run
	due := r.timeline.now()
	seq := r.topics[0].begin(due, due)
	mark := stamp.Mark{Run: r.number, Seq: seq, Due: r.timeline.unix(due), Sent: r.timeline.unix(due)}
	f.frame = fmt.Appendf(f.frame[:0], "id: %d\ndata: ", seq)
	f.frame = append(stamp.Append(f.frame, &mark, 100), "\n\n"...)
	f.at = r.timeline.at(due + int64(time.Millisecond))
	r.lanes[0].shard.page.reset()
}

// visit hands the event to a subscriber, a microsecond later than to the one before.
func (f *field) visit(tb testing.TB, client int) {
	f.at = f.at.Add(time.Microsecond)
	if err := f.run.subscriptions[client].client.Bytes(f.frame, f.at); err != nil {
		tb.Fatal(err)
	}
}

func (f *field) visitAll(tb testing.TB) {
	for client := range f.run.subscriptions {
		f.visit(tb, client)
	}
}

// BenchmarkEvent is what an event costs from the transport's hand to the recorder, over subscribers that are visited in turn, so
// that each has left the processor's caches when its turn comes again.
func BenchmarkEvent(b *testing.B) {
	for _, n := range []int{15_000, 50_000} {
		b.Run(fmt.Sprintf("subscribers=%d", n), func(b *testing.B) {
			f := openField(b, n)
			lane := f.run.lanes[0]
			lane.Hold()
			defer lane.Release()
			turn := 0
			b.ReportAllocs()
			for b.Loop() {
				if turn%n == 0 {
					f.publish()
				}
				f.visit(b, turn%n)
				turn++
			}
		})
	}
}
