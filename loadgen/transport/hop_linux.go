package transport

import (
	"context"
	"io"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"ssebench/results"
)

// listening is what an open connection is polled for, by edges: a socket that was read empty is not looked at again until more comes.
const listening = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET

// dial connects to where the hop leads.
func (s *looped) dial() {
	p, o := s.loop, s.opening
	if !s.dials {
		s.dials = true
		p.dialing++
	}
	host, port, err := p.t.destination(o.url, s.home())
	if err != nil {
		s.finish(err)
		return
	}
	o.dialing = candidates{port: port, by: p.clock.now() + int64(p.t.config.DialTimeout)}
	if a, err := netip.ParseAddr(host); err == nil {
		o.dialing.addrs = append(o.dialing.addrs, a.Unmap())
		s.resolved(nil)
		return
	}
	s.phase = resolving
	epoch, deadline := s.epoch, p.instant(o.dialing.by)
	p.async.Go(func() {
		defer p.lane.Recovered("a lookup")
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() { // the resolver's own queries go on for others
			defer p.lane.Recovered("a lookup")
			select {
			case <-p.done:
				cancel()
			case <-ctx.Done():
			}
		}()
		addrs, err := p.t.resolver.lookup(ctx, host, deadline)
		p.post(message{do: doCall, call: func() {
			if s.phase == resolving && s.epoch == epoch {
				s.opening.dialing.addrs = addrs
				s.resolved(err)
			}
		}})
	})
}

// resolved goes on with the addresses, each of which must be allowed before the first is dialed.
func (s *looped) resolved(err error) {
	if err == nil {
		err = s.loop.t.allowed(s.opening.dialing.addrs)
	}
	if err != nil {
		s.finish(err)
		return
	}
	s.connect()
}

// connect tries the next address.
func (s *looped) connect() {
	p, d := s.loop, &s.opening.dialing
	d.to = netip.AddrPortFrom(d.addrs[0], d.port)
	d.addrs = d.addrs[1:]
	s.phase = connecting
	var from netip.Addr
	if len(p.t.config.SourceAddresses) > 0 {
		var ok bool
		if from, ok = p.t.source(d.to.Addr()); !ok {
			s.undialed(fail(tokenSourceAddress, "no source address is of the family of %s", d.to.Addr()))
			return
		}
	}
	fd, err := connectSocket(d.to, from)
	if err != nil {
		s.undialed(dialFailure(err))
		return
	}
	s.fd, s.slot = fd, noSlot
	// Each address gets its share of what time is left, so that a dead one does not hide the next.
	now := p.clock.now()
	p.wheel.set(s, now+(d.by-now)/int64(len(d.addrs)+1))
	if s.slot, err = p.attach(fd, s, unix.EPOLLOUT); err != nil {
		s.undialed(dialFailure(err))
	}
}

// undialed goes on after an address failed: to the next, or to the end with the first failure.
func (s *looped) undialed(err error) {
	d := &s.opening.dialing
	s.loop.wheel.stop(s)
	s.discard()
	if d.first == nil {
		d.first = err
	}
	if len(d.addrs) > 0 {
		s.loop.lane.failedOver(err)
		s.connect()
		return
	}
	s.finish(d.first)
}

// undial gives back the place among the dials in flight.
func (s *looped) undial() {
	if s.dials {
		s.dials = false
		s.loop.dialing--
	}
}

func dialTimeout(to netip.AddrPort) error {
	return dialFailure(dialError(to, "connect", os.ErrDeadlineExceeded))
}

// connected goes on when connect(2) is through.
func (s *looped) connected() {
	p, o := s.loop, s.opening
	if err := socketError(s.fd); err != nil {
		s.undialed(dialFailure(dialError(o.dialing.to, "connect", err)))
		return
	}
	p.wheel.stop(s)
	first := o.Dialed.IsZero()
	if first {
		o.Dialed = p.instant(p.clock.now())
	}
	s.peer = p.remote(o.dialing.to, origin(o.url))
	if o.url.Scheme == "https" {
		s.shake(first)
		return
	}
	s.undial()
	if err := p.rearm(s.fd, s.slot, listening); err != nil {
		s.finish(fail(tokenDialFailed, "%v", err))
		return
	}
	s.arrived()
}

// arrived goes on when the connection can carry HTTP.
func (s *looped) arrived() {
	if s.loop.codec == nil {
		s.ask()
	} else {
		s.lay()
	}
}

// shake has the handshake done on a goroutine, which has the descriptor until then; the places among the dials in flight bound how many
// there are. first: the connection is the opening's first, whose instants it has.
func (s *looped) shake(first bool) {
	p, fd, epoch := s.loop, s.fd, s.epoch
	p.detach(fd, s.slot)
	s.fd, s.slot, s.phase = noSocket, noSlot, shaking
	host, deadline, again := s.opening.url.Hostname(), time.Now().Add(p.t.config.DialTimeout), s.resumes
	p.async.Go(func() {
		defer p.lane.Recovered("a TLS handshake")
		c, state, received, sent, err := p.handshakes.handshake(int(fd), host, again, deadline, p.done)
		at := time.Now() // the loop may be busy
		if err == nil && p.codec != nil && state.NegotiatedProtocol != "h2" {
			err = fail(tokenALPN, "the server did not choose HTTP/2 in the TLS handshake")
		}
		p.post(message{do: doCall, call: func() {
			p.received += received
			p.tlsReceived += received
			p.sent += sent
			p.tlsSent += sent
			if s.phase != shaking && s.phase != finished || s.epoch != epoch {
				err = errCut
			} else if first && s.opening != nil {
				s.opening.TLSDone = at
			}
			s.shaken(fd, c, err)
		}})
	})
}

// shaken goes on after the handshake.
func (s *looped) shaken(fd int32, c *secure, err error) {
	p := s.loop
	s.fd, s.secure = fd, c
	switch {
	case s.phase == finished:
		s.discard()
		if s.browses() {
			s.yield()
		}
		return
	case s.cut(): // its message is on its way
		s.discard()
		s.phase = connecting
		return
	case err != nil:
		s.discard()
		s.phase = connecting
		s.finish(err)
		return
	}
	s.resumes = true
	s.undial()
	if s.slot, err = p.attach(fd, s, listening); err != nil {
		s.finish(fail(tokenDialFailed, "%v", err))
		return
	}
	s.arrived()
}

// ready implements endpoint.
func (s *looped) ready(events uint32) {
	switch s.phase {
	case connecting:
		s.connected()
		return
	case waiting, pooling:
		if s.leaving {
			s.seeOff()
		} else { // the kept connection is of no use any more
			s.discard()
		}
		if s.browses() {
			s.yield()
		}
		return
	}
	if events&unix.EPOLLOUT != 0 && s.unsent && !s.drain() {
		return
	}
	if s.paced && s.opened {
		events &^= listening // fetched before it was taken out of the poll
	}
	if events&^unix.EPOLLOUT != 0 {
		s.read(events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0)
	}
}

// drain writes what was left. It answers false if the stream went on to something else.
func (s *looped) drain() bool {
	err := s.send(s.takeUnsent())
	if err == nil && !s.unsent {
		if o := s.opening; o != nil && o.Requested.IsZero() {
			s.asked()
		}
		return s.listen()
	}
	if err != nil {
		s.concluded(err)
	}
	return err == nil
}

// readsInRow bounds the reads of one stream in a row, so that none keeps the others waiting.
const readsInRow = 16

// read reads until nothing is left. A read that leaves room in the buffer took all there was, unless the connection has ended: edges are
// polled for, and the one of the end has been.
func (s *looped) read(ended bool) {
	p := s.loop
	for range readsInRow {
		b := p.lane.buffer[:s.allowed()]
		n, stamp, errno := p.receiver.receive(s.fd, b)
		switch {
		case n > 0:
		case errno == 0:
			s.concluded(s.closed())
			return
		case errno == unix.EAGAIN:
			s.slow()
			return
		default:
			s.concluded(systemError("read", errno))
			return
		}
		p.stamped(stamp, n)
		p.received += int64(n)
		if err := s.feed(b[:n]); err != nil || s.parser.done() {
			s.brimful = n == len(b)
			s.concluded(err)
			return
		}
		if s.paced && s.opened {
			s.slow()
			return
		}
		if n < len(b) && !ended {
			return
		}
	}
	s.listen()
}

// feed hands on what was read.
func (s *looped) feed(b []byte) (err error) {
	if s.secure == nil {
		err = s.answer(b)
	} else {
		s.loop.tlsReceived += int64(len(b))
		err = s.secure.open(b, s)
		if b := s.secure.pending(nil); len(b) > 0 && err == nil {
			s.loop.tlsSent += int64(len(b))
			err = s.send(b)
		}
	}
	if w := s.socket(); w != nil && len(w.out) > 0 {
		err = s.reply(w, err)
	}
	return err
}

// closed tells what the end of the connection is. TLS announces its own, which is known before.
func (s *looped) closed() error {
	if s.secure != nil {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

// plain implements plainSink.
func (s *looped) plain(b []byte) error {
	s.loop.tlsReceived -= int64(len(b))
	return s.answer(b)
}

// stamped notes when the n bytes came that were just read: the kernel's stamp, in the loop's time, and how late we are.
func (p *loop) stamped(stamp int64, n int) {
	now := p.clock.now()
	at := now
	if stamp != 0 {
		at = p.clock.from(stamp)
		if lag := now - at; lag >= 0 && lag < lagLimit {
			p.stamps++
			p.lane.figures.Record(results.GeneratorLag, lag)
			if lag >= stalledLag && n >= stalledBytes {
				p.stall = now
			}
		} else { // the clock was set in between
			p.unstamped++
			at = now
		}
	} else {
		p.unstamped++
	}
	if at == p.read { // two reads have two instants
		at++
	}
	p.read = at
	p.at = p.instant(at)
}

// lagLimit is the longest time that bytes may have waited for us, in nanoseconds. Beyond it the stamp is of another clock.
const lagLimit = int64(10 * time.Minute)

func systemError(call string, errno unix.Errno) error { return os.NewSyscallError(call, errno) }
