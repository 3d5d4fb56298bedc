package transport

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
)

// peerProcess is set in the environment of a test binary that is to be a server: each process has its own limit on open files.
const peerProcess = "SSEBENCH_TEST_PEER"

// servePeer holds streams open until its standard input ends. A line there is an event for all of them.
func servePeer() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	accepted := make(chan net.Conn, 1024)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				b := make([]byte, 1024)
				for n := 0; !bytes.HasSuffix(b[:n], []byte("\r\n\r\n")); {
					m, err := c.Read(b[n:])
					if n += m; err != nil {
						return
					}
				}
				io.WriteString(c, okHead+"Transfer-Encoding: chunked\r\n\r\n")
				accepted <- c
			}()
		}
	}()
	lines := make(chan string)
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			lines <- in.Text()
		}
		close(lines)
	}()
	var open []net.Conn
	for {
		select {
		case c := <-accepted:
			open = append(open, c)
		case line, ok := <-lines:
			if !ok {
				return
			}
			event := []byte("data: " + line + "\n\n")
			event = fmt.Appendf(nil, "%x\r\n%s\r\n", len(event), event)
			for _, c := range open {
				c.Write(event)
			}
		}
	}
}

// startPeer starts the server and gives its URL and its standard input.
func startPeer(tb testing.TB) (url string, events io.Writer) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), peerProcess+"=1")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		c.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return "http://" + address[:len(address)-1] + "/", in
}
