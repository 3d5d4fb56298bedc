package loadgen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ssebench/results"
)

// differing are servers whose data differs from stream to stream, so that nothing of what was read
// before helps.
var differing = []struct {
	name, events string
	data         func(seq uint64, at int64) string
	read         func(v *results.Values) int64 // how many events were read
}{
	{"counted", "observe: {}\n", perWrite, func(v *results.Values) int64 { return v.Counter(results.EventsReceived) }},
	{"time", "observe: {time: /tw, unit: ns}\n", perWrite, latencies},
	{"time in a string", "observe: {time: /meta/at, unit: ms}\n", func(_ uint64, at int64) string {
		return fmt.Sprintf(`{"meta":{"at":"%d"},"p":"%d"}`, at/1e6, at)
	}, latencies},
	{"fraction of seconds", "observe: {time: /1, unit: s}\n", func(_ uint64, at int64) string {
		return fmt.Sprintf(`["é\n", %d.%09d]`, at/1e9, at%1e9)
	}, latencies},
	{"RFC 3339", "observe: {time: /at, unit: rfc3339}\n", func(_ uint64, at int64) string {
		return fmt.Sprintf(`{"at":%q}`, time.Unix(0, at).In(time.FixedZone("", 3600)).Format(time.RFC3339Nano))
	}, latencies},
	{"the data is the time", "observe: {time: data, unit: ns}\n", func(_ uint64, at int64) string {
		return fmt.Sprint(at)
	}, latencies},
	{"time and sequence", "observe: {time: /tw, unit: ns, sequence: {pointer: /n}}\n", func(seq uint64, at int64) string {
		return fmt.Sprintf(`{"tw":%d,"n":%d}`, at, seq)
	}, deliveries},
	{"sequence of a publisher", strings.Replace(hook, "rate:", "sequence: {pointer: /n}, rate:", 1), func(seq uint64, at int64) string {
		return fmt.Sprintf(`{"n":"%d","at":%d}`, seq, at)
	}, deliveries},
}

func latencies(v *results.Values) int64 {
	if h := v.Histogram(results.ObservedLatency); h != nil {
		return h.Count()
	}
	return 0
}

func deliveries(v *results.Values) int64 { return v.Counter(results.DeliveriesReceived) }

// perWrite names the time of a broadcast and that of the write to one stream.
func perWrite(_ uint64, at int64) string {
	return fmt.Sprintf(`{"tb":%d,"tw":%d,"p":%q}`, at-1000, at, strings.Repeat("x", 40))
}

// differ hands every subscriber an event of its own, in turn, and gives how many were read.
func (f *field) differ(tb testing.TB, frames [][]byte, read func(*results.Values) int64) int64 {
	shard := &f.run.lanes[0].shard
	shard.page.reset()
	for client, frame := range frames {
		f.frame = frame
		f.visit(tb, client)
	}
	return read(shard.current())
}

// frames are the events of a broadcast, each with its own time of writing.
func (f *field) frames(data func(seq uint64, at int64) string) [][]byte {
	due := f.run.timeline.now()
	seq := f.run.topics[0].begin(due, due)
	frames := make([][]byte, len(f.run.subscriptions))
	for i := range frames {
		frames[i] = fmt.Appendf(nil, "data: %s\n\n", data(seq, f.run.timeline.unix(due)+int64(i)))
	}
	f.at = f.run.timeline.at(due + int64(time.Millisecond))
	return frames
}

func TestReadingDataThatDiffersAllocatesNothing(t *testing.T) {
	for _, d := range differing {
		t.Run(d.name, func(t *testing.T) {
			const subscribers, warm, rounds = 100, 20, 20
			f := openFieldOf(t, subscribers, d.events)
			events := make([][][]byte, warm+rounds+1) // AllocsPerRun has one round more
			for i := range events {
				events[i] = f.frames(d.data)
			}
			lane, round := f.run.lanes[0], 0
			lane.Hold()
			defer lane.Release()
			visit := func() {
				if n := f.differ(t, events[round], d.read); n != subscribers {
					t.Errorf("round %d: %d of %d events were read", round, n, subscribers)
				}
				round++
			}
			for range warm { // every place that remembers is filled, and the histograms are as wide as they get
				visit()
			}
			if n := testing.AllocsPerRun(rounds, visit); n != 0 {
				t.Errorf("%v allocations for %d events", n, subscribers)
			}
		})
	}
}

// Answers of polls that differ: a new list of events with escapes in their data, in each.
func TestDecodingAnswersThatDifferAllocatesNothing(t *testing.T) {
	const rounds = 200
	for _, format := range []string{"json", "ndjson"} {
		t.Run(format, func(t *testing.T) {
			c := pollPlan(format, "/events", "/data")
			bodies := make([][]byte, 2*rounds+1)
			for i := range bodies {
				event := fmt.Sprintf(`{"cursor":%d,"event":"tick","data":"{\"seq\":%d,\"p\":\"x\"}"}`, i, i)
				bodies[i] = []byte(event + "\n" + event)
				if format == "json" {
					bodies[i] = fmt.Appendf(nil, `{"cursor":"%d","events":[%s,%s]}`, i, event, event)
				}
			}
			var all answers
			i := 0
			decode := func() {
				a, err := all.of(c, bodies[i])
				want := fmt.Sprintf(`{"seq":%d,"p":"x"}`, i)
				if err != nil || string(a.cursor) != fmt.Sprint(i) || len(a.events) != 2 || string(a.events[1].data) != want || string(a.events[1].kind) != "tick" {
					t.Errorf("answer %d: %+v, %v", i, a, err)
				}
				i++
			}
			for range rounds { // every place is filled
				decode()
			}
			if n := testing.AllocsPerRun(rounds, func() {
				if _, err := all.of(c, bodies[i]); err != nil {
					t.Error(err)
				}
				i++
			}); n != 0 {
				t.Errorf("%v allocations for an answer", n)
			}
		})
	}
}

// BenchmarkDiffering is what an event costs from the transport's hand to the recorder whose data differs from stream to stream.
func BenchmarkDiffering(b *testing.B) {
	const subscribers = 15_000
	for _, d := range differing {
		b.Run(d.name, func(b *testing.B) {
			f := openFieldOf(b, subscribers, d.events)
			lane := f.run.lanes[0]
			lane.Hold()
			defer lane.Release()
			var frames [][]byte
			turn := 0
			b.ReportAllocs()
			for b.Loop() {
				if turn%subscribers == 0 {
					b.StopTimer()
					frames = f.frames(d.data)
					lane.shard.page.reset()
					b.StartTimer()
				}
				f.frame = frames[turn%subscribers]
				f.visit(b, turn%subscribers)
				turn++
			}
		})
	}
}
