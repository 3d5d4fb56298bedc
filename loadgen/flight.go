package loadgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssebench/results"
)

// flights is a lane's flight recorder: what came last on the streams that went worst. A stream gets a place when something goes wrong with it
// for the first time, with the read that showed it, and loses it to one with which more went wrong. Only the holder of the lane touches it.
type flights struct {
	streams int // places
	size    int // bytes of each that are kept
	kept    []*flight
}

// flight is the recording of one stream.
type flight struct {
	results.Flight
	s     *subscription // nil: its subscriber left
	bytes int           // that are kept
}

// severity says how badly a stream went: a lost event weighs as much as a second without a stream, and an ending out of order as ten.
func (f *flight) severity() uint64 { return f.Lost + uint64(f.LongestNS/1e9) + 10*uint64(f.Failures) }

// of gives the recording of a subscription. One that has none gets it where there is a place, or one that is less worth keeping than what
// has happened now.
func (all *flights) of(s *subscription, severity uint64) *flight {
	if s.special&recorded != 0 {
		return all.kept[slices.IndexFunc(all.kept, func(f *flight) bool { return f.s == s })]
	}
	if !all.hasPlace(severity) {
		return nil
	}
	f := new(flight)
	if len(all.kept) < all.streams {
		all.kept = append(all.kept, f)
	} else {
		f = all.least()
		if f.s != nil {
			f.s.special &^= recorded
		}
		*f = flight{}
	}
	shard := &s.lane.shard
	f.s = s
	f.Client, f.Topic, f.SinceNS = int(s.client.Seed-uint32(s.run.plan.Seed)), s.topic.name, shard.now
	s.special |= recorded
	return f
}

// hasPlace says whether there is a place, or one that is less worth keeping.
func (all *flights) hasPlace(severity uint64) bool {
	return all.streams > 0 && (len(all.kept) < all.streams || all.least().severity() < severity)
}

func (all *flights) least() *flight {
	return slices.MinFunc(all.kept, func(a, b *flight) int { return cmp.Compare(a.severity(), b.severity()) })
}

// add keeps an entry, and forgets the oldest ones where there is no room.
func (f *flight) add(e results.FlightEntry, size int) {
	const most = 1000 // entries: those without bytes take room too
	f.Entries = append(f.Entries, e)
	f.bytes += len(e.Read)
	for len(f.Entries) > 1 && (f.bytes > size || len(f.Entries) > most) {
		n := len(f.Entries[0].Read)
		f.bytes -= n
		f.Forgotten += int64(n)
		f.Entries = slices.Delete(f.Entries, 0, 1)
	}
	if last := &f.Entries[len(f.Entries)-1]; f.bytes > size { // one read is too large by itself
		f.Forgotten += int64(f.bytes - size)
		last.Read = slices.Clone(last.Read[len(last.Read)-size:])
		f.bytes = size
	}
}

// read keeps the bytes of a read of a stream that is recorded.
func (all *flights) read(s *subscription, b []byte, now int64) {
	f := all.of(s, 0)
	f.add(results.FlightEntry{AtNS: now, Read: slices.Clone(b[max(0, len(b)-all.size):])}, all.size)
	f.Forgotten += int64(max(0, len(b)-all.size))
}

// lost notes that events are missing in front of a receipt.
func (all *flights) lost(s *subscription, missing Range) {
	shard := &s.lane.shard
	known := s.special&recorded != 0
	if !known && !all.hasPlace(missing.To-missing.From+1) {
		return
	}
	n := uint64(0)
	split(missing, s.topic.holes(missing), func(r Range) { n += r.To - r.From + 1 }, func(Range) {}) // what failed to be published is not missing
	if n == 0 {
		return
	}
	f := all.of(s, n)
	if f == nil {
		return
	}
	if !known { // the read that shows it
		all.read(s, shard.bytes, shard.now)
	}
	f.Lost += n
	f.add(results.FlightEntry{AtNS: shard.now, Note: fmt.Sprintf("sequences %d to %d have not come before this read's", missing.From, missing.To)}, all.size)
}

// opened notes that a stream that is recorded opened again.
func (all *flights) opened(s *subscription, o *Opening, now int64) {
	f := all.of(s, 0)
	if s.down > 0 {
		f.LongestNS = max(f.LongestNS, now-s.down)
	}
	header := make(map[string][]string, len(o.Header))
	for name, values := range o.Header {
		if IsSecret(name) {
			values = []string{"***"}
		}
		header[name] = values
	}
	f.add(results.FlightEntry{AtNS: now, Status: o.Status, Header: header, LastEventID: new(string(s.client.LastEventID()))}, all.size)
}

// ended notes how a stream, or an attempt to open it, ended. What went out of order is worth a place.
func (all *flights) ended(s *subscription, e *Ending, now int64) {
	failure := e.Token == "content_type" || e.Token == "content_encoding"
	if e.Opened {
		failure = e.Token != TokenEOF && e.Token != TokenCut && !strings.HasPrefix(e.Token, "cut_")
	}
	severity := uint64(0)
	if failure {
		severity = 10
	}
	runIsOver := e.Token == TokenCut && s.special&leaving == 0
	if runIsOver || s.special&recorded == 0 && !failure {
		return
	}
	f := all.of(s, severity)
	if f == nil {
		return
	}
	if failure {
		f.Failures++
	}
	f.add(results.FlightEntry{AtNS: now, Ended: e.Token, Message: e.Message}, all.size)
	if s.special&leaving != 0 {
		f.s = nil
		s.special &^= recorded
	}
}

// takeFlights gives the streams that went worst over all lanes, with what is secret masked. The load is over.
func (r *run) takeFlights() (worst []results.Flight) {
	var all []*flight
	for _, l := range r.lanes {
		l.Hold()
		all = append(all, l.shard.flights.kept...)
		l.Release()
	}
	slices.SortStableFunc(all, func(a, b *flight) int {
		return cmp.Or(cmp.Compare(b.severity(), a.severity()), cmp.Compare(a.Client, b.Client))
	})
	for _, f := range all[:min(len(all), r.flightsKept())] {
		f.Entries = redactEntries(f.Entries, r.plan.Secrets())
		worst = append(worst, f.Flight)
	}
	return worst
}

func (r *run) flightsKept() int {
	if r.plan.FlightRecorder == nil {
		return 0
	}
	return int(r.plan.FlightRecorder.Streams)
}

// startRecording gives each lane its places.
func (r *run) startRecording() {
	if r.plan.FlightRecorder == nil {
		return
	}
	for _, l := range r.lanes {
		l.Hold()
		l.shard.flights = flights{streams: r.flightsKept(), size: int(r.plan.FlightRecorder.Size)}
		l.Release()
	}
}

// redactEntries masks secrets, also those that several reads of a stream share.
func redactEntries(entries []results.FlightEntry, known *Redactor) []results.FlightEntry {
	stream := 0 // where the entries of this stream begin
	for i := range entries {
		e := &entries[i]
		e.Message, e.Note = Clip(known.Redact(e.Message)), Clip(known.Redact(e.Note))
		if e.LastEventID != nil {
			e.LastEventID = new(known.Redact(*e.LastEventID))
		}
		for name, values := range e.Header {
			shown := make([]string, len(values))
			for i, value := range values {
				shown[i] = known.Redact(value)
			}
			e.Header[name] = shown
		}
		if e.Status > 0 || e.Ended != "" {
			redactReads(entries[stream:i], known)
			stream = i
		}
	}
	redactReads(entries[stream:], known)
	return slices.DeleteFunc(entries, func(e results.FlightEntry) bool {
		return len(e.Read) == 0 && e.Status == 0 && e.Ended == "" && e.Note == ""
	})
}

// redactReads masks secrets in the reads of one stream.
func redactReads(entries []results.FlightEntry, known *Redactor) {
	reads := make([][]byte, len(entries))
	for i := range entries {
		reads[i] = entries[i].Read
	}
	for i, read := range known.RedactParts(reads) {
		entries[i].Read = read
	}
}
