package host

import (
	"context"
	"strings"
	"testing"
	"time"
)

// Whoever reads what a server says, and panics, is told as the server's end is; the server can still be stopped.
func TestAPanicOfWhoReadsTheOutputIsTold(t *testing.T) {
	c := sh("echo hello; sleep 60")
	c.Output = writerFunc(func([]byte) (int, error) { panic("boom") })
	p := start(t, c)
	told := func() string { return p.Exited() }
	for deadline := time.Now().Add(10 * time.Second); told() == "" && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond) // another process's output
	}
	if line := told(); !strings.Contains(line, "panicked: boom (host/panic_test.go:") {
		t.Errorf("%q", line)
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
