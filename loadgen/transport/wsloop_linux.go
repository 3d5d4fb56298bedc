package transport

import "ssebench/loadgen"

// sendBacklog bounds what waits for the kernel on one WebSocket, in bytes, before no more is taken.
const sendBacklog = 1 << 20

// Send implements loadgen.Sender. It holds the lane, and so writes between two batches of the loop, without waiting for the poller.
func (s *looped) Send(message []byte) error {
	p := s.loop
	p.lane.Hold()
	defer p.lane.Release()
	w := s.socket()
	switch {
	case w == nil || !w.open || s.phase != answering || s.cut():
		return fail(loadgen.TokenNotOpen, "the WebSocket is not open")
	case s.unsent && len(p.unsent[s]) > sendBacklog:
		return fail(tokenWSBacklog, "the server does not read: %d bytes wait to be sent to it", len(p.unsent[s]))
	}
	p.scratch = w.appendPublished(p.scratch[:0], message)
	err := s.write(p.scratch)
	if cap(p.scratch) > requestBufferSize {
		p.scratch = nil
	}
	p.lane.count(&p.traffic)
	return err
}

// reply sends what the WebSocket itself has to say after a read that ended with err. Where the server does not read, it gets no more of it.
func (s *looped) reply(w *webSocket, err error) error {
	out := w.out
	w.out = nil
	if s.cut() || s.unsent && len(s.loop.unsent[s]) > sendBacklog {
		return err
	}
	if failed := s.write(out); err == nil {
		err = failed
	}
	return err
}
