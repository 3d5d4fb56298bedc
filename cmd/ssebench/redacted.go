package main

import (
	"io"
	"net/http"

	"ssebench/loadgen/sse"
	"ssebench/scenarios"
)

// redactedWriter is where texts for people go, one with each Write: nothing of what is known to be secret comes through.
type redactedWriter struct {
	io.Writer
	secrets *scenarios.Redactor
}

// Write implements io.Writer.
func (w *redactedWriter) Write(b []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, w.secrets.Redact(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// received shows what a server sent, without what is known to be secret.
type received struct{ secrets *scenarios.Redactor }

// text returns what a browser shows of bytes.
func (r received) text(b []byte) string { return r.secrets.Redact(text(b)) }

// text returns what a browser shows of bytes.
func text(b []byte) string { return string(sse.AppendValidUTF8(nil, b)) }

// header returns the fields of an answer. What is secret by its name is masked too: a server gives a cookie to its client alone.
func (r received) header(h http.Header) map[string][]string {
	shown := make(map[string][]string, len(h))
	for name, values := range h {
		for _, value := range values {
			if scenarios.IsSecret(name) {
				value = "***"
			}
			shown[name] = append(shown[name], r.secrets.Redact(value))
		}
	}
	return shown
}
