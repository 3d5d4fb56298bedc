package reference

import "sync/atomic"

// faultBox holds the faults in force and counts what was done, over all
// subscribers and since the server started.
type faultBox struct {
	now  atomic.Pointer[Faults] // nil: none
	done [faultCount]atomic.Uint64
	seed uint64
}

func (b *faultBox) load() *Faults  { return b.now.Load() }
func (b *faultBox) did(no faultNo) { b.done[no].Add(1) }

// orNone is load for those who want no nil.
func (b *faultBox) orNone() *Faults {
	if f := b.now.Load(); f != nil {
		return f
	}
	return &noFaults
}

var noFaults Faults

func (b *faultBox) store(f Faults) {
	f.Restart, f.EmptyRing = 0, false // acts, not states
	if f == (Faults{}) {
		b.now.Store(nil)
		return
	}
	b.now.Store(&f)
}
