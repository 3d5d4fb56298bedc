package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"ssebench/loadgen"
)

// Every method that is a token goes out as it is, and every field of a repeated name in its order.
func TestMethodsAndRepeatedFields(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(rw, "%s %s %q %q", r.Method, body, r.Header["X-A"], r.Header["User-Agent"])
		})
		tr, _ := w.transport(t, Config{})
		for method, c := range map[string]struct{ body, token, want string }{
			"REPORT":  {"r", loadgen.TokenEOF, `REPORT r ["1" "3"] ["` + loadgen.UserAgent + `"]`},
			"QUERY":   {"", loadgen.TokenEOF, `QUERY  ["1" "3"] ["` + loadgen.UserAgent + `"]`},
			"X-own_~": {"b", loadgen.TokenEOF, `X-own_~ b ["1" "3"] ["` + loadgen.UserAgent + `"]`},
			"get":     {"", loadgen.TokenEOF, `get  ["1" "3"] ["` + loadgen.UserAgent + `"]`},
			"GET /":   {"", tokenRequestInvalid, ""},
			"PÖST":    {"", tokenRequestInvalid, ""},
			"A\r\nB":  {"", tokenRequestInvalid, ""},
		} {
			q := get(t, u, "X-A", "1", "X-B", "2", "x-a", "3")
			q.Method, q.Body = method, []byte(c.body)
			r := newReader(t)
			open(tr, q, r)
			if e := r.untilOver(); e.Token != c.token || r.body.String() != c.want {
				t.Errorf("%q: %s (%s) %q, want %q", method, e.Token, e.Message, r.body.String(), c.want)
			}
		}
	})
}

// Whatever is asked for, and by way of whom, says who asks; what a subscriber posts says what its stream does.
func TestUserAgentOfEveryRequest(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		var mu sync.Mutex
		seen := map[string][]string{}
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seen[r.URL.Path] = append(seen[r.URL.Path], r.Header["User-Agent"]...)
			mu.Unlock()
			switch {
			case strings.HasPrefix(r.URL.Path, "/redirect"):
				http.Redirect(rw, r, "/end"+strings.TrimPrefix(r.URL.Path, "/redirect"), http.StatusFound)
			case strings.HasPrefix(r.URL.Path, "/end"):
				flush(rw)
				<-r.Context().Done()
			}
		})
		for name, c := range map[string]struct {
			header []string
			want   string
		}{
			"/ours":  {nil, loadgen.UserAgent},
			"/own":   {[]string{"user-agent", "curl/8"}, "curl/8"},
			"/empty": {[]string{"User-Agent", ""}, ""},
		} {
			tr, _ := w.transport(t, Config{})
			q := get(t, u+"/redirect"+name, c.header...)
			q.Login = get(t, u+"/login"+name)
			r := newReader(t)
			s := open(tr, q, r)
			r.until("the opening", func() bool { return len(r.openings) == 1 })
			if _, err := postTo(context.Background(), s, &loadgen.Request{Method: "POST", URL: get(t, u+"/post"+name).URL}); err != nil {
				t.Fatal(err)
			}
			cutNow(t, s, loadgen.CutFIN, r)
			mu.Lock()
			for path, want := range map[string]string{"/redirect": c.want, "/end": c.want, "/post": c.want, "/login": loadgen.UserAgent} {
				if got := seen[path+name]; strings.Join(got, "|") != want { // net/http sends no empty one
					t.Errorf("%s: %q, want %q", path+name, got, want)
				}
			}
			mu.Unlock()
		}
	})
}
