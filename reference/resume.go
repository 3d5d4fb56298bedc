package reference

import (
	"slices"
	"strconv"
	"time"
)

// resume queues what s missed since lastID, right or as the faults want it. The
// lock is held, and s is not yet its lane's.
func (h *hub) resume(s *subscriber, topics []*topic, lastID string) {
	if lastID == "" {
		return
	}
	f := h.faults.orNone()
	after, known := find(topics, lastID, h.first, h.seq)
	if f.ForgetRing {
		for range since(topics, after) {
			h.faults.did(faultForgetRing)
		}
		return
	}
	if !known {
		h.countGone(topics, lastID)
		if b := h.gap(lastID); b != nil {
			s.queue = append(s.queue, delivery{b: b})
		}
	}
	first := len(s.queue)
	var no uint64
	for ev := range since(topics, after) {
		if no++; nth(f.ReplayDrop, no) {
			h.faults.did(faultReplayDrop)
			continue
		}
		ev.hold(1)
		s.queue = append(s.queue, delivery{ev: ev})
	}
	if len(s.queue) == first {
		return
	}
	h.counts.replays.Add(1)
	if *f != noFaults {
		h.misplay(s, f, first)
	}
	h.counts.replayed.Add(uint64(len(s.queue) - first))
}

// countGone counts the numbers between the last event ID and the first event
// that is still there. They are events of the stream's topics where the server
// has no others, and numbers its events itself.
func (h *hub) countGone(topics []*topic, lastID string) {
	last, err := strconv.ParseUint(lastID, 10, 64)
	if err != nil || last < h.born || last > h.seq {
		return
	}
	next := h.seq + 1
	for ev := range since(topics, last) {
		next = ev.seq
		break
	}
	h.counts.gone.Add(next - last - 1)
}

// misplay makes the replay wrong that starts at first in the queue of s.
func (h *hub) misplay(s *subscriber, f *Faults, first int) {
	replay := s.queue[first:]
	if n := int(f.ReplayReorder); n > 0 {
		for no := n; no < len(replay); no += max(n, 2) { // a successor is in its place already
			replay[no-1], replay[no] = replay[no], replay[no-1]
			h.faults.did(faultReplayReorder)
		}
	}
	if f.ReplayTwice {
		for _, d := range replay {
			d.ev.hold(1)
			h.faults.did(faultReplayTwice)
		}
		s.queue = append(s.queue, replay...)
	}
	if n := int(f.ReplayLate); n > 0 {
		from := max(first, len(s.queue)-n)
		s.odd = h.disturber(s, nanos(time.Now()))
		s.odd.stayBehind(slices.Clone(s.queue[from:]))
		clear(s.queue[from:])
		s.queue = s.queue[:from]
	}
}

// gap is what tells a client that events after its last event ID are gone; nil
// where a fault wants it to be hidden.
func (h *hub) gap(lastID string) []byte {
	switch h.faults.orNone().Gap {
	case "none":
		h.faults.did(faultGap)
		return nil
	case "comment":
		h.faults.did(faultGap)
		h.counts.gaps.Add(1)
		return append(AppendComment(nil, "gap: events after "+lastID+" are gone"), '\n')
	}
	h.counts.gaps.Add(1)
	return gapEvent(lastID)
}

// lateAtMost is how long the end of a replay waits for an event that does not
// come.
const lateAtMost = 10 * time.Second

// stayBehind takes over the end of a replay, to be sent after the next event.
func (d *disturber) stayBehind(replay []delivery) {
	d.behind, d.lateTil = replay, d.opened+int64(lateAtMost)
}

// catchUp passes on the end of a replay, after an event that was to follow it
// or because none came.
func (d *disturber) catchUp(now int64, late bool) {
	replay := d.behind
	d.behind, d.lateTil = nil, 0
	if late {
		d.unpack(d.box.orNone(), now)
	}
	for _, del := range replay {
		if late {
			d.box.did(faultReplayLate)
		}
		del.due = d.lastDue
		d.add(del, now)
		del.ev.release()
	}
}
