package transport

import (
	"golang.org/x/sys/unix"
)

// socket is the owner of a descriptor that is polled. The kernel knows it by its slot.
type socket struct {
	owner endpoint // nil: none
	turn  uint32   // tells the lives of a slot apart, for events that were fetched before it was given back

	weighed uint32 // the reading of the wire that it is in
}

// noSlot stands for a descriptor that is not polled.
const noSlot = int32(-1)

// endpoint is called with the loop's lane held.
type endpoint interface {
	ready(events uint32) // the socket is ready
	descriptor() int32   // noSocket while the connection is not established
}

// attach makes an endpoint the owner of a descriptor and has it polled for the events.
func (p *loop) attach(fd int32, owner endpoint, events uint32) (slot int32, err error) {
	if n := len(p.slots); n > 0 {
		slot, p.slots = p.slots[n-1], p.slots[:n-1]
	} else {
		slot = int32(len(p.sockets))
		p.sockets = append(p.sockets, socket{})
	}
	k := &p.sockets[slot]
	k.owner, k.weighed = owner, 0
	k.turn++
	if err := p.poller.add(fd, slot, k.turn, events); err != nil {
		p.free(slot)
		return noSlot, err
	}
	return slot, nil
}

// rearm changes what a descriptor is polled for.
func (p *loop) rearm(fd, slot int32, events uint32) error {
	return p.poller.modify(fd, slot, p.sockets[slot].turn, events)
}

// detach takes a descriptor out of the poll; it stays open.
func (p *loop) detach(fd, slot int32) {
	if slot != noSlot {
		p.poller.remove(fd)
		p.free(slot)
	}
}

func (p *loop) free(slot int32) {
	p.sockets[slot].owner = nil
	p.slots = append(p.slots, slot)
}

// closeSocket counts what the descriptor carried and closes it, which also takes it out of the poll.
func (p *loop) closeSocket(fd, slot int32, how manner) {
	p.weighSocket(fd, slot)
	if slot != noSlot {
		p.free(slot)
	}
	if how == byRST {
		resetOnClose(fd)
	}
	p.wire.last(fd, how)
	unix.Close(int(fd))
}

// silence takes a descriptor out of the poll and keeps it, unread, until the loop ends.
func (p *loop) silence(fd, slot int32) {
	p.weighSocket(fd, slot)
	p.detach(fd, slot)
	p.silent = append(p.silent, fd)
}
