package loadgen

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ssebench/scenarios"
)

// requests makes what the transport sends of what the plan says. Subscribers that send the same share it: a run has tens of thousands
// of subscribers and, mostly, one request for each topic.
type requests struct {
	cookies   bool       // the plan keeps cookies
	webSocket *WebSocket // that each asks for; nil: none
	polling   *polling   // nil: they do not poll
	tabs      int        // of a browser; 0: subscribers are no browsers
	agent     string     // User-Agent of those that name no other; empty: the transport's
	known     map[string]*Request
	secrets   *Redactor // gets to know the cookies
}

// webSocketOf gives what all requests of a plan for a WebSocket have in common; nil: it has event streams.
func webSocketOf(p *scenarios.Plan) *WebSocket {
	if p.Target.Transport != scenarios.TransportWebSocket {
		return nil
	}
	return &WebSocket{Compress: p.Target.WebSocket.Compression, Limit: int64(p.Target.EventLimit)}
}

// mostKnown bounds the requests that are remembered: a plan with one for each subscriber has nothing to share.
const mostKnown = 4096

// build gives the request of one subscriber, and the last event ID or the cursor that it starts from.
func (q *requests) build(client int, from *scenarios.ClientRequest) (r *Request, resume string, err error) {
	if r, resume, err = q.share(from); err != nil || q.tabs == 0 {
		return r, resume, err
	}
	tab := *r
	tab.Browser = 1 + client/q.tabs
	return &tab, resume, nil
}

// share is build for a subscriber that is no browser.
func (q *requests) share(from *scenarios.ClientRequest) (r *Request, resume string, err error) {
	if resume, err = q.polling.start(from); err != nil {
		return nil, "", err
	}
	key := ""
	if !q.cookies && from.Login == nil {
		key = fmt.Sprintf("%q %q %q %q %q", from.Method, from.URL, from.Header, from.Body, from.Subscribe)
		if r := q.known[key]; r != nil {
			return r, resume, nil
		}
	}
	if r, err = q.newRequest(from); err != nil {
		return nil, "", err
	}
	switch {
	case q.polling != nil && !q.polling.finite:
		r.Close = !q.polling.reuse
		r.Header = setFields([]Field{{"Accept", q.polling.accept}, {"Accept-Encoding", "identity"}}, r.Header)
	case q.webSocket != nil:
		r.Upgrade, r.WebSocket = "websocket", *q.webSocket
		r.WebSocket.Subscribe = []byte(from.Subscribe)
	default:
		r.Header = StreamHeader(r.Header)
	}
	switch {
	case key == "":
		r.Jar = newJar(q.secrets)
	case len(q.known) < mostKnown:
		if q.known == nil {
			q.known = make(map[string]*Request)
		}
		q.known[key] = r
	}
	return r, resume, nil
}

func (q *requests) newRequest(from *scenarios.ClientRequest) (*Request, error) {
	u, err := url.Parse(from.URL)
	if err != nil {
		return nil, err
	}
	r := &Request{Method: from.Method, URL: u, Header: fields(from.Header)}
	if q.agent != "" {
		r.Header = setFields([]Field{{"User-Agent", q.agent}}, r.Header)
	}
	if from.Body != "" {
		r.Body = []byte(from.Body)
	}
	if from.Login != nil {
		r.Login, err = q.newRequest(from.Login)
	}
	return r, err
}

// IsSafe reports whether a method asks for nothing but an answer (RFC 9110 section 9.2.1), so that a client may repeat its request unasked.
func IsSafe(method string) bool {
	return slices.Contains([]string{"", "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH"}, method)
}

// withoutParameter takes a parameter out of a URL's query, and gives its value; empty: it had none.
func withoutParameter(address, name string) (without, value string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", err
	}
	var kept []string
	for _, part := range strings.Split(u.RawQuery, "&") {
		key, v, _ := strings.Cut(part, "=")
		if k, err := url.QueryUnescape(key); err != nil || k != name {
			kept = append(kept, part)
		} else if value, err = url.QueryUnescape(v); err != nil {
			return "", "", fmt.Errorf("target.url: the parameter %s is badly escaped", name)
		}
	}
	u.RawQuery = strings.Join(kept, "&")
	return u.String(), value, nil
}

func fields(h http.Header) (f []Field) {
	for name, values := range h {
		for _, v := range values {
			f = append(f, Field{name, v})
		}
	}
	slices.SortStableFunc(f, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return f
}
