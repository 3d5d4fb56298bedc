package main

import (
	"net/url"
	"testing"
	"time"

	"ssebench/loadgen"
)

// opened is a transport that notes what it is to open.
type opened struct {
	loadgen.Transport // nil: nothing else of it is called

	requests []*loadgen.Request
	wrapped  int
}

func (o *opened) Lanes() []*loadgen.Lane { return []*loadgen.Lane{new(loadgen.Lane)} }

func (o *opened) Open(_ *loadgen.Lane, r *loadgen.Request, _ time.Time, h loadgen.StreamHandler) loadgen.Stream {
	o.requests = append(o.requests, r)
	if _, ok := h.(*sampledHandler); ok {
		o.wrapped++
	}
	return nil
}

// The streams of the sample ask for times of their own, and no others, though all come with the same request.
func TestSample(t *testing.T) {
	const streams = 200
	o := new(opened)
	s := sample(o, new(meter))
	r := &loadgen.Request{URL: &url.URL{Path: "/events"}}
	for range streams {
		s.Open(o.Lanes()[0], r, time.Time{}, nil)
	}
	asked, wanted := 0, 0
	for i, r := range o.requests {
		if sampled(i) {
			wanted++
		}
		if got := r.URL.String() == "/events"+exact; got != sampled(i) {
			t.Errorf("stream %d asks for %s", i, r.URL)
		} else if got {
			asked++
		}
	}
	if asked != wanted || o.wrapped != wanted || wanted < 3 {
		t.Errorf("%d of %d streams asked, %d are measured", asked, wanted, o.wrapped)
	}
}
