package transport

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// handshaker makes the TLS handshakes of a Transport's loops.
type handshaker struct{ t *Transport }

// handshake shakes hands on a connected, non-blocking descriptor, which it must have for itself meanwhile. It blocks its goroutine, no
// thread, until the deadline or until done is closed. resume: a session ticket is used if there is one. received and sent are the bytes
// on the wire, also of a handshake that failed; the error is errCut or a *loadgen.Failure.
func (h *handshaker) handshake(fd int, host string, resume bool, deadline time.Time, done <-chan struct{}) (s *secure, state tls.ConnectionState, received, sent int64, err error) {
	f, err := pollable(fd, host)
	if err != nil {
		return nil, state, 0, 0, h.t.handshakeFailure(err, false)
	}
	defer f.Close()
	f.SetDeadline(deadline)
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		defer h.t.lanes[0].Recovered("a TLS handshake")
		select {
		case <-done:
			f.SetDeadline(longAgo)
		case <-over:
		}
	})
	below := &shim{socket: f}
	s, state, err = h.shake(below, host, resume)
	close(over)
	watch.Wait()
	if err != nil {
		select {
		case <-done:
			err = errCut
		default: // it is named already
		}
		return nil, state, below.received, below.sent, err
	}
	below.socket = nil
	return s, state, below.received, below.sent, nil
}

// pollable gives the socket a second descriptor that Go's own poller waits for.
func pollable(fd int, host string) (*os.File, error) {
	other, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	return os.NewFile(uintptr(other), host), nil
}

// shake shakes hands and chooses the record layer.
func (h *handshaker) shake(below *shim, host string, resume bool) (*secure, tls.ConnectionState, error) {
	config, asked := h.t.tls.handshake(host, resume)
	secrets := &trafficSecrets{next: config.KeyLogWriter}
	config.KeyLogWriter = secrets
	below.conn = tls.Client(below, config)
	if err := below.conn.Handshake(); err != nil {
		return nil, tls.ConnectionState{}, h.t.handshakeFailure(err, *asked)
	}
	state := below.conn.ConnectionState()
	if state.Version == tls.VersionTLS13 {
		collect := h.t.tls.sessions.shook(config.ServerName, resume, state.DidResume, time.Now())
		if r := newRecords(&state, secrets); r != nil && !collect {
			return &secure{r, *asked}, state, nil
		}
	}
	return &secure{below, *asked}, state, nil
}
