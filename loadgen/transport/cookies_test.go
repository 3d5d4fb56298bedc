package transport

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/results"
)

func newJar(t *testing.T) http.CookieJar {
	t.Helper()
	j, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestCookiesLiveAcrossOpeningsAndRedirects(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/start" {
				http.SetCookie(rw, &http.Cookie{Name: "hop", Value: "1", Path: "/"})
				http.SetCookie(rw, &http.Cookie{Name: "quoted", Value: "ab", Quoted: true, Path: "/"})
				http.Redirect(rw, r, "/end", http.StatusFound)
				return
			}
			if strings.Contains(r.Header.Get("Cookie"), "node") {
				http.SetCookie(rw, &http.Cookie{Name: "hop", MaxAge: -1, Path: "/"})
			}
			http.SetCookie(rw, &http.Cookie{Name: "node", Value: "7", Path: "/end"})
			fmt.Fprintf(rw, "<%s>", strings.Join(r.Header["Cookie"], "|"))
		})
		tr, _ := w.transport(t, Config{})
		q := get(t, u+"/start", "Cookie", "own=1")
		q.Jar = newJar(t)
		r := newReader(t)
		r.reopen = func(loadgen.Ending) time.Time {
			if len(r.endings) == 3 {
				return time.Time{}
			}
			q.URL.Path = "/end"
			return time.Now()
		}
		open(tr, q, r)
		r.untilToken(loadgen.TokenEOF)
		first := `own=1; hop=1; quoted="ab"`
		node := "own=1; node=7; "
		if got, want := r.body.String(), "<"+first+"><"+node+`hop=1; quoted="ab"><`+node+`quoted="ab">`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestNoJarKeepsNoCookies(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		u := script(t, func(p *peer) {
			for p.next() {
				p.say(okHead + "Set-Cookie: a=b\r\nContent-Length: 1\r\n\r\n" + fmt.Sprint(strings.Count(p.request, "Cookie")))
			}
		})
		tr, _ := newTransport(t, Config{Engine: engine})
		r := newReader(t)
		r.reopen = onceMore(r)
		open(tr, get(t, u), r)
		if r.untilToken(loadgen.TokenEOF); r.body.String() != "00" {
			t.Errorf("body %q", r.body.String())
		}
	})
}

func TestLoginComesFirstAndOnce(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		for status, location := range map[int]string{200: "", 204: "", 302: "/home"} {
			u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/login" {
					body, _ := io.ReadAll(r.Body)
					http.SetCookie(rw, &http.Cookie{Name: "session", Value: string(body), Path: "/"})
					if location != "" {
						rw.Header().Set("Location", location)
					}
					rw.WriteHeader(status)
					if status == 200 {
						io.WriteString(rw, "welcome")
					}
					return
				}
				fmt.Fprintf(rw, "%s %s;", r.URL.Path, r.Header.Get("Cookie"))
			})
			tr, sum := w.transport(t, Config{})
			q := get(t, u+"/events")
			q.Jar = newJar(t)
			q.Login = get(t, u+"/login")
			q.Login.Method, q.Login.Body = "POST", []byte("me")
			r := newReader(t)
			r.reopen = onceMore(r)
			open(tr, q, r)
			r.untilToken(loadgen.TokenEOF)
			if got, want := r.body.String(), "/events session=me;/events session=me;"; got != want {
				t.Errorf("%d: got %q, want %q", status, got, want)
			}
			if q.Login != nil {
				t.Error("the login is still there")
			}
			if n := sum.of(results.RequestsCount); n != 3 {
				t.Errorf("%d requests, want 3", n)
			}
			if o := r.openings[0]; o.Dialed.IsZero() || o.URL.Path != "/events" {
				t.Errorf("opening %+v", o)
			}
		}
	})
}

func TestLoginThatFails(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(401) })
		tr, _ := w.transport(t, Config{})
		q := get(t, u+"/events")
		q.Login = get(t, u+"/login")
		r := newReader(t)
		r.reopen = onceMore(r)
		open(tr, q, r)
		e := r.untilToken("login_status_401")
		if len(r.openings) > 0 || e.Opened || e.Permanent || len(r.endings) != 2 || q.Login == nil {
			t.Errorf("openings %+v, endings %+v", r.openings, r.endings)
		}
	})
}

// onceMore opens a stream a second time, at once.
func onceMore(r *reader) func(loadgen.Ending) time.Time {
	return func(loadgen.Ending) time.Time {
		if len(r.endings) > 1 {
			return time.Time{}
		}
		return time.Now()
	}
}
