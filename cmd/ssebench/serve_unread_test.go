package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Thousands of subscribers that read nothing do not keep the server from a proper end.
func TestServeEndsBesideUnreadStreams(t *testing.T) {
	long(t)
	const streams = 3000
	program, err := exec.LookPath("ssebench")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--slow", "block")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	cmd.SysProcAttr = tethered()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(strings.TrimPrefix(line, "listening on http://"))
	for range streams {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.(*net.TCPConn).SetReadBuffer(4 << 10) // as small as the system allows
		fmt.Fprintf(c, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
		if head, err := bufio.NewReaderSize(c, 16).ReadString('\n'); err != nil || !strings.Contains(head, "200") {
			t.Fatalf("%q %v", head, err)
		}
	}
	for range 20 { // far more than the kernel takes for a stream that is not read
		answer, err := http.Post("http://"+address+"/publish", "text/plain", strings.NewReader(strings.Repeat("x", 256<<10)))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("%v: %s", err, said.String())
		}
	case <-time.After(60 * time.Second):
		t.Error("still running a minute after SIGTERM")
	}
}
