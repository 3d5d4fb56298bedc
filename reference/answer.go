package reference

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
)

// discardLog takes net/http's remarks on clients that leave: they are counted,
// and a benchmark's terminal is no place for them.
var discardLog = log.New(io.Discard, "", 0)

// refusal is an answer that refuses a request: a status, a short stable token,
// and a sentence.
type refusal struct {
	status  int
	token   string
	message string
}

func refuse(status int, token, message string) error {
	return &refusal{status, token, message}
}

func (r *refusal) Error() string { return r.message }

// answerError answers with one line of JSON: {"error":"token","message":"…"}.
func (s *Server) answerError(w http.ResponseWriter, err error) {
	s.counts.refused.Add(1)
	var r *refusal
	var encoding *EncodeError
	switch {
	case errors.As(err, &r):
	case errors.As(err, &encoding):
		r = &refusal{http.StatusBadRequest, "bad_" + encoding.Field, err.Error()}
	default:
		r = &refusal{http.StatusInternalServerError, "internal", err.Error()}
	}
	if r.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="ssebench reference"`)
	}
	answerJSON(w, r.status, struct {
		Error   string `json:"error"`
		Message string `json:"message"`
	}{r.token, r.message})
}

// answerJSON answers with v as one line of JSON.
func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	// A client that left before its answer is no error of ours.
	_ = e.Encode(v)
}

func quoteJSON(s string) []byte {
	b, _ := json.Marshal(s)
	return b
}
