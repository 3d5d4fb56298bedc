package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
)

// What an answer that was refused says of itself is quoted, whatever brings it, and is not waited for.
func TestARefusalQuotesTheBody(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/plain")
			switch r.URL.Path {
			case "/sized":
				rw.Header().Set("Content-Length", "13")
			case "/later":
				rw.WriteHeader(http.StatusServiceUnavailable)
				flush(rw)
				time.Sleep(20 * time.Millisecond) // a body that is no part of the read that brought the header
				io.WriteString(rw, "no room left\n")
				return
			case "/endless":
				rw.WriteHeader(http.StatusServiceUnavailable)
				for {
					if _, err := io.WriteString(rw, strings.Repeat("x y ", 1000)); err != nil {
						return
					}
					flush(rw)
				}
			case "/hangs":
				rw.WriteHeader(http.StatusServiceUnavailable)
				io.WriteString(rw, "no room left")
				flush(rw)
				<-r.Context().Done()
				return
			case "/empty":
				rw.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			rw.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(rw, "no room left\n")
		})
		tr, _ := w.transport(t, Config{})
		for path, want := range map[string]string{
			"/sized": "refused; its body begins: no room left", "/chunked": "refused; its body begins: no room left", "/later": "refused; its body begins: no room left",
			"/endless": "refused; its body begins: x y x y", "/hangs": "refused; its body begins: no room left", "/empty": "refused",
		} {
			r := newReader(t)
			r.refuse = func(loadgen.Opening) error { return fail("content_type", "refused") }
			open(tr, get(t, u+path), r)
			e := r.untilToken("content_type")
			if got := e.Message; e.Opened || !strings.HasPrefix(got, want) || path != "/endless" && got != want || len(got) > mostQuoted+50 || r.body.Len() > 0 {
				t.Errorf("%s: %+v", path, e)
			}
		}
		r := newReader(t)
		r.refuse = func(loadgen.Opening) error { return errors.New("refused") }
		open(tr, get(t, u+"/hangs"), r)
		if e := r.untilToken(tokenHandler); e.Message != "refused" {
			t.Errorf("a refusal that is not of the answer's kind: %+v", e)
		}
	})
}

// A stream that is cut while the body of its refusal comes was cut.
func TestACutEndsARefusal(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(http.StatusServiceUnavailable)
			flush(rw)
			<-r.Context().Done()
		})
		tr, _ := w.transport(t, Config{})
		r := newReader(t)
		r.refuse = func(loadgen.Opening) error { return fail("content_type", "refused") }
		s := open(tr, get(t, u), r)
		r.until("the header", func() bool { return len(r.openings) == 1 })
		cutNow(t, s, loadgen.CutFIN, r)
	})
}

func TestQuote(t *testing.T) {
	long := strings.Repeat("word ", 102) + "sec"
	for body, want := range map[string]string{
		"":                                 "",
		"no room left\n":                   "no room left",
		"<h1>Busy</h1>\r\n\t<p>\x1b[31mgo": "<h1>Busy</h1> <p>[31mgo",
		"\xff\xfe\x00":                     "\uFFFD",
		strings.Repeat("a", mostQuoted):    "…",
		long[:mostQuoted]:                  strings.Repeat("word ", 102) + "…",
	} {
		if got := quote([]byte(body)); got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
	r := refusal{Failure: fail("status_500", "answered 500")}
	if err := r.take([]byte("a")); err != nil || fmt.Sprint(r.failure()) != "status_500: answered 500; its body begins: a" {
		t.Error(err, r.failure())
	}
	if err := r.take(make([]byte, 2*mostQuoted)); err != errEnough || len(r.body) != mostQuoted {
		t.Error(err, len(r.body))
	}
}
