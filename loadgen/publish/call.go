package publish

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ssebench/loadgen"
)

// calls are the templates of an HTTP call, checked, and the statuses that mean success.
type calls struct {
	method string
	url    *text
	body   *text // nil: none
	header []headerText
	expect []int // empty: every 2xx

	secrets *loadgen.Redactor // of all these: a server may echo what it was sent
}

type headerText struct {
	name  string
	value *text
}

// call is one call as an event makes it.
type call struct {
	url     *url.URL
	target  string // the URL as it was rendered
	header  []loadgen.Field
	body    string
	hasBody bool
	where   string // how messages name the call
	secrets *loadgen.Redactor
}

// newCalls fills in the method, POST, the body, {{.Payload}} but for GET and HEAD, and the type of the body, JSON or plain text.
func newCalls(method, address, body string, header map[string][]string, expect []int) (*calls, error) {
	c := &calls{method: strings.ToUpper(orDefault(method, http.MethodPost)), expect: expect, secrets: new(loadgen.Redactor)}
	c.secrets.AddText(address)
	c.secrets.AddText(body)
	if body == "" && c.method != http.MethodGet && c.method != http.MethodHead {
		body = "{{.Payload}}"
	}
	var err error
	if c.url, err = parseText("url", address); err != nil {
		return nil, err
	}
	if body != "" {
		if c.body, err = parseText("body", body); err != nil {
			return nil, err
		}
	}
	hasType := false
	for name, values := range header {
		for _, value := range values {
			parsed, err := parseText("header "+name, value)
			if err != nil {
				return nil, err
			}
			c.header = append(c.header, headerText{http.CanonicalHeaderKey(name), parsed})
			c.secrets.AddField(name, value)
		}
		hasType = hasType || http.CanonicalHeaderKey(name) == "Content-Type"
	}
	slices.SortStableFunc(c.header, func(a, b headerText) int { return strings.Compare(a.name, b.name) })
	if c.body != nil && !hasType {
		c.header = append(c.header, headerText{"Content-Type", &text{constant: c.guessType()}})
	}
	return c, nil
}

// guessType looks at the body of the sample event.
func (c *calls) guessType() string {
	body, failure := c.body.render(&sample)
	start := strings.TrimSpace(body)
	if failure == nil && (strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[")) && json.Valid([]byte(body)) {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

func (c *calls) expected(status int) bool {
	if len(c.expect) == 0 {
		return status/100 == 2
	}
	return slices.Contains(c.expect, status)
}

// render renders everything.
func (c *calls) render(f *fields) (*call, *loadgen.Failure) {
	target, failure := c.url.render(f)
	if failure != nil {
		return nil, failure
	}
	u, err := url.Parse(target)
	if err != nil {
		// The error quotes parts of the URL, which may be those of a password.
		return nil, fail("hook_template", "the hook's url %q cannot be read; escape what comes from the event with urlquery", showTarget(target))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		hint := "it needs a scheme and a host"
		if !strings.Contains(target, "://") {
			hint = "write http://" + strings.TrimLeft(showTarget(target), "/")
		}
		return nil, fail("hook_template", "the hook's url %q is no http or https URL: %s", showTarget(target), hint)
	}
	made := &call{url: u, target: target, where: "the hook " + c.method + " " + showURL(u), secrets: c.secrets}
	if c.body != nil {
		made.hasBody = true
		if made.body, failure = c.body.render(f); failure != nil {
			return nil, failure
		}
	}
	for _, header := range c.header {
		value, failure := header.value.render(f)
		if failure != nil {
			return nil, failure
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return nil, fail("hook_template", "%s: the header %s has a line end in it; escape it with urlquery or json", made.where, header.name)
		}
		made.header = append(made.header, loadgen.Field{Name: header.name, Value: value})
	}
	return made, nil
}

// said is the start of an answer in one line, without secrets that the call holds.
func (c *call) said(body []byte) string {
	return clip(showText(c.secrets.Redact(string(body))), 160)
}

// unexpected says what came in place of success, with the first words of the answer, and what to do about it.
func (c *call) unexpected(status int, header http.Header, body []byte) *loadgen.Failure {
	said := ""
	if len(body) > 0 {
		if line := c.said(body); line != "" {
			said = fmt.Sprintf(" (%q)", line)
		}
	}
	do := "see the server's log"
	switch {
	case status/100 == 3:
		do = "give the URL that it leads to"
		if to, err := c.url.Parse(header.Get("Location")); err == nil && header.Get("Location") != "" {
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
	name := http.StatusText(status)
	if name != "" {
		name = " " + name
	}
	return fail(fmt.Sprintf("hook_status_%d", status), "%s answered %d%s%s; %s", c.where, status, name, said, do)
}

// notAStream refuses an answer that is an event stream.
func (c *call) notAStream(header http.Header) *loadgen.Failure {
	if kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")); kind != "text/event-stream" {
		return nil
	}
	return fail("hook_content_type", "%s answers with an event stream: that is where events are read; give the URL where they are published", c.where)
}
