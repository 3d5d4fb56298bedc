package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ssebench/loadgen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func event(topic string, seq uint64, payload string) *loadgen.Event {
	return &loadgen.Event{Topic: topic, Type: "news", ID: fmt.Sprintf("0-%d", seq), Seq: seq, Due: time.Now(), Payload: []byte(payload)}
}

// wantFailure holds an error against its token and against what its message must name, and that it is one line.
func wantFailure(t *testing.T, err error, token string, parts ...string) *loadgen.Failure {
	t.Helper()
	var failure *loadgen.Failure
	if !errors.As(err, &failure) {
		t.Fatalf("want a failure %s, got %v", token, err)
	}
	if failure.Token != token {
		t.Errorf("token is %s, want %s (%s)", failure.Token, token, failure.Message)
	}
	wantText(t, err.Error(), parts...)
	return failure
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	if strings.Contains(text, "\n") {
		t.Errorf("not one line: %q", text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
}

// wantMistake is for constructors.
func wantMistake(t *testing.T, h Hook, err error, parts ...string) {
	t.Helper()
	if err == nil {
		_ = h.Close(context.Background())
		t.Fatalf("no error; want one with %q", parts)
	}
	wantText(t, err.Error(), parts...)
}

func must(t *testing.T, h Hook, err error) Hook {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close(context.Background()) })
	return h
}

func publishAll(t *testing.T, h Hook, events ...*loadgen.Event) {
	t.Helper()
	for _, ev := range events {
		if err := h.Publish(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
}

// within fails the test if the condition does not come about in time.
func within(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("still not so: %s", what)
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
