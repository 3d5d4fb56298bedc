package loadgen

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The limits of a subscriber's cookies. Chromium keeps 180 of a site, each of 4,096 bytes (RFC 6265 section 6.1 asks for 50 of as many), and no
// server takes back in a header what all of them may have here.
const (
	mostCookies   = 180
	longestCookie = 4 << 10  // bytes of name and value
	mostJarBytes  = 64 << 10 // of all names and values
)

// jar keeps the cookies of one subscriber within limits: one that is too long is not kept, as in browsers, and what is too much takes the place of
// the oldest.
type jar struct {
	all     *cookiejar.Jar
	secrets *Redactor    // gets to know the cookies
	kept    []keptCookie // the oldest first
	bytes   int
}

// keptCookie is a cookie as a jar tells it from others, and where it came from.
type keptCookie struct {
	name, domain, path string
	attribute          string // Domain, as it was set
	from               *url.URL
	size               int // bytes of name and value
}

func newJar(secrets *Redactor) *jar {
	all, _ := cookiejar.New(nil) // it has no error to give
	return &jar{all: all, secrets: secrets}
}

// Cookies implements http.CookieJar.
func (j *jar) Cookies(u *url.URL) []*http.Cookie { return j.all.Cookies(u) }

// SetCookies implements http.CookieJar.
func (j *jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		j.secrets.AddReceived(c.Value)
		k := keptCookie{c.Name, strings.ToLower(strings.TrimPrefix(c.Domain, ".")), c.Path, c.Domain, u, len(c.Name) + len(c.Value)}
		if k.size > longestCookie {
			continue
		}
		if k.domain == "" {
			k.domain = u.Hostname()
		}
		if !strings.HasPrefix(k.path, "/") { // RFC 6265 section 5.1.4
			k.path = u.Path[:max(strings.LastIndexByte(u.Path, '/'), 0)]
		}
		if at := slices.IndexFunc(j.kept, k.isSame); at >= 0 {
			j.forget(at)
		}
		j.all.SetCookies(u, []*http.Cookie{c})
		if c.MaxAge < 0 || c.MaxAge == 0 && !c.Expires.IsZero() && c.Expires.Before(time.Now()) {
			continue // it was taken out
		}
		j.kept = append(j.kept, k)
		for j.bytes += k.size; len(j.kept) > mostCookies || j.bytes > mostJarBytes; {
			oldest := j.kept[0]
			j.forget(0)
			j.all.SetCookies(oldest.from, []*http.Cookie{{Name: oldest.name, Domain: oldest.attribute, Path: oldest.path, MaxAge: -1}})
		}
	}
}

func (k keptCookie) isSame(other keptCookie) bool {
	return k.name == other.name && k.domain == other.domain && k.path == other.path
}

func (j *jar) forget(at int) {
	j.bytes -= j.kept[at].size
	j.kept = slices.Delete(j.kept, at, at+1)
}
