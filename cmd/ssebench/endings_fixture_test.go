package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// endings is a server written on the socket, whose streams do not last: each gets one event and, after a time, ends in one of many ways.
//
//	fixture endings [-after 1s] [-workers N] [-tls] [-status CODE -body TEXT] [-fail N] HOW...
//
// HOW is what the n-th stream gets, in turn: eof, truncated, reset, zz (a chunk of that size), garbage (no TLS record, or no frame),
// settings (an HTTP/2 connection gets SETTINGS without end), stay (until the client leaves), gone (the server stops listening and resets
// everybody) or kill (it kills its own process).
// -workers N gives no more than N streams a head. POST /publish writes its body to all streams; -fail N answers the N-th call with 500.
type endings struct {
	hows    []string
	after   time.Duration
	workers int
	status  int
	body    string
	fail    int

	mu       sync.Mutex
	listener net.Listener
	streams  int
	calls    int
	open     map[net.Conn]*endingStream
	all      []net.Conn // that ever were
}

type endingStream struct {
	net.Conn
	isH2 bool
}

func serveEndings(args []string) {
	flags := flag.NewFlagSet("endings", flag.ExitOnError)
	e := &endings{open: make(map[net.Conn]*endingStream)}
	flags.DurationVar(&e.after, "after", time.Second, "how long a stream lasts")
	flags.IntVar(&e.workers, "workers", 0, "how many streams get a head; 0: all")
	flags.IntVar(&e.status, "status", http.StatusOK, "status of the answers")
	flags.StringVar(&e.body, "body", "", "body of answers whose status is not 200")
	flags.IntVar(&e.fail, "fail", 0, "the call of POST /publish that fails; 0: none")
	withTLS := flags.Bool("tls", false, "serve TLS")
	_ = flags.Parse(args)
	e.hows, e.body = flags.Args(), strings.ReplaceAll(e.body, `\n`, "\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	e.listener = l
	scheme := "http"
	var config *tls.Config
	if *withTLS {
		cert, key, err := selfSigned("endings")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		scheme, config = "https", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}}
	}
	fmt.Println("listening on " + scheme + "://" + l.Addr().String())
	for {
		c, err := l.Accept()
		if err != nil {
			select {} // it is gone, and its process is not
		}
		if config != nil {
			c = tls.Server(c, config)
		}
		e.mu.Lock()
		e.all = append(e.all, c)
		e.mu.Unlock()
		go e.serve(c)
	}
}

// serve answers the requests of a connection until one of them is a stream.
func (e *endings) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	if start, err := in.Peek(4); err == nil && string(start) == "PRI " {
		e.serveH2(c, in)
		return
	}
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		switch {
		case r.URL.Path == "/publish":
			if e.publish(body) {
				fmt.Fprint(c, "HTTP/1.1 204 No Content\r\n\r\n")
			} else {
				fmt.Fprint(c, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
			}
		case e.status != http.StatusOK:
			fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", e.status, http.StatusText(e.status), len(e.body), e.body)
		default:
			how, ok := e.next(&endingStream{Conn: c})
			if !ok { // no worker is free
				_, _ = io.Copy(io.Discard, in)
				return
			}
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
			write(c, false, []byte("data: hello\n\n"))
			e.end(c, in, how)
			return
		}
	}
}

// next takes a stream in, and says how it will end.
func (e *endings) next(s *endingStream) (how string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.workers > 0 && e.streams >= e.workers {
		return "", false
	}
	how = e.hows[e.streams%len(e.hows)]
	e.streams++
	e.open[s.Conn] = s
	return how, true
}

// end waits, and ends a stream.
func (e *endings) end(c net.Conn, in io.Reader, how string) {
	if how == "stay" {
		_, _ = io.Copy(io.Discard, in)
	} else {
		time.Sleep(e.after)
	}
	e.mu.Lock()
	delete(e.open, c)
	all := slices.Clone(e.all)
	e.mu.Unlock()
	switch how {
	case "eof":
		fmt.Fprint(c, "0\r\n\r\n")
	case "zz":
		fmt.Fprint(c, "zz\r\nhello\r\n")
	case "reset":
		reset(c)
	case "garbage":
		raw := c
		if secure, ok := c.(*tls.Conn); ok {
			raw = secure.NetConn()
		}
		fmt.Fprint(raw, "no record, and no frame, has such a head")
	case "settings":
		flood := bytes.Repeat([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00"), 1000)
		for {
			if _, err := c.Write(flood); err != nil {
				return
			}
		}
	case "gone":
		e.listener.Close()
		for _, other := range all {
			reset(other)
		}
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

// reset closes a connection without a goodbye.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

func (e *endings) publish(body []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.calls++; e.calls == e.fail {
		return false
	}
	for _, s := range e.open {
		write(s, s.isH2, []byte("data: "+string(body)+"\n\n"))
	}
	return true
}

// write writes a part of a stream's body: a chunk, or a frame of the first stream of an HTTP/2 connection.
func write(c io.Writer, isH2 bool, data []byte) {
	if isH2 {
		_, _ = c.Write(append([]byte{0, byte(len(data) >> 8), byte(len(data)), 0, 0, 0, 0, 0, 1}, data...))
		return
	}
	fmt.Fprint(c, strconv.FormatInt(int64(len(data)), 16)+"\r\n"+string(data)+"\r\n")
}

// serveH2 answers the first request of an HTTP/2 connection, and reads no frame of it but to know that it came.
func (e *endings) serveH2(c net.Conn, in *bufio.Reader) {
	const (
		settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
		ack      = "\x00\x00\x00\x04\x01\x00\x00\x00\x00"
	)
	fields := append([]byte{0x88, 0x5f, byte(len("text/event-stream"))}, "text/event-stream"...) // :status 200, content-type (RFC 7541)
	if _, err := io.CopyN(io.Discard, in, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return
	}
	fmt.Fprint(c, settings+ack)
	for {
		var head [9]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, in, length); err != nil {
			return
		}
		if head[3] != 1 { // HEADERS
			continue
		}
		how, ok := e.next(&endingStream{c, true})
		if !ok {
			_, _ = io.Copy(io.Discard, in)
			return
		}
		go io.Copy(io.Discard, in)
		_, _ = c.Write(append([]byte{0, 0, byte(len(fields)), 1, 4, 0, 0, 0, 1}, fields...))
		write(c, true, []byte("data: hello\n\n"))
		e.end(c, in, how)
		return
	}
}
