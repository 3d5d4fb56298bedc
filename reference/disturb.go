package reference

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"time"
)

// holdAtMost is how long a reordered event waits for its successor. It then
// goes out alone, in its place, and is not counted.
const holdAtMost = time.Second

// disturber applies the faults of live events to one subscriber. It counts the
// events that were meant for the subscriber from the stream's opening: every
// "every N-th" goes by that number, whatever the other faults did.
type disturber struct {
	meant     uint64    // events meant for this subscriber
	sent      uint64    // events sent, counted by renumber
	base      uint64    // the number before the first one of renumber
	lastDue   time.Time // delays keep the order
	held      *event    // by reorder
	heldNo    uint64
	heldUntil time.Time
	box       *faultBox
	rnd       *rand.Rand
	out       []delivery
}

// busy reports whether earlier faults still bind this subscriber's events.
func (d *disturber) busy() bool { return d.held != nil || !d.lastDue.IsZero() }

// step returns what goes to the subscriber in place of ev. The result is valid
// until the next call. f may be nil.
func (d *disturber) step(f *Faults, ev *event, now time.Time) []delivery {
	d.out = d.out[:0]
	if f == nil {
		f = &Faults{}
		if now.After(d.lastDue) {
			d.lastDue = time.Time{}
		}
	}
	d.meant++
	no := d.meant
	switch {
	case nth(f.Drop, no):
		d.box.did(faultDrop)
	case nth(f.Reorder, no) && d.held == nil:
		d.held, d.heldNo, d.heldUntil = ev, no, now.Add(holdAtMost)
		return nil
	default:
		d.emit(f, ev, no, now)
		if d.held != nil {
			d.box.did(faultReorder)
			d.release(f, now)
		}
	}
	return d.out
}

// overdue gives up the held event once its successor has not come in time.
func (d *disturber) overdue(now time.Time) (delivery, bool) {
	if d.held == nil || now.Before(d.heldUntil) {
		return delivery{}, false
	}
	ev := d.held
	d.held, d.heldUntil = nil, time.Time{}
	return delivery{ev: ev}, true
}

func (d *disturber) release(f *Faults, now time.Time) {
	ev, no := d.held, d.heldNo
	d.held, d.heldUntil = nil, time.Time{}
	d.emit(f, ev, no, now)
}

// emit sends ev once, or twice, with its content and its due time as the
// faults want them.
func (d *disturber) emit(f *Faults, ev *event, no uint64, now time.Time) {
	del := delivery{ev: ev}
	if nth(f.Corrupt, no) {
		if b, ok := corruptLast(del.stream(), ev.data); ok {
			del = delivery{b: b}
			d.box.did(faultCorrupt)
		}
	}
	if nth(f.CorruptFront, no) {
		if b, ok := corruptFirst(del.stream(), ev.data); ok {
			del = delivery{b: b}
			d.box.did(faultCorruptFront)
		}
	}
	times := 1
	if nth(f.Duplicate, no) {
		times = 2
		d.box.did(faultDuplicate)
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
	if f.Delay > 0 || f.Jitter > 0 {
		due := now.Add(f.Delay)
		if f.Jitter > 0 {
			due = due.Add(time.Duration(d.rnd.Int64N(int64(f.Jitter))))
			d.box.did(faultJitter)
		}
		if f.Delay > 0 {
			d.box.did(faultDelay)
		}
		if due.After(d.lastDue) {
			d.lastDue = due
		}
	}
	del.due = d.lastDue
	for range times {
		d.out = append(d.out, del)
	}
}

func nth(n, no uint64) bool { return n > 0 && no%n == 0 }

// corruptLast returns a copy of an event in which the last letter or digit of
// the data is another one. Generators fill the end of the data, and letters
// and digits keep JSON around them whole. It says false where there is none.
func corruptLast(b []byte, data int) ([]byte, bool) {
	for end := len(b) - 1; end > data; {
		start := data + bytes.LastIndexByte(b[data:end-1], '\n') + 1
		for i := end - 1; i >= start+len("data: "); i-- {
			if c, ok := otherDigit(b[i]); ok {
				return replaced(b, i, c), true
			}
		}
		end = start
	}
	return nil, false
}

// corruptFirst is corruptLast at the front, where a mark is likely to start.
func corruptFirst(b []byte, data int) ([]byte, bool) {
	for start := data; start < len(b)-1; {
		n := bytes.IndexByte(b[start:], '\n')
		for i := start + len("data: "); i < start+n; i++ {
			if c, ok := otherDigit(b[i]); ok {
				return replaced(b, i, c), true
			}
		}
		start += n + 1
	}
	return nil, false
}

func replaced(b []byte, i int, c byte) []byte {
	b = bytes.Clone(b)
	b[i] = c
	return b
}

// otherDigit returns the letter or digit after c in c's own alphabet.
func otherDigit(c byte) (byte, bool) {
	switch {
	case c == '9':
		return '0', true
	case c == 'z':
		return 'a', true
	case c == 'Z':
		return 'A', true
	case c >= '0' && c < '9', c >= 'a' && c < 'z', c >= 'A' && c < 'Z':
		return c + 1, true
	}
	return 0, false
}

// renumbered returns an event with the number as its id, and whether that is
// another one than it had.
func renumbered(b []byte, idEnd int, number uint64) ([]byte, bool) {
	line := append([]byte("id: "), strconv.FormatUint(number, 10)...)
	line = append(line, '\n')
	if bytes.Equal(line, b[:idEnd]) {
		return nil, false
	}
	return append(line, b[idEnd:]...), true
}
