package publish

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"ssebench/loadgen"
)

// HTTP calls a URL for each event. URL, Header and Body are templates; what a URL needs escaped is escaped with urlquery.
type HTTP struct {
	URL     string
	Method  string              // default POST
	Header  map[string][]string // Content-Type: by default JSON where the body is, else plain text
	Body    string              // default {{.Payload}}, and none for GET and HEAD
	Expect  []int               // statuses that mean success; default: every 2xx
	Timeout time.Duration       // of a call, its connecting included; default 10 s
	NoReuse bool                // a connection for each call
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
	// mostHead is the longest header of an answer, with those of interim answers.
	mostHead = 256 << 10
	// mostSaid is how much of an answer may be quoted, before it is clipped.
	mostSaid = 4 << 10
	// idleAfter closes an idle connection before servers do: gunicorn after 2 s, Node after 5 s. A call on a connection that the
	// server closes at that moment would fail for a reason that is no fault of the server.
	idleAfter = 1500 * time.Millisecond
)

type httpHook struct {
	*calls
	config HTTP
	client http.Client
}

// NewHTTP checks the configuration and connects to nobody.
func NewHTTP(c HTTP) (Hook, error) {
	c.Timeout = orDefault(c.Timeout, defaultTimeout)
	c.MaxInFlight = orDefault(c.MaxInFlight, defaultInFlight)
	made, err := newCalls(c.Method, c.URL, c.Body, c.Header, c.Expect)
	if err != nil {
		return nil, err
	}
	h := &httpHook{calls: made, config: c}
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

			MaxResponseHeaderBytes: mostHead,
			// No proxy: Allow could not see where the call ends up.
		},
		CheckRedirect: h.checkRedirect,
	}
	return h, nil
}

// checkRedirect follows only where method and body stay (307 and 308): a POST that went on as a GET would publish nothing and may
// still end in a 200. The dialer checks where it leads.
func (h *httpHook) checkRedirect(r *http.Request, via []*http.Request) error {
	if r.Method != h.method || h.expected(r.Response.StatusCode) || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// request renders an event's call and makes the request of it.
func (h *httpHook) request(ctx context.Context, f *fields) (*http.Request, *call, *loadgen.Failure) {
	c, failure := h.render(f)
	if failure != nil {
		return nil, nil, failure
	}
	r, err := http.NewRequestWithContext(ctx, h.method, c.target, nil)
	if err != nil {
		return nil, nil, fail("hook_template", "%s is no request: %s", c.where, clip(showText(err.Error()), 200))
	}
	if c.hasBody {
		r.ContentLength = int64(len(c.body))
		r.Body = io.NopCloser(strings.NewReader(c.body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(c.body)), nil }
	} else {
		// A body that cannot be had again keeps net/http from sending a GET twice when a connection fails: that would be an
		// event of ours twice, and the server would be blamed for it.
		r.Body = io.NopCloser(strings.NewReader(""))
	}
	for _, field := range c.header {
		if field.Name == "Host" {
			r.Host = field.Value
			continue
		}
		r.Header.Add(field.Name, field.Value)
	}
	if r.Header["User-Agent"] == nil {
		r.Header.Set("User-Agent", loadgen.UserAgent)
	}
	return r, c, nil
}

// Publish sends the request and waits for the whole answer.
func (h *httpHook) Publish(parent context.Context, ev *loadgen.Event) error {
	ctx, cancel := context.WithTimeout(parent, h.config.Timeout)
	defer cancel()
	r, c, failure := h.request(ctx, fieldsOf(ev))
	if failure != nil {
		return failure
	}
	response, err := h.client.Do(r)
	if err != nil {
		if failure := cutOff(parent, c.where); failure != nil {
			return failure
		}
		return explainNetwork(err, "hook_", c.where, h.config.Timeout)
	}
	defer response.Body.Close()
	if !h.expected(response.StatusCode) {
		body, _ := io.ReadAll(io.LimitReader(response.Body, mostSaid))
		return c.unexpected(response.StatusCode, response.Header, body)
	}
	if failure := c.notAStream(response.Header); failure != nil {
		return failure
	}
	var start bytes.Buffer
	if ev.Seq == 1 {
		_, err = io.CopyN(&start, response.Body, mostSaid)
		ev.Answer = c.said(start.Bytes())
	}
	if err == nil {
		_, err = io.CopyN(io.Discard, response.Body, mostBody)
	}
	if err != nil && err != io.EOF {
		if failure := cutOff(parent, c.where); failure != nil {
			return failure
		}
		err = explainNetwork(err, "hook_", c.where, h.config.Timeout)
		if f, ok := errors.AsType[*loadgen.Failure](err); ok {
			f.Message += fmt.Sprintf(" (the status was %d, and its body did not end)", response.StatusCode)
		}
		return err
	}
	return nil
}

func (h *httpHook) Close(context.Context) error {
	h.client.CloseIdleConnections()
	return nil
}

func (h *httpHook) Warnings() []Warning { return nil }
