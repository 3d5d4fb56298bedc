package loadgen

import (
	"fmt"
	"net/http"
	"testing"

	"ssebench/scenarios"
)

func TestSubscribersThatSendTheSameShareTheRequest(t *testing.T) {
	var q requests
	build := func(from *scenarios.ClientRequest) *Request {
		t.Helper()
		r, _, err := q.build(0, from)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	plain := func() *scenarios.ClientRequest {
		return &scenarios.ClientRequest{Method: "GET", URL: "http://127.0.0.1/a", Header: http.Header{"X-User": {"7"}}}
	}
	one := build(plain())
	if build(plain()) != one {
		t.Error("the same request is made twice")
	}
	for what, change := range map[string]func(*scenarios.ClientRequest){
		"method": func(r *scenarios.ClientRequest) { r.Method = "POST" },
		"URL":    func(r *scenarios.ClientRequest) { r.URL += "?" },
		"header": func(r *scenarios.ClientRequest) { r.Header.Set("X-User", "8") },
		"body":   func(r *scenarios.ClientRequest) { r.Body = "{}" },
		"login":  func(r *scenarios.ClientRequest) { r.Login = plain() },
	} {
		from := plain()
		change(from)
		if build(from) == one {
			t.Errorf("a request with another %s is taken for the same", what)
		}
	}
	for i := range 2 * mostKnown {
		from := plain()
		from.URL += fmt.Sprint(i)
		build(from)
	}
	if len(q.known) != mostKnown {
		t.Errorf("%d requests are remembered, want %d", len(q.known), mostKnown)
	}
	q = requests{cookies: true}
	if a, b := build(plain()), build(plain()); a == b || a.Jar == nil || a.Jar == b.Jar {
		t.Error("subscribers with cookies share a request")
	}
}

func TestAScenariosLastEventIDIsWhereTheClientStarts(t *testing.T) {
	var q requests
	r, resume, err := q.build(0, &scenarios.ClientRequest{Method: "GET", URL: "http://127.0.0.1/", Header: http.Header{"Last-Event-Id": {"41"}}})
	if err != nil || resume != "41" || len(r.Header) != 3 {
		t.Errorf("%v, starts from %q, sends %v", err, resume, r.Header)
	}
}
