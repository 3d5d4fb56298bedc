package transport

import "runtime"

// weighBatch is how many sockets are read while the lane is held, which takes about 0.2 ms.
const weighBatch = 256

// weighing is a reading of what all sockets of a loop have carried. It goes in steps, so that no stream waits for long; a socket that is
// closed between two steps counts as it was then.
type weighing struct {
	sum     carriage
	number  uint32 // of the readings so far
	running bool
}

// weigh gives what all sockets of the loop have carried, those that are closed too. A TLS handshake under way counts once it is over. One
// goroutine at a time may call it, without the lane held.
func (p *loop) weigh() carriage {
	p.lane.Hold()
	defer p.lane.Release()
	w := &p.weighing
	w.sum, w.running = p.wire.closed, true
	w.number++
	for _, fd := range p.silent {
		w.sum.add(p.wire.read(fd))
	}
	for slot := 0; slot < len(p.sockets); slot++ {
		if k := &p.sockets[slot]; k.owner != nil {
			p.weighSocket(k.owner.descriptor(), int32(slot))
		}
		if slot%weighBatch == weighBatch-1 {
			p.lane.Release()
			runtime.Gosched()
			p.lane.Hold()
		}
	}
	w.running = false
	return w.sum
}

// weighSocket adds a socket to the reading that is running, unless it was added before.
func (p *loop) weighSocket(fd, slot int32) {
	if slot == noSlot || !p.weighing.running {
		return
	}
	if k := &p.sockets[slot]; k.weighed != p.weighing.number {
		k.weighed = p.weighing.number
		p.weighing.sum.add(p.wire.read(fd))
	}
}
