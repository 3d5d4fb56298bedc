package scenarios

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

func (c checker) target(t *Target) {
	written := c.source.values["target"]
	if t.URL == "" && !c.Reference && !c.given("target.url") && written != nil && written.Kind == yaml.MappingNode {
		c.mistakes.add(c.source.atKey("target", `missing field "url" in target`, ""))
	}
	address := c.url("target.url", t.URL, subscriberScope)
	c.ours(t)
	c.polling(t)
	c.listen(t)
	c.headers("target.headers", t.Headers, subscriberScope)
	c.template("target.body", t.Body, subscriberScope)
	c.method("target.method", t.Method)
	switch t.Method {
	case "", http.MethodGet:
		if t.Body != "" && !c.broken("target.method", t.Method) {
			c.wrong("target.body", 0, "", "a body needs a method that has one, such as POST")
		}
	case http.MethodHead, http.MethodConnect:
		c.wrong("target.method", 0, http.MethodGet, "an answer to %s has no body that could be a stream", t.Method)
	}
	if t.Login != nil {
		c.url("target.login.url", t.Login.URL, subscriberScope)
		c.method("target.login.method", t.Login.Method)
		c.headers("target.login.headers", t.Login.Headers, subscriberScope)
		c.template("target.login.body", t.Login.Body, subscriberScope)
	}
	c.env("target.users", t.Users)
	c.address("target.connect_to", t.ConnectTo, hostPortMistake)
	if address != nil {
		switch {
		case t.Protocol == "h2c" && address.Scheme == "https":
			c.wrong("target.protocol", 0, "http2", "h2c is HTTP/2 without TLS: the URL has https")
		case t.Protocol == "http2" && address.Scheme == "http":
			c.wrong("target.protocol", 0, "h2c", "http2 needs TLS: the URL has http")
		}
		if t.TLS != nil && address.Scheme == "http" {
			c.mistakes.add(c.source.atKey("target.tls", "TLS settings have no meaning: the URL has http", ""))
		}
	}
	if t.TLS != nil {
		c.env("target.tls.ca_cert", t.TLS.CACert)
		c.env("target.tls.server_name", t.TLS.ServerName)
	}
	c.webSocket(t)
	if t.Start != nil {
		c.start(t.Start)
	}
}

// webSocket: it is opened by a GET over HTTP/1.1.
func (c checker) webSocket(t *Target) {
	if t.Transport != TransportWebSocket {
		if t.WebSocket != nil && !c.broken("target.transport", t.Transport) {
			c.mistakes.add(c.source.atKey("target.websocket", "settings of WebSockets have no meaning without transport: websocket", ""))
		}
		return
	}
	switch {
	case t.Protocol == "http2" || t.Protocol == "h2c":
		c.wrong("target.protocol", 0, "http1.1", "WebSockets over HTTP/2 (RFC 8441) are not there: a WebSocket is opened over HTTP/1.1")
	case t.Method != "" && t.Method != http.MethodGet:
		c.wrong("target.method", 0, http.MethodGet, "a WebSocket is opened by a GET")
	}
	if w := t.WebSocket; w != nil {
		c.template("target.websocket.subscribe", w.Subscribe, subscriberScope)
		c.pointer("target.websocket.data", w.Data)
		c.pointer("target.websocket.type", w.Type)
	}
}

// broken tells a field that was given but could not be read from one that was left out.
func (c checker) broken(path, value string) bool { return value == "" && c.given(path) }

func (c checker) start(s *Start) {
	for _, word := range s.Command {
		if _, wrong := expandEnv(word, false, anyEnv); len(wrong) > 0 {
			c.wrong("target.start.command", 0, "", "%s", wrong[0].message)
			break
		}
	}
	c.env("target.start.dir", s.Dir)
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		if strings.Contains(name, "=") {
			c.mistakes.add(c.source.atKey("target.start.env."+name, "the name of an environment variable has no =", ""))
		}
		c.env("target.start.env."+name, s.Env[name])
	}
	if s.Ready != nil {
		c.url("target.start.ready.url", s.Ready.URL, scope{})
		c.address("target.start.ready.tcp", s.Ready.TCP, hostPortMistake)
		c.regexp("target.start.ready.line", s.Ready.Line)
	}
}

// anyEnv stands for the environment before Plan: 1 is good as a host, as a port and as a part of a path.
func anyEnv(string) (string, bool) { return "1", true }

func (c checker) env(path, text string) {
	_, wrong := expandEnv(text, false, anyEnv)
	for _, w := range wrong {
		c.wrong(path, w.offset, w.suggestion, "%s", w.message)
	}
}

// template checks a template and gives what it is with made-up values; false where there is none or it is wrong.
func (c checker) template(path, text string, scope scope) (sample string, ok bool) {
	if text == "" {
		return "", false
	}
	_, wrong := expandEnv(text, true, anyEnv)
	p, more := parseTemplate(text, scope)
	if wrong = append(wrong, more...); len(wrong) == 0 && scope.users && len(p.users) > 0 && c.Target.Users == "" && !c.given("target.users") {
		for _, name := range slices.Sorted(maps.Keys(p.users)) {
			c.wrong(path, p.users[name], "", "{{.User.%s}} needs a users file: set target.users", name)
		}
		return "", false
	}
	if len(wrong) == 0 {
		expanded, _ := expandEnv(text, true, anyEnv)
		p, more := parseTemplate(expanded, scope)
		if wrong = more; len(wrong) == 0 {
			var err error
			if sample, err = p.sample(scope); err != nil {
				wrong = []textMistake{{0, "bad template: " + err.Error(), ""}}
			}
		}
	}
	for _, w := range wrong {
		c.wrong(path, w.offset, w.suggestion, "%s", w.message)
	}
	return sample, len(wrong) == 0
}

// url checks a URL template; nil where it is wrong or begins with what only the environment knows.
func (c checker) url(path, text string, scope scope) *url.URL {
	sample, ok := c.template(path, text, scope)
	if !ok || strings.HasPrefix(text, "${") || strings.HasPrefix(text, "{{") {
		return nil
	}
	address, message, suggestion := parseURL(sample, text)
	if message != "" {
		c.wrong(path, 0, suggestion, "%s", message)
		return nil
	}
	return address
}

// parseURL refuses what cannot be called. The text is what a suggestion is made of.
func parseURL(address, text string) (parsed *url.URL, message, suggestion string) {
	if i := strings.IndexFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return nil, "a URL has no spaces and no control characters: urlquery, as in {{urlquery .Topic}}, escapes them", ""
	}
	u, err := url.Parse(address)
	switch {
	case !strings.Contains(address, "://"):
		return nil, quote(text) + " has no scheme", "http://" + strings.TrimLeft(text, "/")
	case err != nil:
		message := err.Error()
		if cut := strings.LastIndex(message, `": `); cut >= 0 {
			message = message[cut+3:]
		}
		return nil, "bad URL: " + message, ""
	case u.Scheme == "ws" || u.Scheme == "wss": // also where it is meant: one way to write it
		return nil, "a WebSocket's URL is written with http or https", strings.Replace(text, "ws", "http", 1)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Sprintf("scheme %s is neither http nor https", quote(u.Scheme)), near(u.Scheme, []string{"http", "https"})
	case u.Hostname() == "":
		return nil, quote(text) + " has no host", ""
	case u.User != nil:
		return nil, "a user and password in a URL are not sent: set an Authorization header", ""
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		return nil, "port " + u.Port() + " is not between 1 and 65535", ""
	}
	return u, "", ""
}

func (c checker) method(path, method string) {
	upper := strings.ToUpper(method)
	switch {
	case method == "":
	case !IsToken(method):
		c.wrong(path, 0, "", "%s is no HTTP method: it is a word of letters, digits and !#$%%&'*+-.^_`|~ (RFC 9110 section 9.1)", quote(method))
	case method != upper && slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}, upper):
		c.wrong(path, 0, upper, "an HTTP method is written in capitals")
	}
}

// Headers that ssebench itself must set.
var ownHeaders = []string{"Connection", "Content-Length", "Transfer-Encoding", "Upgrade"}

func (c checker) headers(path string, headers Headers, scope scope) {
	const mostHeaders = 1000
	if n := len(headers.all()); n > mostHeaders {
		c.wrong(path, 0, "", "%d headers are more than a server takes: at most %d", n, mostHeaders)
		return
	}
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		at := join(path, name)
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		switch {
		case !IsToken(name):
			c.mistakes.add(c.source.atKey(at, quote(name)+" is no header name", ""))
		case slices.Contains(ownHeaders, canonical):
			c.mistakes.add(c.source.atKey(at, canonical+" is set by ssebench itself", ""))
		case seen[canonical] != "":
			c.mistakes.add(c.source.atKey(at, "header "+quote(name)+" is given twice, as "+quote(seen[canonical])+" too: give one a list of values", ""))
		}
		seen[canonical] = name
		for i, value := range headers[name] {
			at := valuePath(path, name, i, headers[name])
			if sample, ok := c.template(at, value, scope); ok && strings.ContainsAny(sample, "\r\n\x00") {
				c.wrong(at, 0, "", "a header's value has no line ends")
			}
		}
	}
}

// IsToken reports whether a text is a token of RFC 9110, section 5.6.2, as methods and names of header fields are.
func IsToken(s string) bool {
	return s != "" && strings.Trim(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// address holds what is known of an address without its environment against a rule, which gives a message for a mistake.
func (c checker) address(path, text string, rule func(string) string) {
	if text == "" {
		return
	}
	c.env(path, text)
	address, wrong := expandEnv(text, false, anyEnv)
	if len(wrong) > 0 || strings.HasPrefix(text, "${") {
		return
	}
	if message := rule(address); message != "" {
		c.wrong(path, 0, "", "%s", message)
	}
}

func hostPortMistake(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || strings.ContainsFunc(host, func(r rune) bool { return r == '/' || r <= ' ' }) {
		return quote(address) + " is no host:port, such as 127.0.0.1:8080"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "port " + quote(port) + " is not between 1 and 65535"
	}
	return ""
}
