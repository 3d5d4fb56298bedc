package transport

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// echoing serves connections of crypto/tls: each line comes back, and a line of a number so many times as it says.
func echoing(t *testing.T, c *tls.Config) (address string) {
	t.Helper()
	certificate, _ := selfSigned()
	c.Certificates = []tls.Certificate{certificate}
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	return scriptOn(t, l, func(p *peer) {
		for {
			line, err := p.in.ReadString('\n')
			if err != nil {
				return
			}
			switch line {
			case "long\n":
				p.say(strings.Repeat("x", 40_000) + "\n")
			case "bye\n":
				return
			default:
				p.say(line)
			}
		}
	})
}

func TestSecureWithGo(t *testing.T) {
	for name, c := range map[string]struct {
		server *tls.Config
		ours   bool
	}{
		"TLS 1.3":       {&tls.Config{}, true},
		"another curve": {&tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}}, true},
		"TLS 1.2":       {&tls.Config{MaxVersion: tls.VersionTLS12}, false},
	} {
		for _, step := range inSteps {
			h := shaker(t, trusting())
			l := dialLink(t, h, echoing(t, c.server), false)
			l.step = step
			if l.ours() != c.ours {
				t.Fatalf("%s: ours is %v", name, l.ours())
			}
			for _, text := range []string{"one\n", "two\n", strings.Repeat("y", 70_000) + "\n"} {
				l.say(text)
				l.until(text)
			}
			l.say("long\n")
			l.until(strings.Repeat("x", 40_000) + "\n")
			l.say("bye\n")
			if err := l.untilEnd(); err != io.EOF {
				t.Errorf("%s by %d: the end is %v", name, step, err)
			}
		}
	}
}

// What our record layer refuses, the other one does too, and both tell the server.
func TestRefusalIsTold(t *testing.T) {
	for name, version := range map[string]uint16{"ours": tls.VersionTLS13, "crypto/tls": tls.VersionTLS12} {
		heard := make(chan error, 1)
		certificate, _ := selfSigned()
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, MaxVersion: version}
		address := scriptOn(t, tls.NewListener(inner, config), func(p *peer) {
			p.in.ReadString('\n')
			p.Conn.(*tls.Conn).NetConn().Write(append([]byte{typeApplication, 3, 3, 0, 40}, make([]byte, 40)...))
			heard <- p.gone()
		})
		l := dialLink(t, shaker(t, trusting()), address, false)
		l.say("hello\n")
		if f := failureOf(l.untilEnd()); f == nil || f.Token != tokenTLSRecord {
			t.Errorf("%s: %v", name, f)
		}
		l.send(l.secure.goodbye(nil))
		if err := <-heard; err == nil || !strings.Contains(err.Error(), "bad record MAC") {
			t.Errorf("%s: the server heard %v", name, err)
		}
	}
}

func TestKeyLogOfTheCaller(t *testing.T) {
	var mu sync.Mutex
	var b bytes.Buffer
	c := trusting()
	c.KeyLogWriter = writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return b.Write(p)
	})
	l := dialLink(t, shaker(t, c), echoing(t, &tls.Config{}), false)
	if !l.ours() {
		t.Error("not our record layer")
	}
	lines := 0
	for in := bufio.NewScanner(&b); in.Scan(); lines++ {
	}
	if lines != 4 {
		t.Errorf("%d lines", lines)
	}
}

type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A handshake ends at its deadline, with the loop, and with the server's reset.
func TestHandshakeEnds(t *testing.T) {
	hello := make(chan struct{}, 100)
	reset := make(chan struct{})
	u := script(t, func(p *peer) {
		p.in.Peek(1)
		hello <- struct{}{}
		<-reset
		p.Conn.(*net.TCPConn).SetLinger(0)
	})
	address := strings.TrimPrefix(u, "http://")
	h := shaker(t, trusting())
	shake := func(within time.Duration, done chan struct{}) (sent int64, err error) {
		fd := connected(t, address)
		defer (&link{fd: fd}).close()
		_, _, _, sent, err = h.handshake(int(fd), "sse.example", false, time.Now().Add(within), done)
		return sent, err
	}
	for within := time.Millisecond; ; within *= 2 {
		sent, err := shake(within, nil)
		<-hello
		if f := failureOf(err); f == nil || f.Token != tokenTLSHandshake || !strings.Contains(f.Message, "longer than") {
			t.Errorf("deadline: %v", err)
		}
		if sent > 0 || t.Failed() {
			break
		}
	}
	done := make(chan struct{})
	go func() {
		<-hello
		close(done)
	}()
	if _, err := shake(time.Hour, done); !errors.Is(err, errCut) {
		t.Errorf("done: %v", err)
	}
	go func() {
		<-hello
		close(reset)
	}()
	if _, err := shake(time.Hour, nil); failureOf(err) == nil || failureOf(err).Token != tokenReset {
		t.Errorf("reset: %v", err)
	}
	if _, _, _, _, err := h.handshake(-1, "sse.example", false, time.Now(), nil); failureOf(err) == nil || failureOf(err).Token != tokenTLSHandshake {
		t.Errorf("no descriptor: %v", err)
	}
}
