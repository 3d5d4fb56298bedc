package transport

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"ssebench/loadgen"
)

// baseline is the plain way to do what Transport does for cleartext streams: a goroutine and a buffer of 1 KiB each, and nothing of
// what can go wrong. Machines drift, so only ratios to it, in the same run, mean anything.
type baseline struct{ host string }

func (s baseline) open(tb testing.TB, h loadgen.StreamHandler) (closer io.Closer) {
	done := make(chan net.Conn, 1)
	go func() {
		c, err := net.Dial("tcp", s.host)
		if err != nil {
			tb.Error(err)
			return
		}
		done <- c
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+s.host+"\r\nAccept: text/event-stream\r\nAccept-Encoding: identity\r\n\r\n")
		b := make([]byte, 1024)
		var p responseParser
		p.reset(defaultHeadLimit)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			if err := p.feed(b[:n], time.Now(), sinkOf{h}); err != nil {
				return
			}
		}
	}()
	return connClosing{done}
}

type connClosing struct{ c chan net.Conn }

func (c connClosing) Close() error { return (<-c.c).Close() }

// sinkOf hands a response to a handler.
type sinkOf struct{ loadgen.StreamHandler }

func (s sinkOf) head(int, string, http.Header, time.Time) error { return s.Opened(loadgen.Opening{}) }

func (s sinkOf) body(b []byte, at time.Time) error { return s.Bytes(b, at) }
