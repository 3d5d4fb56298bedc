package transport

import (
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

const okHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

func TestCloseDelimitedBody(t *testing.T) {
	const response = okHead + "\r\ndata: 1\n\n"
	u := answer(t, response)
	tr, sum := newTransport(t, Config{})
	r := newReader(t)
	open(tr, get(t, u+"/events?topic=a", "Accept", "text/event-stream"), r)
	e := r.untilToken(loadgen.TokenEOF)
	if r.body.String() != "data: 1\n\n" {
		t.Errorf("body %q", r.body.String())
	}
	o := r.openings[0]
	if o.Status != 200 || o.Protocol != "HTTP/1.1" || o.Header.Get("Content-Type") != "text/event-stream" || o.URL.Path != "/events" {
		t.Errorf("opening %+v", o)
	}
	if "http://"+o.Remote != u {
		t.Errorf("remote %q", o.Remote)
	}
	for _, order := range [][2]time.Time{{o.DialStart, o.Dialed}, {o.Dialed, o.Requested}, {o.Requested, o.Headers}, {o.Headers, e.At}} {
		if order[0].IsZero() || order[1].Before(order[0]) {
			t.Errorf("instants out of order: %+v", o)
		}
	}
	if !o.TLSDone.IsZero() {
		t.Error("TLSDone is set without TLS")
	}
	if !e.Opened || e.Message != "" || !e.DialStart.Equal(o.DialStart) || !e.Requested.Equal(o.Requested) {
		t.Errorf("ending %+v", e)
	}
	request := "GET /events?topic=a HTTP/1.1\r\nHost: " + strings.TrimPrefix(u, "http://") + "\r\nAccept: text/event-stream\r\nAccept-Encoding: identity\r\n\r\n"
	if n := sum.of(results.BytesReceived); n != int64(len(response)) {
		t.Errorf("%d bytes received, want %d", n, len(response))
	}
	if n := sum.of(results.BytesSent); n != int64(len(request)) {
		t.Errorf("%d bytes sent, want %d", n, len(request))
	}
	if n := sum.of(results.RequestsCount); n != 1 {
		t.Errorf("%d requests", n)
	}
}
