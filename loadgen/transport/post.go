package transport

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"ssebench/loadgen"
)

// What is read of the answer to a request beside a stream, in bytes: as much is kept, and a longer answer costs the connection.
const (
	answerKept = 4 << 10
	answerMost = 64 << 10
)

// post is a request beside a stream, and the handler of its answer. It is called with the lane held.
type post struct {
	request *loadgen.Request
	beside  *loadgen.Request // the subscriber's own stream
	answer  *loadgen.Answer
	size    int    // bytes of the answer's body
	then    func() // on a loop: goes on with the subscriber's next request
	enough  bool   // the rest of the answer is of no interest
	over    bool
	done    chan struct{} // closed when it is over; answer and err are final then
	err     error
}

func newPost(r, beside *loadgen.Request) *post {
	return &post{request: r, beside: beside, done: make(chan struct{})}
}

// posting tells that the exchange is a request beside a stream.
func (x *exchange) posting() bool {
	_, ok := x.handler.(*post)
	return ok
}

// published is how much of a request is what a subscriber publishes, in bytes.
func (x *exchange) published() int {
	if x.posting() {
		return len(x.request.Body)
	}
	return 0
}

// home is the URL that connect_to is for: that of the subscriber's own stream.
func (x *exchange) home() *url.URL {
	if h, ok := x.handler.(*post); ok {
		return h.beside.URL
	}
	return x.request.URL
}

// agent is the User-Agent of a request that names none: a subscriber is one client, whatever it sends.
func (x *exchange) agent() string {
	if h, ok := x.handler.(*post); ok {
		for _, f := range h.beside.Header {
			if strings.EqualFold(f.Name, "User-Agent") {
				return f.Value
			}
		}
	}
	return loadgen.UserAgent
}

// isContent tells that the bodies of the exchange are what the stream is there for, and are not accounted for elsewhere.
func (x *exchange) isContent() bool {
	switch x.handler.(type) {
	case *webSocket, *post:
		return false
	}
	return x.opened
}

// Opened implements loadgen.StreamHandler.
func (h *post) Opened(o loadgen.Opening) error {
	h.answer = &loadgen.Answer{Status: o.Status, Header: o.Header}
	if strings.HasPrefix(strings.ToLower(o.Header.Get("Content-Type")), "text/event-stream") && o.Status == http.StatusOK {
		h.enough = true
		return errEnough
	}
	return nil
}

// Bytes implements loadgen.StreamHandler.
func (h *post) Bytes(b []byte, _ time.Time) error {
	if room := answerKept - len(h.answer.Body); room > 0 {
		h.answer.Body = append(h.answer.Body, b[:min(room, len(b))]...)
	}
	if h.size += len(b); h.size > answerMost {
		h.enough = true
		return errEnough
	}
	return nil
}

// Ended implements loadgen.StreamHandler. Its answer only says that the connection may be kept.
func (h *post) Ended(e loadgen.Ending) time.Time {
	switch {
	case h.enough:
		h.end(nil)
	case e.Token == loadgen.TokenCut:
		h.end(fail(loadgen.TokenCut, "the subscriber left before the answer was complete"))
	case e.Token != loadgen.TokenEOF:
		h.end(&loadgen.Failure{Token: e.Token, Message: e.Message})
	default:
		h.end(nil)
	}
	return e.At
}

// Resume implements loadgen.StreamHandler.
func (h *post) Resume(*loadgen.Resumption) {}

// end is called once more where a stream is cut that was kept for the next request.
func (h *post) end(err error) {
	if h.over {
		return
	}
	h.over, h.err = true, err
	close(h.done)
}

// result is for who waited.
func (h *post) result() (*loadgen.Answer, error) {
	if h.err != nil {
		return nil, h.err
	}
	return h.answer, nil
}

func notOpen() *loadgen.Failure {
	return fail(loadgen.TokenNotOpen, "the subscriber's stream is not open")
}

func noRoom() *loadgen.Failure {
	return fail(tokenNoRoom, "the server takes no further stream on the subscriber's connection (SETTINGS_MAX_CONCURRENT_STREAMS)")
}

// checkBeside refuses a request that cannot go over the connection that the subscriber has.
func checkBeside(to, has string) error {
	if to != has {
		return fail(tokenRequestInvalid, "over HTTP/2 a subscriber publishes on the connection of its stream, to %s, and the URL is of %s", has, to)
	}
	return nil
}
