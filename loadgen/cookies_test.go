package loadgen

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestACookieJarIsBounded(t *testing.T) {
	here, err := url.Parse("http://a.example/x/y")
	if err != nil {
		t.Fatal(err)
	}
	long := func(n int) string { return strings.Repeat("v", n) }
	for name, c := range map[string]struct {
		cookies []*http.Cookie
		kept    int    // that are sent to here
		first   string // of those, the oldest's name
	}{
		"many":        {manyCookies(1000, func(c *http.Cookie) {}), mostCookies, "c820"},
		"of a domain": {manyCookies(1000, func(c *http.Cookie) { c.Domain = ".a.example" }), mostCookies, "c820"},
		"large":       {manyCookies(100, func(c *http.Cookie) { c.Value = long(2000) }), mostJarBytes / 2003, "c68"},
		"too long":    {[]*http.Cookie{{Name: "short", Value: "v"}, {Name: "long", Value: long(longestCookie)}}, 1, "short"},
		"one, again and again": {
			append(manyCookies(1000, func(c *http.Cookie) { c.Name = "same" }), &http.Cookie{Name: "other", Value: "v"}),
			2, "same",
		},
		"taken out": {
			append(manyCookies(170, func(c *http.Cookie) {}), append(manyCookies(170, func(c *http.Cookie) { c.MaxAge = -1 }), manyCookies(20, func(c *http.Cookie) { c.Name = "n" + c.Name })...)...),
			20, "nc0",
		},
		"expired": {manyCookies(170, func(c *http.Cookie) { c.Expires = time.Unix(1, 0) }), 0, ""},
	} {
		j := newJar(nil)
		for _, cookie := range c.cookies {
			j.SetCookies(here, []*http.Cookie{cookie})
		}
		sent := j.Cookies(here)
		if len(sent) != c.kept || c.kept > 0 && sent[0].Name != c.first {
			t.Errorf("%s: %d cookies, want %d; %v", name, len(sent), c.kept, sent[:min(len(sent), 1)])
		}
		if len(j.kept) > mostCookies || j.bytes > mostJarBytes || j.bytes < 0 {
			t.Errorf("%s: %d cookies of %d bytes are accounted for", name, len(j.kept), j.bytes)
		}
	}
	// Paths of other openings have their places in the same account.
	j := newJar(nil)
	for i := range 1000 {
		u := *here
		u.Path = fmt.Sprintf("/%d/y", i)
		j.SetCookies(&u, []*http.Cookie{{Name: "c", Value: "v"}})
	}
	all := 0
	for i := range 1000 {
		u := *here
		u.Path = fmt.Sprintf("/%d/z", i)
		all += len(j.Cookies(&u))
	}
	if all != mostCookies {
		t.Errorf("%d cookies of 1000 paths are kept", all)
	}
}

// manyCookies makes cookies that differ by their names.
func manyCookies(n int, change func(c *http.Cookie)) (cookies []*http.Cookie) {
	for i := range n {
		c := &http.Cookie{Name: fmt.Sprintf("c%d", i), Value: "v"}
		change(c)
		cookies = append(cookies, c)
	}
	return cookies
}
