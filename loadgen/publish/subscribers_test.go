package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssebench/loadgen"
)

// crowd plays the subscribers of a run.
type crowd struct {
	sent   []string
	answer loadgen.Answer
	err    error
	hang   bool
}

func (c *crowd) Send(topic string, message []byte) error {
	c.sent = append(c.sent, topic+" "+string(message))
	return c.err
}

func (c *crowd) Post(ctx context.Context, topic string, r *loadgen.Request) (*loadgen.Answer, error) {
	c.sent = append(c.sent, fmt.Sprint(topic, " ", r.Method, " ", r.URL, " ", r.Header, " ", string(r.Body)))
	if c.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &c.answer, c.err
}

func through(t *testing.T, c Subscribers, crowd *crowd) Hook {
	t.Helper()
	h, err := NewSubscribers(c)
	if err != nil {
		t.Fatal(err)
	}
	h.(loadgen.Duplex).Through(crowd)
	return h
}

var newsEvent = &loadgen.Event{Topic: "news", Type: "kind", ID: "0-7", Seq: 7, Payload: []byte("pay load")}

func TestSubscribersSendWhatTheTemplatesSay(t *testing.T) {
	for name, c := range map[string]struct {
		config Subscribers
		want   string
	}{
		"a message":      {Subscribers{WebSocket: true}, "news pay load"},
		"one of its own": {Subscribers{WebSocket: true, Message: `{"say":{{json .Payload}}}`}, `news {"say":"pay load"}`},
		"a request":      {Subscribers{URL: "http://a/{{.Topic}}"}, "news POST http://a/news [{Content-Type text/plain; charset=utf-8}] pay load"},
		"all of it": {
			Subscribers{URL: "http://a/", Method: "put", Header: map[string][]string{"X-Seq": {"{{.Seq}}"}, "A": {"b"}}, Body: `{"a":{{json .Payload}}}`},
			`news PUT http://a/ [{A b} {X-Seq 7} {Content-Type application/json}] {"a":"pay load"}`,
		},
		"no body": {Subscribers{URL: "http://a/?d={{urlquery .Payload}}", Method: "GET"}, "news GET http://a/?d=pay+load [] "},
	} {
		t.Run(name, func(t *testing.T) {
			crowd := &crowd{answer: loadgen.Answer{Status: http.StatusNoContent}}
			if err := through(t, c.config, crowd).Publish(t.Context(), newsEvent); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{c.want}, crowd.sent); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSubscribersFailuresHaveTokens(t *testing.T) {
	stream := http.Header{"Content-Type": {"text/event-stream"}}
	secret := Subscribers{
		URL: "http://ada:hunter22@a/?token=s3cret", Header: map[string][]string{"Authorization": {"Bearer opensesame"}},
		Timeout: 10 * time.Millisecond,
	}
	for name, c := range map[string]struct {
		crowd  crowd
		config Subscribers
		want   string // token and a part of the message
	}{
		"nobody":       {crowd{err: &loadgen.Failure{Token: loadgen.TokenNoSubscriber, Message: "no stream of the topic news is open"}}, secret, "hook_no_subscriber: a subscriber's"},
		"refused":      {crowd{err: &loadgen.Failure{Token: "dial_refused", Message: "refused"}}, secret, "hook_dial_refused: a subscriber's"},
		"cut":          {crowd{err: &loadgen.Failure{Token: loadgen.TokenCut, Message: "left"}}, secret, "hook_cut: a subscriber's"},
		"not allowed":  {crowd{err: &loadgen.Failure{Token: "address_refused", Message: "no"}}, secret, "address_refused: a subscriber's"},
		"unknown":      {crowd{err: errors.New("something")}, secret, "hook_failed: a subscriber's"},
		"late":         {crowd{hang: true}, secret, "hook_timeout: a subscriber's"},
		"status":       {crowd{answer: loadgen.Answer{Status: 503, Body: []byte("no opensesame, s3cret and hunter22")}}, secret, "hook_status_503: the hook POST http://"},
		"no success":   {crowd{answer: loadgen.Answer{Status: 200}}, Subscribers{URL: "http://a/", Expect: []int{202}}, "hook_status_200"},
		"redirect":     {crowd{answer: loadgen.Answer{Status: 302, Header: http.Header{"Location": {"/there"}}}}, secret, "hook_status_302"},
		"a stream":     {crowd{answer: loadgen.Answer{Status: 200, Header: stream}}, secret, "hook_content_type"},
		"closed":       {crowd{err: &loadgen.Failure{Token: loadgen.TokenNotOpen, Message: "the WebSocket is not open"}}, Subscribers{WebSocket: true}, "hook_not_open: a subscriber's message"},
		"backlog":      {crowd{err: &loadgen.Failure{Token: "ws_backlog", Message: "waits"}}, Subscribers{WebSocket: true}, "hook_ws_backlog"},
		"line endings": {crowd{}, Subscribers{URL: "http://a/", Header: map[string][]string{"X": {"{{.Event}}"}}}, "hook_template"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := *newsEvent
			if name == "line endings" {
				ev.Type = "a\nb"
			}
			err := through(t, c.config, &c.crowd).Publish(t.Context(), &ev)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			for _, secret := range []string{"opensesame", "s3cret", "hunter22"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s shows %s", err, secret)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	slow := secret
	slow.Timeout = 0
	if err := through(t, slow, &crowd{hang: true}).Publish(ctx, newsEvent); err == nil || !strings.HasPrefix(err.Error(), "hook_canceled: ") {
		t.Errorf("canceled: %v", err)
	}
}

func TestSubscribersMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		config Subscribers
		want   string
	}{
		"no url":      {Subscribers{}, "is no http or https URL"},
		"bad message": {Subscribers{WebSocket: true, Message: "{{.Nobody}}"}, "the hook's message"},
		"host":        {Subscribers{URL: "http://a/", Header: map[string][]string{"host": {"b"}}}, "Host"},
	} {
		if _, err := NewSubscribers(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
