package publish

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"ssebench/loadgen"
)

// HTTP calls a URL for each event. URL, Header and Body are templates; what a URL needs escaped is escaped with urlquery.
type HTTP struct {
	URL     string
	Method  string            // default POST
	Header  map[string]string // Content-Type: by default JSON where the body is, else plain text
	Body    string            // default {{.Payload}}, and none for GET and HEAD
	Expect  []int             // statuses that mean success; default: every 2xx
	Timeout time.Duration     // of a call, its connecting included; default 10 s
	NoReuse bool              // a connection for each call
	// Allow may refuse an address that the URL or a redirect leads to; nil: all are fine.
	Allow func(netip.Addr) error
	// MaxInFlight bounds the connections, to each host; a call that finds none free waits for one, within its timeout. Default 256.
	MaxInFlight int
	// TLS settings; nil: the system's.
	TLS *tls.Config
	// ConnectTo maps host:port of a URL to the one to dial in its place; Host and SNI keep the URL's name.
	ConnectTo map[string]string
}

const (
	// mostBody is how much of an answer is read, so that its connection can be used again. A longer answer costs it.
	mostBody = 64 << 10
	// idleAfter closes an idle connection before servers do: gunicorn after 2 s, Node after 5 s. A call on a connection that the
	// server closes at that moment would fail for a reason that is no fault of the server.
	idleAfter = 1500 * time.Millisecond
)

type httpHook struct {
	config HTTP
	url    *text
	body   *text // nil: none
	header []headerText
	client http.Client
}

type headerText struct {
	name  string
	value *text
}

// NewHTTP checks the configuration and connects to nobody.
func NewHTTP(c HTTP) (Hook, error) {
	c.Method = strings.ToUpper(orDefault(c.Method, http.MethodPost))
	c.Timeout = orDefault(c.Timeout, defaultTimeout)
	c.MaxInFlight = orDefault(c.MaxInFlight, defaultInFlight)
	bodiless := c.Method == http.MethodGet || c.Method == http.MethodHead
	if c.Body == "" && !bodiless {
		c.Body = "{{.Payload}}"
	}
	h := &httpHook{config: c}
	var err error
	if h.url, err = parseText("url", c.URL); err != nil {
		return nil, err
	}
	if c.Body != "" {
		if h.body, err = parseText("body", c.Body); err != nil {
			return nil, err
		}
	}
	hasType := false
	for name, value := range c.Header {
		parsed, err := parseText("header "+name, value)
		if err != nil {
			return nil, err
		}
		h.header = append(h.header, headerText{http.CanonicalHeaderKey(name), parsed})
		hasType = hasType || http.CanonicalHeaderKey(name) == "Content-Type"
	}
	if h.body != nil && !hasType {
		h.header = append(h.header, headerText{"Content-Type", &text{constant: h.guessType()}})
	}
	// A request of the sample event shows what is wrong with the method, the URL or a header's name.
	if _, _, failure := h.request(context.Background(), &sample); failure != nil {
		return nil, fmt.Errorf("%s", failure.Message)
	}
	d := dialer(c.Allow, c.Timeout)
	h.client = http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return d.DialContext(ctx, network, orDefault(c.ConnectTo[address], address))
			},
			TLSClientConfig:     c.TLS.Clone(),
			TLSHandshakeTimeout: c.Timeout,
			DisableKeepAlives:   c.NoReuse,
			DisableCompression:  true,
			MaxIdleConnsPerHost: c.MaxInFlight,
			MaxConnsPerHost:     c.MaxInFlight,
			IdleConnTimeout:     idleAfter,
			// No proxy: Allow could not see where the call ends up.
		},
		CheckRedirect: h.checkRedirect,
	}
	return h, nil
}

// guessType looks at the body of the sample event.
func (h *httpHook) guessType() string {
	body, failure := h.body.render(&sample)
	start := strings.TrimSpace(body)
	if failure == nil && (strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[")) && json.Valid([]byte(body)) {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// checkRedirect follows only where method and body stay (307 and 308): a POST that went on as a GET would publish nothing and may
// still end in a 200. The dialer checks where it leads.
func (h *httpHook) checkRedirect(r *http.Request, via []*http.Request) error {
	if r.Method != h.config.Method || h.expected(r.Response.StatusCode) || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

func (h *httpHook) expected(status int) bool {
	if len(h.config.Expect) == 0 {
		return status/100 == 2
	}
	return slices.Contains(h.config.Expect, status)
}

// request renders everything. where is how messages name the call.
func (h *httpHook) request(ctx context.Context, f *fields) (r *http.Request, where string, failure *loadgen.Failure) {
	target, failure := h.url.render(f)
	if failure != nil {
		return nil, "", failure
	}
	u, err := url.Parse(target)
	if err != nil {
		// The error quotes parts of the URL, which may be those of a password.
		return nil, "", fail("hook_template", "the hook's url %q cannot be read; escape what comes from the event with urlquery", showTarget(target))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		hint := "it needs a scheme and a host"
		if !strings.Contains(target, "://") {
			hint = "write http://" + strings.TrimLeft(showTarget(target), "/")
		}
		return nil, "", fail("hook_template", "the hook's url %q is no http or https URL: %s", showTarget(target), hint)
	}
	where = "the hook " + h.config.Method + " " + showURL(u)
	r, err = http.NewRequestWithContext(ctx, h.config.Method, target, nil)
	if err != nil {
		return nil, where, fail("hook_template", "%s is no request: %s", where, clip(showText(err.Error()), 200))
	}
	if h.body != nil {
		body, failure := h.body.render(f)
		if failure != nil {
			return nil, where, failure
		}
		r.ContentLength = int64(len(body))
		r.Body = io.NopCloser(strings.NewReader(body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
	} else {
		// A body that cannot be had again keeps net/http from sending a GET twice when a connection fails: that would be an
		// event of ours twice, and the server would be blamed for it.
		r.Body = io.NopCloser(strings.NewReader(""))
	}
	r.Header.Set("User-Agent", "ssebench")
	for _, header := range h.header {
		value, failure := header.value.render(f)
		if failure != nil {
			return nil, where, failure
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return nil, where, fail("hook_template", "%s: the header %s has a line end in it; escape it with urlquery or json", where, header.name)
		}
		if header.name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(header.name, value)
	}
	return r, where, nil
}

// Publish sends the request and waits for the whole answer.
func (h *httpHook) Publish(parent context.Context, ev *loadgen.Event) error {
	ctx, cancel := context.WithTimeout(parent, h.config.Timeout)
	defer cancel()
	r, where, failure := h.request(ctx, fieldsOf(ev))
	if failure != nil {
		return failure
	}
	response, err := h.client.Do(r)
	if err != nil {
		if failure := cutOff(parent, where); failure != nil {
			return failure
		}
		return explainNetwork(err, "hook_", where, h.config.Timeout)
	}
	defer response.Body.Close()
	if !h.expected(response.StatusCode) {
		return h.unexpected(response, where, secretsOf(r.Header, r.URL))
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == "text/event-stream" {
		return fail("hook_content_type", "%s answers with an event stream: that is where events are read; give the URL where they are published", where)
	}
	if _, err := io.CopyN(io.Discard, response.Body, mostBody); err != nil && err != io.EOF {
		if failure := cutOff(parent, where); failure != nil {
			return failure
		}
		failure := explainNetwork(err, "hook_", where, h.config.Timeout)
		failure.Message += fmt.Sprintf(" (the status was %d, and its body did not end)", response.StatusCode)
		return failure
	}
	return nil
}

// unexpected says what came in place of success, with the first words of the answer, and what to do about it.
func (h *httpHook) unexpected(response *http.Response, where string, hidden secrets) *loadgen.Failure {
	said := ""
	if body, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10)); len(body) > 0 {
		if line := clip(hidden.redact(string(body)), 160); line != "" {
			said = fmt.Sprintf(" (%q)", line)
		}
	}
	do := "see the server's log"
	switch status := response.StatusCode; {
	case status/100 == 3:
		do = "give the URL that it leads to"
		if to, err := response.Location(); err == nil {
			do = "give the URL that it leads to, " + showURL(to)
		}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		do = "check the credentials in the hook's headers"
	case status == http.StatusNotFound:
		do = "check the path of the hook's url"
	case status == http.StatusMethodNotAllowed:
		do = "check the hook's method"
	case status == http.StatusUnsupportedMediaType:
		do = "set the hook's header Content-Type"
	case status == http.StatusRequestEntityTooLarge:
		do = "use a smaller payload"
	case status == http.StatusTooManyRequests:
		do = "publish at a lower rate, or lift the server's limit"
	case status/100 == 2:
		do = "check what the hook expects"
	case status/100 == 4:
		do = "check the hook's url, headers and body"
	}
	name := http.StatusText(response.StatusCode)
	if name != "" {
		name = " " + name
	}
	return fail(fmt.Sprintf("hook_status_%d", response.StatusCode), "%s answered %d%s%s; %s", where, response.StatusCode, name, said, do)
}

func (h *httpHook) Close() error {
	h.client.CloseIdleConnections()
	return nil
}

func (h *httpHook) Warnings() []Warning { return nil }
