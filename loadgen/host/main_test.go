package host

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain makes the test binary the children that the tests start: real processes, told by CHILD what to be.
func TestMain(m *testing.M) {
	switch child := os.Getenv("CHILD"); child {
	case "":
	case "serve":
		serve()
		os.Exit(0)
	case "burn":
		burn()
	case "parent":
		parent()
	case "limit":
		limit()
		os.Exit(0)
	default:
		fmt.Fprintln(os.Stderr, "unknown child", child)
		os.Exit(2)
	}
	goleak.VerifyTestMain(m)
}

// be is the test binary as a child of the kind.
func be(kind string, env ...string) Command {
	return Command{Args: []string{os.Args[0]}, Env: append(env, "CHILD="+kind)}
}

// serve answers at ADDR with 503 to the first three requests and with 200 from then on, until SIGTERM.
func serve() {
	var requests atomic.Int32
	server := &http.Server{Addr: os.Getenv("ADDR"), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) <= 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Println("up")
	})}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		fmt.Println("bye")
		server.Close()
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

// burn uses a core, for a minute at the most.
func burn() {
	fmt.Println("burning")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		for range 1_000_000 {
			spin.Add(1)
		}
	}
	os.Exit(0)
}

var spin atomic.Int64

// parent starts a child with Start, says its pid, and waits for its own end.
func parent() {
	p, err := Start(context.Background(), Command{Args: []string{"sleep", "300"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("child", p.Pid())
	time.Sleep(time.Minute)
	os.Exit(0)
}

// limit says which soft limit a child sees before and after RaiseFileLimit.
func limit() {
	see := func() string {
		out, err := exec.Command("sh", "-c", "ulimit -S -n").Output()
		if err != nil {
			return err.Error()
		}
		return strings.TrimSpace(string(out))
	}
	before := see()
	soft, hard, err := RaiseFileLimit()
	fmt.Println(before, see(), soft, hard, err)
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

// wantError holds an error's text against what it must name, and that it is one line.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	wantText(t, err.Error(), parts...)
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
