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
func (s *still) Close() error                                          { return nil }

// BenchmarkEvent is what an event of 100 bytes costs from the transport's hand to the recorder, over subscribers that are
// visited in turn, so that each is out of the processor's caches when its turn comes.
func BenchmarkEvent(b *testing.B) {
	for _, n := range []int{15_000, 50_000} {
		b.Run(fmt.Sprintf("subscribers=%d", n), func(b *testing.B) { benchmarkEvent(b, n) })
	}
}

func benchmarkEvent(b *testing.B, subscribers int) {
	text := fmt.Sprintf("name: test\ntarget: {url: http://127.0.0.1:9/events}\nload: {connections: %d, phases: [{ramp: at_once}, {hold: 5s}]}\n", subscribers)
	s, err := scenarios.Decode(scenarios.Source{Name: b.Name(), Bytes: []byte(text + hook)})
	if err != nil {
		b.Fatal(err)
	}
	plan, err := s.Plan(scenarios.PlanOptions{Seed: 1, Start: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	r, err := newRun(&Runner{Transport: &still{[]*Lane{new(Lane)}}, Publisher: newMemory()}, plan)
	if err != nil {
		b.Fatal(err)
	}
	o := stream()
	o.Requested, o.Headers = r.timeline.at(1), r.timeline.at(2)
	for i := range subscribers {
		if err := r.open(i, 0); err != nil {
			b.Fatal(err)
		}
		if err := r.subscriptions[i].client.Opened(o); err != nil {
			b.Fatal(err)
		}
	}
	lane := r.lanes[0]
	lane.Hold()
	defer lane.Release()
	var frame []byte
	turn, at := 0, r.timeline.at(0)
	b.ReportAllocs()
	for b.Loop() {
		if turn%subscribers == 0 {
			seq := r.topics[0].begin(r.timeline.now(), r.timeline.now())
			due := r.timeline.now()
			mark := stamp.Mark{Run: r.number, Seq: seq, Due: r.timeline.unix(due), Sent: r.timeline.unix(due)}
			frame = fmt.Appendf(frame[:0], "id: %d\ndata: ", seq)
			frame = append(stamp.Append(frame, &mark, 100), "\n\n"...)
			at = r.timeline.at(due + int64(time.Millisecond))
			lane.shard.page.reset()
		}
		if err := r.subscriptions[turn%subscribers].client.Bytes(frame, at); err != nil {
			b.Fatal(err)
		}
		turn++
	}
}
