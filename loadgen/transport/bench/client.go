package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// clientConfig is what a client is told.
type clientConfig struct {
	Kind      string // see openers; "ours" is the engine
	Protocol  string // plain, secure, frames or answers
	Server    serverAnswer
	Streams   int
	PerSecond float64       // events to each stream
	Warm      time.Duration // events flow this long before anything is measured
	Hold      time.Duration // then it is measured
	// Big is the size of two events that follow the hold; zero: none. Memory is looked at again, for AfterBig, when Settle is over.
	Big      int
	Settle   time.Duration
	AfterBig time.Duration
	Objects  bool   // the server's data is objects, and the engine observes it
	Counting bool   // the engine counts it without looking into it
	Poll     string // of the engine; empty: its default
	Profile  string // file for a CPU profile of the hold; empty: none
}

// bigCount is how many big events there are.
const bigCount = 2

// publishing is how long a client publishes.
func (c *clientConfig) publishing() time.Duration {
	d := c.Warm + c.Hold
	if c.Big > 0 {
		d += c.Settle + c.AfterBig
	}
	return d
}

// size is that of an event's data, by when it is due.
func (c *clientConfig) size(due time.Duration, n int) int {
	first := int((c.Warm+c.Hold).Seconds()*c.PerSecond + 1)
	if c.Big > 0 && due > c.Warm+c.Hold && n >= first && n < first+bigCount {
		return c.Big
	}
	return 0
}

// figures are what a client answers.
type figures struct {
	Streams  int
	OpenedNS int64 // from the first connection asked for to the last response head
	Window   window
	Lag      lags
	// Expected and Received count the whole run. A client that lost an event has no figures.
	Expected int64
	Received int64
	// FanoutP99 is the engine's: due time to receipt, in nanoseconds; zero where it is not known.
	FanoutP99 int64
	Trust     string   // the engine's verdict on itself
	Reasons   []string // for it
}

// lags are the times from the server's write to the moment an event had been handled, in nanoseconds.
type lags struct {
	Count         int64
	P50, P99, Max int64
}

// client is one client process. It ends with its input, or with its answer.
func client(in io.Reader, out io.Writer) error {
	lines := json.NewDecoder(in)
	var c clientConfig
	if err := lines.Decode(&c); err != nil {
		return fmt.Errorf("client configuration: %w", err)
	}
	type answer struct {
		figures *figures
		err     error
	}
	done := make(chan answer, 1)
	go func() {
		f, err := c.measure()
		done <- answer{f, err}
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var never any
		_ = lines.Decode(&never) // the end of the input
	}()
	select {
	case a := <-done:
		if a.err != nil {
			return a.err
		}
		return json.NewEncoder(out).Encode(a.figures)
	case <-ended:
		return fmt.Errorf("%s: told to stop", c.Kind)
	}
}

func (c *clientConfig) measure() (*figures, error) {
	switch {
	case c.Protocol == answers:
		return c.polls()
	case c.Kind == ours:
		return c.engine()
	}
	return c.peer()
}
