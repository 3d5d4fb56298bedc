package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ssebench/loadgen"
)

// Subscribers has each event sent by a subscriber of its topic, in turn: as a message on the subscriber's WebSocket, or by a request beside its
// stream. All strings are templates.
type Subscribers struct {
	WebSocket bool
	Message   string // of a WebSocket; default {{.Payload}}
	// Of a request, as in HTTP. Over HTTP/2 the URL is of the stream's own origin.
	URL     string
	Method  string
	Header  map[string][]string
	Body    string
	Expect  []int
	Timeout time.Duration // of a call, dialing included; default 10 s
}

// NewSubscribers checks the configuration. The hook is a loadgen.Duplex: a Runner tells it whom to send through.
func NewSubscribers(c Subscribers) (Hook, error) {
	c.Timeout = orDefault(c.Timeout, defaultTimeout)
	if c.WebSocket {
		message, err := parseText("message", orDefault(c.Message, "{{.Payload}}"))
		if err != nil {
			return nil, err
		}
		return &messageHook{message: message}, nil
	}
	calls, err := newCalls(c.Method, c.URL, c.Body, c.Header, c.Expect)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(calls.header, func(h headerText) bool { return h.name == "Host" }) {
		return nil, fmt.Errorf("the hook's header Host is for the URL to choose")
	}
	if _, failure := calls.render(&sample); failure != nil {
		return nil, errors.New(failure.Message)
	}
	return &requestHook{calls: calls, timeout: c.Timeout}, nil
}

// explainSubscriber gives what went wrong with a subscriber its token as a hook's.
func explainSubscriber(err error, where string) *loadgen.Failure {
	f, ok := errors.AsType[*loadgen.Failure](err)
	switch {
	case !ok:
		return fail("hook_failed", "%s: %s", where, clip(showText(err.Error()), 200))
	case f.Token == "address_refused":
		return fail(f.Token, "%s: %s", where, f.Message)
	}
	return fail("hook_"+f.Token, "%s: %s", where, clip(showText(f.Message), 200))
}

// messageHook sends events on WebSockets.
type messageHook struct {
	message     *text
	subscribers loadgen.Subscribers
}

// Through implements loadgen.Duplex.
func (h *messageHook) Through(s loadgen.Subscribers) { h.subscribers = s }

// Publish returns when the message is written: there is no answer to one.
func (h *messageHook) Publish(_ context.Context, ev *loadgen.Event) error {
	message, failure := h.message.render(fieldsOf(ev))
	if failure != nil {
		return failure
	}
	if err := h.subscribers.Send(ev.Topic, []byte(message)); err != nil {
		return explainSubscriber(err, "a subscriber's message")
	}
	return nil
}

func (h *messageHook) Close(context.Context) error { return nil }

func (h *messageHook) Warnings() []Warning { return nil }

// requestHook sends events by requests beside event streams.
type requestHook struct {
	*calls
	timeout     time.Duration
	subscribers loadgen.Subscribers
}

// Through implements loadgen.Duplex.
func (h *requestHook) Through(s loadgen.Subscribers) { h.subscribers = s }

// Publish sends the request and waits for the whole answer.
func (h *requestHook) Publish(parent context.Context, ev *loadgen.Event) error {
	ctx, cancel := context.WithTimeout(parent, h.timeout)
	defer cancel()
	c, failure := h.render(fieldsOf(ev))
	if failure != nil {
		return failure
	}
	r := &loadgen.Request{Method: h.method, URL: c.url, Header: c.header}
	if c.hasBody {
		r.Body = []byte(c.body)
	}
	answer, err := h.subscribers.Post(ctx, ev.Topic, r)
	where := "a subscriber's request of " + c.where
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded):
		return fail("hook_timeout", "%s: no answer within %s; see the server's log, or give the hook a longer timeout", where, h.timeout)
	case errors.Is(err, context.Canceled):
		return fail("hook_canceled", "%s was cut off: the run ended", where)
	default:
		return explainSubscriber(err, where)
	}
	if !h.expected(answer.Status) {
		return c.unexpected(answer.Status, answer.Header, answer.Body)
	}
	if failure := c.notAStream(answer.Header); failure != nil {
		return failure
	}
	if ev.Seq == 1 {
		ev.Answer = c.said(answer.Body)
	}
	return nil
}

func (h *requestHook) Close(context.Context) error { return nil }

func (h *requestHook) Warnings() []Warning { return nil }
