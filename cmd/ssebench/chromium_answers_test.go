package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
)

// oneEvent is a stream of which a client that took it for one has something to show.
const oneEvent = "id: 1\ndata: a\n\n"

// answersRightAndWrong are responses that are event streams, that are none, and that break off.
var answersRightAndWrong = func() []*subscription {
	one := func(name string, r reply) *subscription {
		r.body = oneEvent
		return &subscription{name: name, answers: []reply{r}}
	}
	all := []*subscription{
		one("answer-plain", reply{}),
		one("answer-after-early-hints", reply{early: true}),
		one("type-in-capitals", reply{types: []string{"TEXT/EVENT-STREAM"}}),
		one("type-with-charset", reply{types: []string{"text/event-stream;charset=utf-8"}}),
		one("type-with-charset-in-capitals", reply{types: []string{"text/event-stream; charset=UTF-8"}}),
		one("type-with-charset-in-quotes", reply{types: []string{`text/event-stream; charset="utf-8"`}}),
		one("type-with-another-charset", reply{types: []string{"text/event-stream; charset=windows-1252"}}),
		one("type-with-other-parameter", reply{types: []string{"text/event-stream; x=y"}}),
		one("type-with-lone-semicolon", reply{types: []string{"text/event-stream;"}}),
		one("type-with-broken-parameter", reply{types: []string{"text/event-stream;=;x"}}),
		one("type-with-space-before-semicolon", reply{types: []string{"text/event-stream ; charset=utf-8"}}),
		one("type-missing", reply{types: []string{}}),
		one("type-empty", reply{types: []string{""}}),
		one("type-html", reply{types: []string{"text/html"}}),
		one("type-plain", reply{types: []string{"text/plain"}}),
		one("type-json", reply{types: []string{"application/json"}}),
		one("type-half", reply{types: []string{"text/"}}),
		one("type-longer", reply{types: []string{"text/event-streams"}}),
		one("type-shorter", reply{types: []string{"text/event-strea"}}),
		one("type-application", reply{types: []string{"application/event-stream"}}),
		one("type-twice", reply{types: []string{"text/event-stream", "text/event-stream"}}),
		one("type-html-then-right", reply{types: []string{"text/html", "text/event-stream"}}),
		one("type-right-then-html", reply{types: []string{"text/event-stream", "text/html"}}),
		one("coding-gzip", reply{header: http.Header{"Content-Encoding": {"gzip"}}}),
		one("coding-identity", reply{header: http.Header{"Content-Encoding": {"identity"}}}),
		one("broken-off-in-chunks", reply{abort: true}),
		{name: "broken-off-before-the-head", answers: []reply{{abort: true}}, apart: true},
		{name: "broken-off-in-length", answers: []reply{{raw: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100\r\n\r\n" + oneEvent}}},
		{name: "broken-chunk", answers: []reply{{raw: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + oneEvent}}},
		{name: "close-delimited", answers: []reply{{raw: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + oneEvent}}},
		{name: "http-1.0", answers: []reply{{raw: "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + oneEvent}}},
		{name: "redirect-without-location", answers: []reply{{status: 302}}},
		{name: "redirect-to-another-scheme", answers: []reply{{status: 302, header: http.Header{"Location": {"ftp://127.0.0.1/"}}}}},
		{name: "reconnect-to-an-error", answers: []reply{{body: "retry: 20\n" + oneEvent}, {status: 503}}},
		{name: "reconnect-to-another-type", answers: []reply{{body: "retry: 20\n" + oneEvent}, {types: []string{"text/html"}}}},
		{name: "reconnect-twice", answers: []reply{{body: "retry: 20\n" + oneEvent}, {body: "data: b\n\n"}, {body: "id\ndata: c\n\n"}}},
		{name: "reconnect-after-a-break", answers: []reply{{body: "retry: 20\n" + oneEvent + "id: 2\ndata: b\n", abort: true}, {body: "data: c\n\n"}}},
	}
	for _, status := range []int{201, 202, 203, 204, 205, 206, 300, 304, 400, 401, 403, 404, 410, 418, 429, 500, 501, 502, 503, 504} {
		r := reply{status: status, body: oneEvent}
		if status == 204 || status == 205 || status == 304 {
			r.body = ""
		}
		all = append(all, &subscription{name: "status-" + strconv.Itoa(status), answers: []reply{r}})
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := one("redirected-by-"+strconv.Itoa(status), reply{})
		s.via = status
		all = append(all, s)
	}
	loop := &subscription{name: "redirect-loop"}
	for range 30 { // browsers follow 20
		loop.answers = append(loop.answers, reply{status: 302, header: http.Header{"Location": {loop.name}}})
	}
	all = append(all, loop)
	for _, s := range all {
		if s.name == "coding-gzip" {
			var zipped bytes.Buffer
			z := gzip.NewWriter(&zipped)
			z.Write([]byte(oneEvent))
			z.Close()
			s.answers[0].body = zipped.String()
		}
	}
	return all
}()

// deviations are the differences that were looked into: "name: aspect", and the standard's word on it. Sections are those of WHATWG
// HTML unless they name another standard.
var deviations = func() map[string]string {
	const (
		charset = "9.2.3 judges the type alone, and 9.2.5 decodes every stream as UTF-8 whatever its charset; Chromium refuses all others"
		coding  = "no browser asks for identity; a server that codes all the same defeats the measuring of its flushes, so listen refuses"
		bom     = "9.2.5 strips the mark, and the line ends as any other; Chromium takes the LF after it for a part of the next line"
		loop    = "9.2.3: a network error is tried again unless that is known to be futile, which is ours to judge; Chromium tries again"
		digits  = "9.2.6 sets no largest number; Chromium ignores what does not fit into 64 bits"
	)
	return map[string]string{
		"type-with-another-charset: events":                   charset,
		"type-with-another-charset: outcome":                  charset,
		"type-with-another-charset: requests":                 charset,
		"coding-gzip: events":                                 coding,
		"coding-gzip: last event ID":                          coding,
		"bom-before-lf: events":                               bom,
		"redirect-loop: outcome":                              loop,
		"redirect-loop: requests":                             loop,
		"retry-huge-saturates: reconnection time":             digits,
		"retry-saturated-digits-that-wrap: reconnection time": digits,
	}
}()
