package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/template"
	"time"
)

// ClientRequest is what one subscriber sends, all templates executed. Accept, Cache-Control and Last-Event-ID are the transport's.
type ClientRequest struct {
	Method string
	URL    string
	Header http.Header
	Body   string
	Login  *ClientRequest // made once before the first stream; nil: none

	Subscribe string // sent once the WebSocket is open; empty: nothing is
}

// requestTemplates are the parsed templates of a request.
type requestTemplates struct {
	method  string
	url     text
	headers []headerTemplate
	body    text
	login   *requestTemplates

	subscribe text
}

type headerTemplate struct {
	name  string
	value text
}

// text is a template; one without actions is kept as it is.
type text struct {
	path  string
	plain string
	*template.Template
}

// subscriber is what templates see.
type subscriber struct {
	Topic  string
	Client int
	User   map[string]string
}

// Request executes the templates for a subscriber: client i has topic i mod len(Topics) and row i mod len(rows) of the users file. It
// takes some microseconds, and any goroutine may call it. It fails where a URL or a header made from a user's row cannot be sent,
// and before WithTarget.
func (p *Plan) Request(client int) (*ClientRequest, error) {
	if p.request == nil {
		return nil, errors.New("the target's address is not known yet")
	}
	if client < 0 {
		return nil, fmt.Errorf("there is no client %d", client)
	}
	r, err := p.request.execute(&subscriber{Topic: p.Topics[client%len(p.Topics)], Client: client, User: p.users.row(client)})
	if err == nil && p.users != nil { // else the templates have told all
		r.learn(p.secrets)
	}
	return r, err
}

// requestError is a request that cannot be made for one subscriber.
type requestError struct {
	path    string // of the field that is wrong
	message string
}

func (e *requestError) Error() string { return e.path + ": " + e.message }

func (t *requestTemplates) execute(s *subscriber) (*ClientRequest, error) {
	var err error
	r := &ClientRequest{Method: t.method, Header: make(http.Header, len(t.headers))}
	if r.URL, err = t.url.execute(s); err != nil {
		return nil, err
	}
	if t.url.Template != nil { // a plain one was checked before
		if _, message, _ := parseURL(r.URL, r.URL); message != "" {
			return nil, &requestError{t.url.path, message}
		}
	}
	for _, header := range t.headers {
		value, err := header.value.execute(s)
		if err != nil {
			return nil, err
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return nil, &requestError{header.value.path, "a header's value has no line ends"}
		}
		r.Header.Add(header.name, value)
	}
	if r.Body, err = t.body.execute(s); err != nil {
		return nil, err
	}
	if r.Subscribe, err = t.subscribe.execute(s); err != nil {
		return nil, err
	}
	if t.login != nil {
		r.Login, err = t.login.execute(s)
	}
	return r, err
}

func (t text) execute(s *subscriber) (string, error) {
	if t.Template == nil {
		return t.plain, nil
	}
	text, err := Fill(t.Template, s)
	if err != nil {
		return "", &requestError{t.path, parseErrorPrefix.ReplaceAllString(err.Error(), "")}
	}
	return text, nil
}

// templates parses the target's templates and checks what they want of the users file.
func (p *Plan) templates(e *expander) *requestTemplates {
	t := p.Target
	parsed := p.requestOf(e, "target", t.Method, t.URL, t.Headers, t.Body)
	if t.WebSocket != nil {
		parsed.subscribe = p.textOf(e, "target.websocket.subscribe", t.WebSocket.Subscribe)
	}
	if t.Login != nil {
		parsed.login = p.requestOf(e, "target.login", t.Login.Method, t.Login.URL, t.Login.Headers, t.Login.Body)
	}
	return parsed
}

func (p *Plan) requestOf(e *expander, path, method, address string, headers Headers, body string) *requestTemplates {
	t := &requestTemplates{method: method, url: p.textOf(e, path+".url", address), body: p.textOf(e, path+".body", body)}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		for i, value := range headers[name] {
			t.headers = append(t.headers, headerTemplate{name, p.textOf(e, valuePath(path+".headers", name, i, headers[name]), value)})
		}
	}
	if t.url.Template == nil && !e.failed[t.url.path] {
		written := t.url.plain
		if e.source != nil && e.source.values[t.url.path] != nil {
			written = e.source.values[t.url.path].Value // what the environment put in may be secret
		}
		if _, message, suggestion := parseURL(t.url.plain, written); message != "" {
			e.wrong(t.url.path, 0, message, suggestion)
		}
	}
	return t
}

func (p *Plan) textOf(e *expander, path, content string) text {
	if !strings.Contains(content, "{{") {
		return text{path: path, plain: content}
	}
	parsed, wrong := parseTemplate(content, subscriberScope)
	for _, w := range wrong {
		e.wrong(path, w.offset, w.message, w.suggestion)
	}
	for _, name := range slices.Sorted(maps.Keys(parsed.users)) {
		if message, suggestion := p.users.lacks(name); message != "" {
			e.wrong(path, e.source.offsetOf(path, name, parsed.users[name]), message, suggestion)
		}
	}
	return text{path: path, Template: parsed.template}
}

// requestMistake gives the failed request of a client its place.
func (p *Plan) requestMistake(s *source, client int, err error) Mistake {
	path, message := "target.url", err.Error()
	var wrong *requestError
	if errors.As(err, &wrong) {
		path, message = wrong.path, wrong.message
	}
	who := fmt.Sprintf("for client %d (topic %s", client, quote(p.Topics[client%len(p.Topics)]))
	if p.users != nil {
		who += fmt.Sprintf(", user on line %d of %s", p.users.lines[client%p.users.len()], p.Target.Users)
	}
	return s.at(path, 0, message+", "+who+")", "")
}

// checkScheme repeats, with the real URL, what Decode could not check where the scheme came from the environment; and it gives a
// started server its default check of readiness.
func (p *Plan) checkScheme(e *expander) {
	first, err := p.Request(0)
	if err != nil {
		return
	}
	u, err := url.Parse(first.URL)
	if err != nil {
		return
	}
	switch {
	case u.Scheme == "https" && p.Target.Protocol == "h2c":
		e.wrong("target.protocol", 0, "h2c is HTTP/2 without TLS: the URL has https", "http2")
	case u.Scheme == "http" && p.Target.Protocol == "http2":
		e.wrong("target.protocol", 0, "http2 needs TLS: the URL has http", "h2c")
	case u.Scheme == "http" && p.Target.TLS != nil:
		e.mistakes.add(e.source.atKey("target.tls", "TLS settings have no meaning: the URL has http", ""))
	}
	if ready := p.Server.Ready; ready != nil && ready.URL == "" && ready.TCP == "" && ready.Line == "" {
		if ready.TCP = p.Target.ConnectTo; ready.TCP == "" {
			port := u.Port()
			if port == "" {
				port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
			}
			ready.TCP = net.JoinHostPort(u.Hostname(), port)
		}
	}
}

// bundledPath is where the bundled server has each transport.
var bundledPath = map[string]string{
	TransportSSE: "/events", TransportPoll: "/poll", TransportLongPoll: "/longpoll", TransportFiniteSSE: "/finite",
	TransportWebSocket: "/ws",
}

// bundledHook is the hook with what only the bundled server's address tells.
func (p *PublishPlan) bundledHook(base string, t *Target) Hook {
	address := base + "/publish?topic={{urlquery .Topic}}"
	if p.Event != "" {
		address += "&event={{urlquery .Event}}"
	}
	hook := p.Hook
	switch own := hook.Subscribers; {
	case hook == (Hook{Timeout: hook.Timeout}):
		return *(&Hook{HTTP: &HTTPHook{URL: address}}).withDefaults(t)
	case own != nil && own.URL == "" && t.Transport != TransportWebSocket:
		with := *own
		with.URL = address
		hook.Subscribers = &with
	}
	return hook
}

// WithTarget is a copy of a plan with Reference for the server at a base URL such as http://127.0.0.1:40123: subscribers get
// BASE/events?topic=…, or the path of their transport, and events go to BASE/publish?topic=… by HTTP unless the scenario has a hook of its own.
func (p *Plan) WithTarget(base string) (*Plan, error) {
	if !p.Reference {
		return nil, errors.New("the scenario names a target of its own")
	}
	base = strings.TrimRight(base, "/")
	if _, message, _ := parseURL(base, base); message != "" || strings.Contains(base, "{") {
		return nil, fmt.Errorf("target %s: %s", quote(base), message)
	}
	with := *p
	with.Target.URL = base + bundledPath[p.Target.Transport] + "?topic={{urlquery .Topic}}"
	if poll := p.Target.Poll; poll != nil && poll.Timeout > 0 {
		with.Target.URL += "&timeout=" + time.Duration(poll.Timeout).String()
	}
	if strings.HasPrefix(base, "https:") && p.Target.TLS == nil {
		with.Target.TLS = &TLS{Insecure: true} // its certificate is its own
	}
	if p.Publish != nil {
		publish := *p.Publish
		publish.Hook = publish.bundledHook(base, &p.Target)
		with.Publish = &publish
	}
	e := expander{mistakes: &Mistakes{known: p.secrets}}
	with.request = with.templates(&e)
	return &with, e.mistakes.err()
}
