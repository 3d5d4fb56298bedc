package transport

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ssebench/loadgen"
)

// isRedirect tells the redirect statuses of the Fetch standard.
func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// follow decides where a redirect leads and with what request, by HTTP-redirect fetch of the Fetch standard. The bound is the only
// end of a circle, as there: a server may well send a client to the same URL again until something is ready.
func (o *opening) follow(status int, h http.Header) error {
	locations := h["Location"]
	if len(locations) == 0 {
		return fail(tokenRedirectLocation, "status %d of %s has no Location", status, loadgen.ShowURL(o.url))
	}
	next, err := o.url.Parse(locations[0])
	if err != nil || len(locations) > 1 && slices.ContainsFunc(locations, func(l string) bool { return l != locations[0] }) {
		return fail(tokenRedirectLocation, "status %d of %s has an invalid Location %q", status, loadgen.ShowURL(o.url), strings.Join(locations, ", "))
	}
	if next.Scheme != "http" && next.Scheme != "https" {
		return fail(tokenRedirectScheme, "%s redirects to %q", loadgen.ShowURL(o.url), locations[0])
	}
	if next.Hostname() == "" {
		return fail(tokenRedirectLocation, "%s redirects to %q, which has no host", loadgen.ShowURL(o.url), locations[0])
	}
	o.visited = append(o.visited, o.url.String())
	limit := o.config.MaxRedirects
	if o.redirects++; o.redirects > limit {
		if slices.Contains(o.visited, next.String()) {
			return fail(tokenRedirectLoop, "%s redirects in a circle; gave up after %d redirects", loadgen.ShowURL(o.url), limit)
		}
		return fail(tokenRedirectLimit, "gave up after %d redirects, at %s", limit, loadgen.ShowURL(o.url))
	}
	if next.Fragment == "" {
		next.Fragment = o.url.Fragment
	}
	post := o.method == http.MethodPost
	if post && (status == 301 || status == 302) || status == 303 && o.method != http.MethodGet && o.method != http.MethodHead {
		o.method, o.body = http.MethodGet, nil
		o.without("Content-Encoding", "Content-Language", "Content-Location", "Content-Type")
	}
	if origin(next) != origin(o.url) {
		o.withoutSecrets()
	}
	o.next = sendable(next)
	return nil
}

// redirect makes the redirected request the next one to send.
func (o *opening) redirect() { o.url, o.prepared = o.next, nil }

// without takes fields out of the request.
func (o *opening) without(names ...string) {
	o.drop(func(f loadgen.Field) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, f.Name) })
	})
}

// withoutSecrets takes out of the request what another origin must not learn: Authorization, as the Fetch standard has it, cookies, and whatever
// else has the name of a secret.
func (o *opening) withoutSecrets() {
	o.crossed = true
	o.drop(func(f loadgen.Field) bool { return loadgen.IsSecret(f.Name) })
}

// drop takes fields out of the request, on a copy: the header is the caller's.
func (o *opening) drop(taken func(loadgen.Field) bool) {
	o.header = slices.DeleteFunc(slices.Clone(o.header), taken)
}

// authorization gives the credentials of a URL for a request that names none.
func (o *opening) authorization(u *url.Userinfo) (value string, ok bool) {
	if u == nil || o.has("Authorization") {
		return "", false
	}
	password, _ := u.Password()
	r := http.Request{Header: make(http.Header)}
	r.SetBasicAuth(u.Username(), password)
	return r.Header.Get("Authorization"), true
}

func (o *opening) has(name string) bool {
	return slices.ContainsFunc(o.header, func(f loadgen.Field) bool { return strings.EqualFold(f.Name, name) })
}
