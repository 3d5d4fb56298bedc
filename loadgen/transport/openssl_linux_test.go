package transport

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen/host/hosttest"
)

// openssl is OpenSSL's own server. What is written to it goes to the client, but for lines of one letter, which are commands.
type openssl struct {
	address string
	in      io.WriteCloser
	lines   chan string // what it says, and what the client said
}

func startOpenSSL(t *testing.T, args ...string) *openssl {
	t.Helper()
	program := hosttest.Program(t, "openssl", "openssl")
	certificate, _ := selfSigned()
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "server.pem")
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	if err := os.WriteFile(file, both, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, append([]string{"s_server", "-accept", "127.0.0.1:0", "-cert", file, "-key", file}, args...)...)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = c.Stdout
	s := &openssl{lines: make(chan string, 1000)}
	if s.in, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(s.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			s.lines <- in.Text()
		}
	}()
	t.Cleanup(func() {
		c.Process.Kill()
		<-read
		c.Wait()
	})
	s.address = strings.TrimPrefix(s.until(t, "ACCEPT "), "ACCEPT ")
	return s
}

// until waits for a line that begins so.
func (s *openssl) until(t *testing.T, start string) string {
	t.Helper()
	var seen []string
	late := time.After(20 * time.Second)
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				t.Fatalf("the server ended before %q: %q", start, seen)
			}
			if strings.HasPrefix(line, start) {
				return line
			}
			seen = append(seen, line)
		case <-late:
			t.Fatalf("the server never said %q: %q", start, seen)
		}
	}
}

func (s *openssl) say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(s.in, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// trusting trusts the server, and has no sessions.
func trusting() *tls.Config {
	_, roots := selfSigned()
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true}
}

func TestOpenSSL(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		ours    bool
		updates bool
	}{
		"AES-128-GCM":       {[]string{"-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"}, true, true},
		"AES-256-GCM":       {[]string{"-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384", "-num_tickets", "5"}, true, true},
		"ChaCha20":          {[]string{"-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"}, false, true},
		"another curve":     {[]string{"-tls1_3", "-groups", "P-384"}, true, true},
		"padded":            {[]string{"-tls1_3", "-record_padding", "1000"}, true, true},
		"TLS 1.2":           {[]string{"-tls1_2"}, false, false},
		"TLS 1.2 with CBC":  {[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"}, false, false},
		"small fragments":   {[]string{"-tls1_3", "-max_send_frag", "512"}, true, true},
		"no middlebox mode": {[]string{"-tls1_3", "-no_middlebox"}, true, true},
	} {
		for _, step := range []int{0, 1, 3, 7} {
			t.Run(fmt.Sprintf("%s by %d", name, step), func(t *testing.T) {
				s := startOpenSSL(t, c.args...)
				l := dialLink(t, shaker(t, trusting()), s.address, false)
				l.step = step
				if l.ours() != c.ours {
					t.Fatalf("version %x, suite %s: ours is %v", l.state.Version, tls.CipherSuiteName(l.state.CipherSuite), l.ours())
				}
				l.say("hello\n")
				s.until(t, "hello")
				s.say(t, "event 1")
				l.until("event 1\n")
				if c.updates {
					for i := range 5 {
						s.say(t, []string{"K", "k"}[i%2])
						if err := l.read(); err != nil { // what comes to the server with a command is lost
							t.Fatal(err)
						}
						after := fmt.Sprintf("event after update %d", i)
						s.say(t, after)
						l.until(after + "\n")
						l.say(fmt.Sprintf("answer %d\n", i))
						s.until(t, fmt.Sprintf("answer %d", i))
					}
				}
				long := strings.Repeat("0123456789", 1000)
				s.say(t, long)
				l.until(long + "\n")
				l.say(strings.Repeat("x", 40_000) + "\n")
				s.until(t, strings.Repeat("x", 1000))
				s.say(t, "Q")
				if err := l.untilEnd(); !errors.Is(err, io.EOF) {
					t.Errorf("the end is %v", err)
				}
			})
		}
	}
}

// The server is told of our end by close_notify.
func TestOpenSSLHearsGoodbye(t *testing.T) {
	for _, version := range []string{"-tls1_3", "-tls1_2"} {
		s := startOpenSSL(t, version)
		l := dialLink(t, shaker(t, trusting()), s.address, false)
		l.say("hello\n")
		s.until(t, "hello")
		l.send(l.secure.goodbye(nil))
		s.until(t, "DONE")
		l.close()
	}
}
