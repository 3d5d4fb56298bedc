package transport

import (
	"net/http"
	"net/url"
	"strings"
)

// store keeps the cookies of a response, whatever its status and whether it is a login's.
func (x *exchange) store(u *url.URL, h http.Header) {
	if x.request.Jar == nil || len(h["Set-Cookie"]) == 0 {
		return
	}
	r := http.Response{Header: h}
	x.request.Jar.SetCookies(u, r.Cookies())
}

// cookies gives the value of the Cookie field: what the request itself says, and then the jar's.
func (x *exchange) cookies(o *opening) string {
	var b strings.Builder
	for _, f := range o.header {
		if strings.EqualFold(f.Name, "Cookie") {
			join(&b, f.Value)
		}
	}
	if x.request.Jar != nil {
		for _, c := range x.request.Jar.Cookies(o.url) {
			join(&b, (&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted}).String())
		}
	}
	return b.String()
}

func join(b *strings.Builder, cookie string) {
	if b.Len() > 0 {
		b.WriteString("; ")
	}
	b.WriteString(cookie)
}
