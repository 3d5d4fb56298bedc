package loadgen

import (
	"runtime"
	"testing"
	"unsafe"

	"ssebench/results"
)

// The generator may take half a kibibyte for each stream, transport included: subscriptions have about half of it.
func TestASubscriptionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(subscription{}); size > 216 {
		t.Errorf("a subscription has %d bytes", size)
	}
	live := liveHeap
	inUse := func(subscribers int) int64 {
		before := live()
		f := openField(t, subscribers)
		for range 3 {
			f.publish()
			f.visitAll(t)
		}
		used := live() - before
		runtime.KeepAlive(f)
		return used
	}
	const few, many = 5_000, 45_000
	each := (inUse(many) - inUse(few)) / (many - few)
	if each > 230 { // with its place in the slice of all subscriptions, and the wider histograms of more receipts
		t.Errorf("a subscription that has received events takes %d bytes", each)
	}
	t.Logf("%d bytes, %d in all", unsafe.Sizeof(subscription{}), each)
}

// One stream of a hundred that loses every other event for hours, and comes back again and again, must not use up the others' share.
func TestTheAccountOfAStreamThatLosesForHoursIsSmall(t *testing.T) {
	const subscribers, lossy, events = 5_000, 50, 72_000 // two hours of ten a second
	f := openField(t, subscribers)
	f.publish()
	f.visitAll(t)
	topic, lane := f.run.topics[0], f.run.lanes[0]
	topic.end(1, 2, false)
	for range events {
		seq := topic.begin(1, 1)
		topic.end(seq, 2, false)
	}
	before := liveHeap()
	lost := int64(0)
	for _, s := range f.run.subscriptions[:lossy] {
		for seq := uint64(2); seq <= events; seq += 2 {
			if seq%9_000 == 0 { // a quarter of an hour
				now := f.run.timeline.at(int64(seq))
				s.client.Ended(Ending{At: now, Token: TokenEOF, Opened: true})
				o := stream()
				o.Requested, o.Headers = now, now
				if err := s.client.Opened(o); err != nil {
					t.Fatal(err)
				}
			}
			s.receive(seq, 1, 1, 3, true)
			if seq%1000 == 0 {
				lost += lane.shard.of(0).Counter(results.DeliveriesLost)
				lane.shard.page.reset()
			}
		}
	}
	each := (liveHeap() - before) / lossy
	runtime.KeepAlive(f)
	if each > 8<<10 {
		t.Errorf("a stream that loses for hours takes %d bytes more: %d on average over a hundred", each, each/100)
	}
	lost += lane.shard.of(0).Counter(results.DeliveriesLost)
	if want := int64(lossy * (events/2 - mostGaps - 1)); lost < want || lost > want+lossy*mostGaps {
		t.Errorf("%d losses are settled, want %d and a part of the window", lost, want)
	}
	t.Logf("%d bytes", each)
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
