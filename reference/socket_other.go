//go:build !linux

package reference

import (
	"errors"
	"net"
	"net/http"
	"time"
)

// onSockets says that streams over HTTP/1.1 in clear text are written by the
// lanes themselves; here goroutines write them.
const onSockets = false

// poller waits for commands.
type poller struct{ bell chan struct{} }

func newPoller() (*poller, error) { return &poller{bell: make(chan struct{}, 1)}, nil }

func (p *poller) wake() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

func (p *poller) wait(d time.Duration, _ func(*subscriber, uint32)) {
	if d < 0 {
		<-p.bell
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.bell:
	case <-t.C:
	}
}

func (p *poller) writable(_ int32, d time.Duration) { time.Sleep(d) }
func (p *poller) add(int32, *subscriber) bool       { return false }
func (p *poller) closeSocket(int32)                 {}
func closeSocket(int32)                             {}
func (p *poller) close()                            {}
func (l *lane) ready(*subscriber, uint32)           {}
func (l *lane) sendSocket(*subscriber) bool         { return false }
func (l *lane) flushSocket(*subscriber)             {}
func takeSocket(http.ResponseWriter) (int32, error) { return -1, errors.ErrUnsupported }

func nonBlocking(net.Conn) func([]byte) int { return nil }

type vector struct{}

func (v *vector) set([]*event, form) {}

// hearing has no part here: goroutines read.
type hearing struct{}

func (l *lane) hearAll()           {}
func (l *lane) nap() time.Duration { return -1 }
func (l *lane) unhear(*subscriber) {}
