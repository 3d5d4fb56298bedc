package host

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ssebench/results"
)

func address(t *testing.T) string {
	t.Helper()
	loopback := netip.MustParseAddr("127.0.0.1")
	port, err := FreePort(t.Context(), loopback)
	if err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(loopback, uint16(port)).String()
}

func TestReadyByLine(t *testing.T) {
	for _, c := range []struct{ expression, url string }{
		{`listening on (?P<url>\S+) as (\w+)`, "http://127.0.0.1:1"},
		{`listening on \S+ as (\w+)`, "me"},
		{`listening on (\S+) as (?P<url>\w+)`, "me"},
		{`listening`, ""},
	} {
		var out output
		command := sh(`echo starting; printf 'listening on http://127.0.0.1:1'; printf ' as me\r\n'; exec sleep 100`)
		command.Ready.Line = regexp.MustCompile(c.expression)
		command.Output = &out
		p := start(t, command)
		if p.URL() != c.url {
			t.Errorf("%s: URL is %q, want %q", c.expression, p.URL(), c.url)
		}
		if got := out.String(); !strings.HasPrefix(got, "starting\nlistening on") {
			t.Errorf("output is %q", got)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestReadyByURL(t *testing.T) {
	addr := address(t)
	command := be("serve", "ADDR="+addr)
	command.Ready.URL = "http://" + addr + "/healthz"
	var out output
	command.Output = &out
	p := start(t, command)
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := out.String(); got != "up\nbye\n" {
		t.Errorf("it said %q: it has to be asked until it answers 200, and then to stop", got)
	}
}

func TestReadyNamesItself(t *testing.T) {
	agents := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agents <- r.UserAgent() }))
	t.Cleanup(server.Close)
	if err := (&Ready{URL: server.URL}).answers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if agent := <-agents; agent != results.UserAgent {
		t.Errorf("User-Agent %q", agent)
	}
}

func TestReadyByTCP(t *testing.T) {
	addr := address(t)
	command := be("serve", "ADDR="+addr)
	command.Ready.TCP = addr
	p := start(t, command)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if p.Exited() != "" {
		t.Error(p.Exited())
	}
}

func TestStartFailures(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("echo"), 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().String()
	nobody := address(t)

	for name, c := range map[string]struct {
		command Command
		want    []string
	}{
		"empty":     {Command{}, []string{"start command is empty"}},
		"not found": {Command{Args: []string{"no-such-program-here"}}, []string{`no program "no-such-program-here" in PATH`}},
		"no file":   {Command{Args: []string{dir + "/none"}}, []string{"there is no program", dir + "/none"}},
		"no exec":   {Command{Args: []string{plain}}, []string{"may not be executed", "chmod +x " + plain}},
		"no dir":    {Command{Args: []string{"true"}, Dir: dir + "/none"}, []string{"its directory", "none"}},
		"exits": {
			Command{Args: sh(`echo one; echo "cannot bind" >&2; exit 3`).Args, Ready: Ready{TCP: nobody, Timeout: time.Hour}},
			[]string{`the server command "sh -c echo one`, "ended with exit status 3 before it was ready", "it printed last: one | cannot bind"},
		},
		"says much and exits": {
			Command{Args: sh(`for i in 1 2 3 4 5 6 7 8; do echo "line $i"; done; printf end; exit 3`).Args, Ready: Ready{TCP: nobody, Timeout: time.Hour}},
			[]string{"it printed last: line 4 | line 5 | line 6 | line 7 | line 8 | end"},
		},
		"exits before its line": {
			Command{Args: sh(`exit 0`).Args, Ready: Ready{Line: regexp.MustCompile("up"), Timeout: time.Hour}},
			[]string{"ended with exit status 0 before it was ready", "it printed nothing"},
		},
		"exits silently by a signal": {
			Command{Args: sh(`kill -9 $$`).Args, Ready: Ready{Line: regexp.MustCompile("up"), Timeout: time.Hour}},
			[]string{"ended with signal: killed"},
		},
		"never says it": {
			Command{Args: sh(`echo hello; exec sleep 100`).Args, Ready: Ready{Line: regexp.MustCompile("up at"), Timeout: 100 * time.Millisecond}},
			[]string{"not ready after 100ms", `no line of its output matches "up at"`, "ready timeout", "it printed: hello"},
		},
		"never accepts": {
			Command{Args: sh(`exec sleep 100`).Args, Ready: Ready{TCP: nobody, Timeout: 300 * time.Millisecond}},
			[]string{"not ready after 300ms", nobody, "connection refused"},
		},
		"never answers": {
			Command{Args: sh(`exec sleep 100`).Args, Ready: Ready{URL: "http://" + nobody + "/up", Timeout: 300 * time.Millisecond}},
			[]string{"not ready after 300ms", "http://" + nobody + "/up", "connection refused"},
		},
		"taken": {
			Command{Args: sh(`exec sleep 100`).Args, Ready: Ready{TCP: taken}},
			[]string{"was not started", "something already accepts connections at " + taken, "another port"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Start(t.Context(), c.command)
			if err == nil {
				_ = p.Stop(t.Context())
			}
			wantError(t, err, c.want...)
		})
	}
}

func TestReadyHeedsAllow(t *testing.T) {
	command := sh("exec sleep 100")
	command.Ready = Ready{URL: "http://203.0.113.7/up", Timeout: 200 * time.Millisecond, Allow: (*Guard)(nil).Allow}
	_, err := Start(t.Context(), command)
	wantError(t, err, "203.0.113.7", "--i-may-load")
}

func TestStartIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	command := sh(`echo here; exec sleep 100`)
	command.Ready.Line = regexp.MustCompile("never")
	command.Output = writerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	})
	_, err := Start(ctx, command)
	wantError(t, err, "was stopped before it was ready", "context canceled")
}
