package loadgen

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
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
	if err != nil || resume != "41" || len(r.Header) != 4 {
		t.Errorf("%v, starts from %q, sends %v", err, resume, r.Header)
	}
}

// A profile of a browser says what the browser says, unless the scenario does; whoever logs in is the same client.
func TestUserAgentOfAProfile(t *testing.T) {
	agents := func(profile string, header http.Header, kind requests) (stream, login []string) {
		t.Helper()
		kind.agent = UserAgentOf(profile)
		r, _, err := kind.build(0, &scenarios.ClientRequest{Method: "GET", URL: "http://127.0.0.1/", Header: header, Login: &scenarios.ClientRequest{URL: "http://127.0.0.1/l"}})
		if err != nil {
			t.Fatal(err)
		}
		of := func(r *Request) (values []string) {
			for _, f := range r.Header {
				if f.Name == "User-Agent" {
					values = append(values, f.Value)
				}
			}
			return values
		}
		return of(r), of(r.Login)
	}
	for profile, want := range map[string]string{
		"none": "ssebench/", "library": "ssebench/", "chromium": " Chrome/", "firefox": " Firefox/", "safari": " Version/",
	} {
		for name, kind := range map[string]requests{"streams": {}, "WebSockets": {webSocket: &WebSocket{}}, "polls": {polling: &polling{reuse: true, accept: "application/json"}}} {
			if stream, login := agents(profile, nil, kind); len(stream) != 1 || !strings.Contains(stream[0], want) || !slices.Equal(stream, login) {
				t.Errorf("%s of %s: %q, the login's %q", name, profile, stream, login)
			}
			if stream, _ := agents(profile, http.Header{"User-Agent": {"own"}}, kind); !slices.Equal(stream, []string{"own"}) {
				t.Errorf("%s of %s with an own one: %q", name, profile, stream)
			}
		}
	}
}

func TestFieldsOfOneNameKeepTheirOrder(t *testing.T) {
	var q requests
	from := &scenarios.ClientRequest{Method: "GET", URL: "http://127.0.0.1/", Header: http.Header{"Accept": {"a/b", "c/d"}}}
	for i := range 20 {
		from.Header.Add("X-Many", fmt.Sprint(i))
	}
	r, _, err := q.build(0, from)
	if err != nil {
		t.Fatal(err)
	}
	var accepted, many []string
	for _, f := range r.Header {
		switch f.Name {
		case "Accept":
			accepted = append(accepted, f.Value)
		case "X-Many":
			many = append(many, f.Value)
		}
	}
	if !slices.Equal(accepted, []string{"a/b", "c/d"}) || !slices.Equal(many, from.Header["X-Many"]) {
		t.Errorf("Accept %q, X-Many %q", accepted, many)
	}
}
