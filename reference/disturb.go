package reference

import (
	"bytes"
	"math/rand/v2"
	"time"
)

// holdAtMost is how long an event may be held back by reorder or coalesce for
// a successor that does not come. Then it goes out as it is; a swap that was
// none is not counted.
const holdAtMost = time.Second

// disturber applies the faults to one subscriber. Only the lane uses it. Its
// deliveries own a reference to their events.
type disturber struct {
	box     *faultBox
	rnd     *rand.Rand
	sent    uint64 // events sent, counted by renumber
	base    uint64 // the number before the first one of renumber
	held    *event // by reorder
	heldNo  uint64
	heldTil int64 // ns
	pack    []byte
	packed  uint64 // events in pack
	packTil int64
	armed   int64      // when the lane's timer comes back to it, ns; 0 never
	opened  int64      // ns
	later   []delivery // in order of due
	lastDue int64      // delays keep the order
	over    bool       // the stream's end is among the deliveries
	behind  []delivery // by replay-late: the end of a replay
	lateTil int64
	out     []delivery

	messages bool // of a WebSocket: faults of an event's bytes in an event stream do not touch it
}

// next is when something held back is due, in ns; 0 never.
func (d *disturber) next() int64 {
	at := d.heldTil
	sooner := func(t int64) {
		if t != 0 && (at == 0 || t < at) {
			at = t
		}
	}
	sooner(d.packTil)
	sooner(d.lateTil)
	if f := d.box.load(); f != nil && f.CutAfter > 0 && !d.over {
		sooner(d.opened + int64(f.CutAfter))
	}
	if len(d.later) > 0 {
		sooner(d.later[0].due)
	}
	return at
}

// step returns what goes to the subscriber in place of its no-th event. The
// result is valid until the next call.
func (d *disturber) step(f *Faults, ev *event, no uint64, now int64) []delivery {
	d.out = d.out[:0]
	if d.over {
		return nil
	}
	switch {
	case nth(f.Drop, no):
		d.box.did(faultDrop)
	case nth(f.Reorder, no) && d.held == nil:
		ev.hold(1)
		d.held, d.heldNo, d.heldTil = ev, no, now+int64(holdAtMost)
	default:
		d.emit(f, ev, no, now)
		if d.held != nil {
			d.box.did(faultReorder)
			d.unhold(f, now)
		}
	}
	d.finish(f, no, now)
	return d.out
}

// tick returns what has become due by itself.
func (d *disturber) tick(f *Faults, now int64) []delivery {
	d.out = d.out[:0]
	if d.lateTil != 0 && now >= d.lateTil {
		d.catchUp(now, false)
	}
	if d.heldTil != 0 && now >= d.heldTil {
		d.unhold(f, now)
	}
	if d.packTil != 0 && now >= d.packTil {
		d.unpack(f, now)
	}
	if f.CutAfter > 0 && !d.over && now >= d.opened+int64(f.CutAfter) {
		d.end(actCut, faultCutAfter, now)
	}
	return d.out
}

// settle returns all that is held back: the stream is about to end.
func (d *disturber) settle(f *Faults, now int64) []delivery {
	d.out = append(d.out[:0], d.later...)
	d.later = nil
	d.catchUp(now, false)
	if d.held != nil {
		d.unhold(f, now)
	}
	d.unpack(f, now)
	return d.out
}

// abandon releases what is held back: nobody is there to get it.
func (d *disturber) abandon() {
	for _, del := range append(d.later, d.behind...) {
		if del.ev != nil {
			del.ev.release()
		}
	}
	d.later, d.behind = nil, nil
	if d.held != nil {
		d.held.release()
		d.held = nil
	}
}

// finish ends the stream where a fault wants that after the no-th event.
func (d *disturber) finish(f *Faults, no uint64, now int64) {
	switch no {
	case f.Cut:
		d.end(actCut, faultCut, now)
	case f.Reset:
		d.end(actReset, faultReset, now)
	case f.HalfClose:
		d.end(actHalf, faultHalfClose, now)
	case f.Stall:
		d.end(actStall, faultStall, now)
	}
}

func (d *disturber) end(how act, no faultNo, now int64) {
	d.unpack(d.box.orNone(), now)
	d.over = true
	d.box.did(no)
	d.add(delivery{act: how, due: d.lastDue}, now)
}

func (d *disturber) unhold(f *Faults, now int64) {
	ev, no := d.held, d.heldNo
	d.held, d.heldTil = nil, 0
	d.emit(f, ev, no, now)
	ev.release()
}

// emit sends ev once, or twice, with its content and its due time as the
// faults want them.
func (d *disturber) emit(f *Faults, ev *event, no uint64, now int64) {
	del := delivery{ev: ev}
	if !d.messages {
		del = d.spoil(f, ev, no)
	}
	times := 1
	if nth(f.Duplicate, no) {
		times = 2
		d.box.did(faultDuplicate)
	}
	d.delay(f, now)
	for range times {
		if d.messages {
			del.due = d.lastDue
			d.add(del, now)
		} else {
			d.shape(f, del, now)
		}
	}
	if d.behind != nil {
		d.catchUp(now, true)
	}
}

// spoil returns ev with its content as the faults want it.
func (d *disturber) spoil(f *Faults, ev *event, no uint64) delivery {
	del := delivery{ev: ev}
	for _, c := range [...]struct {
		n     uint64
		no    faultNo
		apply func(b []byte, data int) ([]byte, bool)
	}{
		{f.Corrupt, faultCorrupt, corruptLast},
		{f.CorruptFront, faultCorruptFront, corruptFirst},
		{f.InvalidUTF8, faultInvalidUTF8, invalidLast},
	} {
		if nth(c.n, no) {
			if b, ok := c.apply(del.stream(), ev.data); ok {
				del = delivery{b: b}
				d.box.did(c.no)
			}
		}
	}
	if f.Renumber {
		if d.sent == 0 {
			d.base = ev.seq - 1
		}
		d.sent++
		if b, changed := renumbered(del.stream(), ev.idEnd, d.base+d.sent); changed {
			del = delivery{b: b}
			d.box.did(faultRenumber)
		}
	}
	if f.HugeLine > 0 {
		line := append(bytes.Repeat([]byte{':'}, f.HugeLine), '\n')
		del = delivery{b: append(line, del.stream()...)}
		d.box.did(faultHugeLine)
	}
	return del
}

// delay sets the time at which the next deliveries are due.
func (d *disturber) delay(f *Faults, now int64) {
	if f.Delay == 0 && f.Jitter == 0 {
		if now >= d.lastDue {
			d.lastDue = 0
		}
		return
	}
	due := now + int64(f.Delay)
	if f.Delay > 0 {
		d.box.did(faultDelay)
	}
	if f.Jitter > 0 {
		due += d.rnd.Int64N(int64(f.Jitter))
		d.box.did(faultJitter)
	}
	d.lastDue = max(d.lastDue, due)
}

// shape gives the bytes of one delivery the form on the wire that the faults
// want, and passes it on.
func (d *disturber) shape(f *Faults, del delivery, now int64) {
	switch f.LineEnds {
	case "cr":
		del = delivery{b: bytes.ReplaceAll(del.stream(), []byte("\n"), []byte("\r"))}
		d.box.did(faultLineEnds)
	case "crlf":
		del = delivery{b: bytes.ReplaceAll(del.stream(), []byte("\n"), []byte("\r\n"))}
		d.box.did(faultLineEnds)
	}
	del.due = d.lastDue
	switch {
	case f.Split:
		d.box.did(faultSplit)
		b := del.stream()
		for i := range b {
			d.add(delivery{b: b[i : i+1 : i+1], act: actAlone, due: d.lastDue}, now)
		}
	case f.Coalesce > 1 || f.NoFlush > 0:
		d.pack = append(d.pack, del.stream()...)
		d.packed++
		switch {
		case f.NoFlush > 0 && len(d.pack) >= f.NoFlush:
			d.unpack(f, now)
		case f.NoFlush > 0:
		case d.packed >= f.Coalesce:
			d.unpack(f, now)
		case d.packTil == 0:
			d.packTil = now + int64(holdAtMost)
		}
	default:
		d.unpack(f, now)
		d.add(del, now)
	}
}

// unpack passes on what coalesce or no-flush gathered, in one piece.
func (d *disturber) unpack(f *Faults, now int64) {
	if d.packed == 0 {
		return
	}
	no := faultCoalesce
	if f.NoFlush > 0 {
		no = faultNoFlush
	}
	for range d.packed {
		d.box.did(no)
	}
	d.add(delivery{b: d.pack, act: actAlone, due: d.lastDue}, now)
	d.pack, d.packed, d.packTil = nil, 0, 0
}

// add puts del among what goes out now, or what waits for its time.
func (d *disturber) add(del delivery, now int64) {
	if del.ev != nil {
		del.ev.hold(1)
	}
	if del.due > now || len(d.later) > 0 {
		d.later = append(d.later, del)
		return
	}
	del.due = 0
	d.out = append(d.out, del)
}

// due returns what has waited long enough.
func (d *disturber) due(now int64) []delivery {
	n := 0
	for n < len(d.later) && d.later[n].due <= now {
		n++
	}
	ready := d.later[:n:n]
	if d.later = d.later[n:]; len(d.later) == 0 {
		d.later = nil
	}
	for i := range ready {
		ready[i].due = 0
	}
	return ready
}

// bound reports whether earlier faults still bind this subscriber.
func (d *disturber) bound() bool {
	return d.over || d.held != nil || d.behind != nil || d.packed > 0 || len(d.later) > 0
}

func nth(n, no uint64) bool { return n > 0 && no%n == 0 }
