package transport

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"

	"ssebench/loadgen"
)

// trunk is an HTTP/2 connection on a loop: of one stream, over its reopenings, or, where streams share connections, of a destination.
// It is called with the lane held.
type trunk struct {
	conn     *conn2
	loop     *loop
	to       *destination // nil: it is its owner's alone
	owner    *looped      // while the server's SETTINGS are awaited that who dialed it
	secure   *secure      // nil: cleartext
	failed   error        // of writing; reading tells what is to be done about it
	unsent   []byte       // what the kernel did not take
	fd       int32
	slot     int32  // of the socket in the loop's table
	index    int32  // in the destination's trunks
	peer     uint16 // in the loop's remotes
	posts    uint16 // requests on it that subscribers sent beside their streams
	settling bool   // the server's SETTINGS are awaited
	used     bool   // it has carried a request
	full     bool   // the server refused a stream, whatever its SETTINGS say; until one ends
	listed   bool   // among its destination's with a vacancy
	waits    bool   // among those that the loop will have written
	shut     bool
}

// lay makes an HTTP/2 connection of the one that the stream dialed, and awaits the server's SETTINGS.
func (s *looped) lay() {
	p := s.loop
	t := &trunk{conn: newConn2(p.codec), loop: p, to: s.opening.to, owner: s, secure: s.secure, fd: s.fd, slot: s.slot, peer: s.peer, settling: true}
	p.sockets[t.slot].owner = t
	s.fd, s.slot, s.secure, s.trunk = noSocket, noSlot, nil, t
	s.phase = settling
	p.wheel.set(s, p.clock.now()+int64(p.t.config.DialTimeout))
	if t.to != nil {
		t.to.add(t)
	}
	t.listen()
	t.write()
}

// levels is what a trunk is polled for: it brings so much at once that there is often more than one read takes.
const levels = unix.EPOLLIN | unix.EPOLLRDHUP

// settled goes on when the server's SETTINGS came.
func (t *trunk) settled() {
	s := t.owner
	t.settling = false
	t.loop.wheel.stop(s)
	if t.to != nil {
		t.owner, s.trunk = nil, nil
		t.to.dialed(s)
		if limit := t.conn.limit; limit < largestStream && (t.loop.limit == 0 || limit < t.loop.limit) {
			t.loop.limit = limit
		}
	}
	if t.vacant() {
		s.ask2(t)
		return
	}
	err := t.conn.goaway
	if err == nil {
		err = fail(tokenHTTP2, "the server takes no stream on a new connection: its setting MAX_CONCURRENT_STREAMS is 0")
	}
	t.close()
	s.finish(err)
}

// unsettled is called when the server's SETTINGS did not come in time.
func (s *looped) unsettled() {
	s.trunk.close()
	s.finish(fail(tokenHTTP2, "the server sent no SETTINGS frame: it does not speak HTTP/2"))
}

// vacant tells whether another stream may be opened now.
func (t *trunk) vacant() bool {
	most := 1
	if t.to != nil {
		most = t.to.share()
	}
	return !t.shut && !t.settling && !t.full && t.conn.room() > 0 && t.conn.streams.count-int(t.posts) < most
}

// ready implements endpoint.
func (t *trunk) ready(events uint32) {
	if events&unix.EPOLLOUT != 0 && len(t.unsent) > 0 {
		t.drain()
	}
	if t.heldUp() {
		events &^= levels // fetched before it was taken out of the poll
	}
	if events&^unix.EPOLLOUT != 0 {
		t.read()
	}
}

// read reads once; more is told by the next poll.
func (t *trunk) read() {
	p := t.loop
	most := len(p.lane.buffer)
	if t.heldUp() {
		most = t.owner.allowed()
	}
	n, stamp, errno := p.receiver.receive(t.fd, p.lane.buffer[:most])
	if n == 0 {
		switch {
		case errno == unix.EAGAIN:
			t.holdUp()
		case errno != 0:
			t.end(systemError("read", errno))
		case t.failed != nil:
			t.end(t.failed)
		default:
			t.end(io.EOF)
		}
		return
	}
	p.stamped(stamp, n)
	p.received += int64(n)
	var err error
	if t.secure == nil {
		err = t.conn.feed(p.lane.buffer[:n], p.at)
	} else {
		p.tlsReceived += int64(n)
		if err = t.secure.open(p.lane.buffer[:n], t); !t.shut {
			t.sendTLS(t.secure.pending(nil))
		}
	}
	switch {
	case t.shut:
	case err != nil:
		t.end(err)
	default:
		t.fed()
		t.holdUp()
	}
}

// heldUp tells that its only stream reads slowly.
func (t *trunk) heldUp() bool { return t.owner != nil && t.owner.trunk == t && t.owner.holdsUp() }

func (t *trunk) holdUp() {
	if t.heldUp() {
		t.owner.slow()
	}
}

// listen has the connection polled for what is of interest.
func (t *trunk) listen() {
	var events uint32
	if !t.heldUp() {
		events = levels
	}
	if len(t.unsent) > 0 {
		events |= unix.EPOLLOUT
	}
	if err := t.loop.rearm(t.fd, t.slot, events); err != nil {
		t.failed = writeFailure(err)
		unix.Shutdown(int(t.fd), unix.SHUT_RDWR) // the poller tells of it
	}
}

// plain implements plainSink.
func (t *trunk) plain(b []byte) error {
	t.loop.tlsReceived -= int64(len(b))
	if t.shut {
		return nil // its only stream was cut by what came before
	}
	return t.conn.feed(b, t.loop.at)
}

// fed goes on after what came was handled.
func (t *trunk) fed() {
	if t.settling {
		if !t.conn.ready() {
			return
		}
		t.settled()
	}
	switch {
	case t.shut:
	case !t.conn.usable() && t.conn.streams.count == 0: // after GOAWAY
		t.close()
	default:
		t.offer()
		t.write()
	}
}

// offer lists the trunk where a stream of its destination can take a place on it.
func (t *trunk) offer() {
	if t.to != nil && !t.listed && t.vacant() {
		t.listed = true
		t.to.free = append(t.to.free, t)
	}
}

// end ends the trunk after its socket was closed or failed, or the server broke the protocol.
func (t *trunk) end(err error) {
	silent := t.conn.broken == nil && len(t.conn.kept) == 0
	f := t.conn.closed(err)
	if t.settling && silent && t.secure != nil && t.secure.asked {
		f = certificateRequired(f)
	}
	s := t.owner
	settling := t.settling
	t.close()
	if settling {
		s.finish(f)
	}
}

// write has what waits to be written sent at the end of the loop's batch, for all streams together.
func (t *trunk) write() {
	if !t.waits && t.conn.writes() {
		t.waits = true
		t.loop.writing = append(t.loop.writing, t)
	}
}

// flush sends what waits to be written, unless the kernel has not taken what came before. last: nothing follows, which TLS says along with it.
func (t *trunk) flush(last bool) {
	if t.shut || len(t.unsent) > 0 || !t.conn.writes() && !last {
		return
	}
	p := t.loop
	p.scratch = t.conn.take(p.scratch[:0])
	b := p.scratch
	if t.secure != nil {
		var err error
		if b, err = t.secure.seal(nil, b); err != nil {
			t.failed = writeFailure(err)
			unix.Shutdown(int(t.fd), unix.SHUT_RDWR) // the poller tells of it
			return
		}
		if last {
			b = t.secure.goodbye(b)
		}
		p.tlsSent += int64(len(b) - len(p.scratch))
	}
	t.send(b)
	if cap(p.scratch) > requestBufferSize {
		p.scratch = nil
	}
}

// send writes to the socket.
func (t *trunk) send(b []byte) {
	if len(t.unsent) > 0 {
		t.unsent = append(t.unsent, b...)
		return
	}
	if n := t.push(b); n < len(b) {
		t.unsent = append([]byte(nil), b[n:]...)
		t.listen()
	}
}

// sendTLS sends what TLS has to say of its own.
func (t *trunk) sendTLS(b []byte) {
	t.loop.tlsSent += int64(len(b))
	t.send(b)
}

// drain sends what the kernel did not take before.
func (t *trunk) drain() {
	t.unsent = t.unsent[t.push(t.unsent):]
	if len(t.unsent) == 0 {
		t.unsent = nil
		t.listen()
		t.flush(false)
	}
}

// push gives the kernel what it takes. After an error it swallows everything: that is left to reading, which may know better what
// happened, since there can be a GOAWAY.
func (t *trunk) push(b []byte) (n int) {
	if t.failed != nil {
		return len(b)
	}
	n, errno := sendSocket(t.fd, b)
	switch errno {
	case 0:
		t.loop.sent += int64(n)
		return n
	case unix.EAGAIN:
		return 0
	}
	t.failed = writeFailure(systemError("write", errno))
	return len(b)
}

// close closes the connection, after what is left to be said.
func (t *trunk) close() {
	if t.shut {
		return
	}
	how := byFIN
	t.flush(true)
	if t.secure != nil && len(t.unsent) == 0 && t.failed == nil {
		how = byAlert
	}
	t.abandon()
	t.loop.closeSocket(t.fd, t.slot, how)
}

// descriptor implements endpoint.
func (t *trunk) descriptor() int32 { return t.fd }

// cut gives the connection up in the way that its only stream was cut.
func (t *trunk) cut(how loadgen.Cut) {
	switch how {
	case loadgen.CutSilent:
		t.abandon()
		t.loop.silence(t.fd, t.slot)
	case loadgen.CutRST:
		t.abandon()
		t.loop.closeSocket(t.fd, t.slot, byRST)
	default:
		t.close()
	}
}

// abandon makes the trunk one that nobody knows any more.
func (t *trunk) abandon() {
	t.shut, t.unsent = true, nil
	if s := t.owner; s != nil && s.trunk == t {
		s.trunk = nil
	}
	if t.to != nil {
		t.to.remove(t)
	}
	t.forsake()
}

// isUnprocessed tells that the server never worked on the request.
func isUnprocessed(err error) bool {
	var u unprocessed
	return errors.As(err, &u)
}
