package scenarios

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// expander puts the environment into the strings of target and publish, and checks what could not be checked before.
type expander struct {
	source   *source
	env      func(string) (string, bool)
	mistakes *Mistakes
	failed   map[string]bool // paths of strings that could not be expanded
}

func (e *expander) wrong(path string, offset int, message, suggestion string) {
	e.mistakes.add(e.source.at(path, offset, message, suggestion))
}

// threshold says what is wrong with an expression for this plan.
func (e *expander) threshold(path, expression string, err error) {
	offset, suggestion, message := thresholdMistake(expression, err)
	e.wrong(path, offset, message, suggestion)
}

func (e *expander) template(path, text string) string { return e.expand(path, text, true) }

func (e *expander) text(path, text string) string { return e.expand(path, text, false) }

func (e *expander) expand(path, text string, template bool) string {
	expanded, wrong := expandEnv(text, template, e.env)
	for _, w := range wrong {
		e.wrong(path, w.offset, w.message, w.suggestion)
		e.failed[path] = true
	}
	return expanded
}

// words expands a command, whose place is one string or a list.
func (e *expander) words(path string, words []string) Command {
	expanded := make(Command, len(words))
	for i, word := range words {
		at := path
		if item := join(path, fmt.Sprint(i)); e.source.values[item] != nil {
			at = item
		}
		text, wrong := expandEnv(word, false, e.env)
		for _, w := range wrong {
			offset := w.offset
			if at == path && e.source.values[path] != nil {
				offset = max(strings.Index(e.source.values[path].Value, word[w.offset:]), 0)
			}
			e.wrong(at, offset, w.message, w.suggestion)
		}
		expanded[i] = text
	}
	return expanded
}

func (e *expander) texts(path string, texts map[string]string) map[string]string {
	expanded := make(map[string]string, len(texts))
	for name, text := range texts {
		expanded[name] = e.text(join(path, name), text)
	}
	return expanded
}

func (e *expander) headers(path string, headers Headers) Headers {
	expanded := make(Headers, len(headers))
	for name, values := range headers {
		for i, text := range values {
			expanded[name] = append(expanded[name], e.expand(valuePath(path, name, i, values), text, true))
		}
	}
	return expanded
}

// valuePath is the path of one value of a header field.
func valuePath(path, name string, i int, values Values) string {
	if path = join(path, name); len(values) > 1 {
		path = join(path, strconv.Itoa(i))
	}
	return path
}

// file expands the path of a file and lets it start at the scenario's folder.
func (e *expander) file(path, text string) string {
	if text = e.text(path, text); text == "" || filepath.IsAbs(text) {
		return text
	}
	return filepath.Join(e.source.dir, text)
}

func (e *expander) target(t *Target) (target Target, start Start, pid int) {
	target = *t
	target.URL = e.template("target.url", t.URL)
	target.Headers = e.headers("target.headers", t.Headers)
	target.Body = e.template("target.body", t.Body)
	target.Users = e.file("target.users", t.Users)
	if t.Login != nil {
		target.Login = &Login{
			URL: e.template("target.login.url", t.Login.URL), Method: t.Login.Method,
			Headers: e.headers("target.login.headers", t.Login.Headers), Body: e.template("target.login.body", t.Login.Body),
		}
	}
	if t.WebSocket != nil {
		webSocket := *t.WebSocket
		webSocket.Subscribe = e.template("target.websocket.subscribe", t.WebSocket.Subscribe)
		target.WebSocket = &webSocket
	}
	target.ConnectTo = e.text("target.connect_to", t.ConnectTo)
	e.address("target.connect_to", t.ConnectTo, target.ConnectTo, hostPortMistake)
	if target.Protocol == "auto" {
		target.Protocol = "http1.1"
	}
	if t.TLS != nil {
		target.TLS = &TLS{
			Insecure: t.TLS.Insecure, CACert: e.file("target.tls.ca_cert", t.TLS.CACert),
			ServerName: e.text("target.tls.server_name", t.TLS.ServerName),
		}
		e.certificates("target.tls.ca_cert", target.TLS.CACert)
	}
	if t.Start != nil {
		start = e.start(t.Start)
	}
	target.Start, target.PID = nil, 0 // Plan.Server and Plan.PID
	return target, start, t.PID
}

func (e *expander) certificates(path, file string) {
	if file == "" || e.failed[path] {
		return
	}
	text, err := readFile(file, mostBytes)
	if err != nil {
		e.wrong(path, 0, err.Error(), "")
	} else if !x509.NewCertPool().AppendCertsFromPEM(text) {
		e.wrong(path, 0, file+": holds no certificate in PEM form", "")
	}
}

func (e *expander) start(s *Start) Start {
	start := *s
	start.Command = e.words("target.start.command", s.Command)
	if start.Dir = e.file("target.start.dir", s.Dir); s.Dir == "" {
		start.Dir = e.source.dir
	} else if info, err := os.Stat(start.Dir); (err != nil || !info.IsDir()) && !e.failed["target.start.dir"] {
		e.wrong("target.start.dir", 0, start.Dir+": no such folder", "")
	}
	start.Env = e.texts("target.start.env", s.Env)
	ready := *s.Ready // withDefaults gave one
	ready.URL = e.text("target.start.ready.url", ready.URL)
	e.address("target.start.ready.url", s.Ready.URL, ready.URL, urlMistake)
	tcp := ready.TCP
	ready.TCP = e.text("target.start.ready.tcp", tcp)
	e.address("target.start.ready.tcp", tcp, ready.TCP, hostPortMistake)
	start.Ready = &ready
	return start
}

func urlMistake(address string) string {
	_, message, _ := parseURL(address, address)
	return message
}

// address checks what the environment made of an address.
func (e *expander) address(path, written, expanded string, mistake func(string) string) {
	if written == expanded || e.failed[path] {
		return
	}
	if message := mistake(expanded); message != "" {
		e.wrong(path, 0, strings.ReplaceAll(message, quote(expanded), quote(written)), "") // a value may be secret
	}
}

// eventURLMistake is urlMistake of a template.
func eventURLMistake(text string) string {
	p, wrong := parseTemplate(text, eventScope)
	if len(wrong) > 0 {
		return wrong[0].message
	}
	sample, err := p.sample(eventScope)
	if err != nil {
		return err.Error()
	}
	return urlMistake(sample)
}

func (e *expander) hook(h *Hook) Hook {
	hook := *h
	if h.HTTP != nil {
		http := *h.HTTP
		http.URL = e.template("publish.hook.http.url", http.URL)
		http.Headers = e.headers("publish.hook.http.headers", http.Headers)
		http.Body = e.template("publish.hook.http.body", http.Body)
		e.address("publish.hook.http.url", h.HTTP.URL, http.URL, eventURLMistake)
		hook.HTTP = &http
	}
	if h.Subscribers != nil {
		own := *h.Subscribers
		own.Message = e.template("publish.hook.subscribers.message", own.Message)
		own.URL = e.template("publish.hook.subscribers.url", own.URL)
		own.Headers = e.headers("publish.hook.subscribers.headers", own.Headers)
		own.Body = e.template("publish.hook.subscribers.body", own.Body)
		e.address("publish.hook.subscribers.url", h.Subscribers.URL, own.URL, eventURLMistake)
		hook.Subscribers = &own
	}
	if h.Redis != nil {
		hook.Redis = &RedisHook{
			Address: e.text("publish.hook.redis.address", h.Redis.Address),
			Channel: e.template("publish.hook.redis.channel", h.Redis.Channel),
			Body:    e.template("publish.hook.redis.body", h.Redis.Body),
		}
		e.address("publish.hook.redis.address", h.Redis.Address, hook.Redis.Address, redisAddressMistake)
	}
	if h.Exec != nil {
		hook.Exec = &ExecHook{
			Command: e.words("publish.hook.exec.command", h.Exec.Command),
			Line:    e.template("publish.hook.exec.line", strings.TrimSuffix(h.Exec.Line, "\n")),
		}
	}
	return hook
}
