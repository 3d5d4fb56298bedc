package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// inFlight is how many openings a peer has under way at most: more overflow the listener's queue, and then wait for a second.
const inFlight = 128

// opener opens all streams of a peer and gives their events to the tally. It calls opened once for each stream whose response head
// was read, and returns when it has started them all; streams are read until the process ends.
type opener func(c *clientConfig, t *tally, opened func()) error

// openers are the peers.
var openers = map[string]opener{
	"net/http": openNetHTTP,
	"go-sse":   openGoSSE,
	"r3labs":   openR3labs,
	"x/net":    openXNet,
	"epoll":    openEpoll,
}

// peer measures another client.
func (c *clientConfig) peer() (*figures, error) {
	open := openers[c.Kind]
	if open == nil {
		return nil, fmt.Errorf("no client %q", c.Kind)
	}
	m := &meter{config: c}
	t := newTally(m)
	f := &figures{Streams: c.Streams}
	looked := make(chan error, 1)
	go func() {
		for range time.Tick(time.Second) {
			if err := m.look(t.events()); err != nil {
				looked <- err
				return
			}
			select {
			case looked <- nil:
			default:
			}
		}
	}()

	begun := time.Now()
	var n atomic.Int64
	if err := open(c, t, func() { n.Add(1) }); err != nil {
		return nil, err
	}
	for end := time.Now().Add(time.Minute); n.Load() < int64(c.Streams); time.Sleep(time.Millisecond) {
		if err := t.failure(); err != nil {
			return nil, fmt.Errorf("%s: a stream did not open: %w", c.Kind, err)
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%s: %d of %d streams open after a minute", c.Kind, n.Load(), c.Streams)
		}
	}
	f.OpenedNS = time.Since(begun).Nanoseconds()

	p, err := dialPublisher(c.Server.Publish)
	if err != nil {
		return nil, err
	}
	events, err := p.publishAll(c, m)
	if err != nil {
		return nil, err
	}
	f.Expected = events * int64(c.Streams)
	for end := time.Now().Add(30 * time.Second); t.events() < f.Expected; time.Sleep(20 * time.Millisecond) {
		if err := t.failure(); err != nil {
			return nil, fmt.Errorf("%s: a stream ended: %w", c.Kind, err)
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%s: %d of %d events received 30 s after the last one", c.Kind, t.events(), f.Expected)
		}
	}
	f.Received = t.events()
	for range 2 { // one look may have been under way
		if err := <-looked; err != nil {
			return nil, err
		}
	}
	if f.Lag, err = t.lags(); err != nil {
		return nil, err
	}
	f.Window, err = m.result()
	return f, err
}
