package host

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"syscall"
	"time"

	"ssebench/results"
)

// Ready says when a server is ready. What is set must hold, in the order line, TCP, URL.
type Ready struct {
	// Line must match a line of its output. The group named url, or else the first group, becomes Process.URL.
	Line *regexp.Regexp
	// TCP is a host and port that accepts.
	TCP string
	// URL answers a GET with 2xx. Its certificate is not checked: this only asks whether somebody is there.
	URL string
	// Timeout bounds all of it; 0: DefaultReady.
	Timeout time.Duration
	// Allow may refuse an address that TCP or URL leads to; nil: all are fine.
	Allow func(netip.Addr) error
}

// DefaultReady is how long a server may take to become ready when nothing is said.
const DefaultReady = 30 * time.Second

// vacant makes sure that nobody answers yet. Otherwise a stranger's server on the same port would pass for the one that is
// started, and be measured in its place.
func (r *Ready) vacant(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	if r.TCP != "" && r.accepts(ctx) == nil {
		return fmt.Errorf("something already accepts connections at %s; stop it, or choose another port", r.TCP)
	}
	if r.URL != "" && r.answers(ctx) == nil {
		return fmt.Errorf("something already answers at %s; stop it, or choose another port", r.URL)
	}
	return nil
}

// await waits until the child is ready. Its errors go on from "the server command … ".
func (r *Ready) await(ctx context.Context, ch *child) (url string, err error) {
	limit := r.Timeout
	if limit == 0 {
		limit = DefaultReady
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	missing := "" // what it has not done yet
	end := func() error {
		switch {
		case ch.ended():
			return fmt.Errorf("ended with %s before it was ready", ch.status())
		case outer.Err() != nil:
			return fmt.Errorf("was stopped before it was ready: %w", context.Cause(outer))
		}
		return fmt.Errorf("was not ready after %s (%s); correct its ready check, or give it a longer ready timeout", limit, missing)
	}
	if r.Line != nil {
		missing = fmt.Sprintf("no line of its output matches %q", r.Line)
		select {
		case <-ch.tail.found:
		case <-ch.exited:
			return "", end()
		case <-ctx.Done():
			return "", end()
		}
	}
	for _, step := range []struct {
		on    bool
		check func(context.Context) error
	}{{r.TCP != "", r.accepts}, {r.URL != "", r.answers}} {
		if !step.on {
			continue
		}
		// A server that just starts is asked often: the wait is part of every run.
		for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
			deadline, _ := ctx.Deadline()
			cutShort := time.Until(deadline) < attemptLimit
			checkErr := step.check(ctx)
			if checkErr == nil {
				break
			}
			// An attempt that the end of all waiting cut short tells less than the one before.
			if missing == "" || !(timedOut(checkErr) && cutShort) {
				missing = checkErr.Error()
			}
			select {
			case <-ch.exited:
				return "", end()
			case <-ctx.Done():
				return "", end()
			case <-time.After(pause):
			}
		}
	}
	if ch.ended() {
		return "", end()
	}
	return ch.tail.captured(), nil
}

// attemptLimit bounds one look at the server.
const attemptLimit = 2 * time.Second

// noAnswer is the error of an attempt that timed out.
type noAnswer struct{ what string }

func (e noAnswer) Error() string { return e.what + ": no answer" }
func (noAnswer) Timeout() bool   { return true }
func (noAnswer) Temporary() bool { return true }

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func (r *Ready) dialer() *net.Dialer {
	d := &net.Dialer{Timeout: attemptLimit}
	if r.Allow != nil {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return r.Allow(ap.Addr())
		}
	}
	return d
}

func (r *Ready) accepts(ctx context.Context) error {
	c, err := r.dialer().DialContext(ctx, "tcp", r.TCP)
	if err != nil {
		if timedOut(err) {
			return noAnswer{"dial " + r.TCP}
		}
		return err
	}
	return c.Close()
}

func (r *Ready) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", results.UserAgent)
	client := http.Client{Transport: &http.Transport{
		DialContext:       r.dialer().DialContext,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,

		MaxResponseHeaderBytes: 256 << 10,
	}}
	response, err := client.Do(request)
	if err != nil {
		if timedOut(err) {
			return noAnswer{"GET " + r.URL}
		}
		return err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // a courtesy: a reset would show in the server's log
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("GET %s: it answers %s", r.URL, response.Status)
	}
	return nil
}
