package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ssebench/loadgen"
)

func TestDialThatFails(t *testing.T) {
	full := fullListener(t)
	for name, c := range map[string]struct {
		url    string
		config Config
		token  string
	}{
		"refused":              {"http://127.0.0.1:1/", Config{}, tokenDialRefused},
		"refused by name":      {"http://localhost:1/", Config{}, tokenDialRefused},
		"refused over IPv6":    {"http://[::1]:1/", Config{}, tokenDialRefused},
		"silent":               {full, Config{DialTimeout: 100 * time.Millisecond}, tokenDialTimeout},
		"no such name":         {"http://no-such-host.invalid/", Config{DialTimeout: 300 * time.Millisecond}, tokenDNS},
		"source not ours":      {"http://127.0.0.1:1/", Config{SourceAddresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, tokenSourceAddress},
		"source of IPv6 alone": {"http://127.0.0.1:1/", Config{SourceAddresses: []netip.Addr{netip.MustParseAddr("::1")}}, tokenSourceAddress},
	} {
		for _, protocol := range []string{HTTP1, H2C} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				c.config.Protocol = protocol
				tr, _ := newTransport(t, c.config)
				r := newReader(t)
				open(tr, get(t, c.url), r)
				if e := r.untilToken(c.token); e.DialStart.IsZero() || !e.Requested.IsZero() || e.Message == "" || e.Permanent != (c.token == tokenSourceAddress) {
					t.Errorf("%+v", e)
				}
			})
		}
	}
}

// fullListener has a backlog that is full, so that the kernel answers no further SYN.
func fullListener(t *testing.T) (url string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	a, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", a.(*unix.SockaddrInet4).Port)
	for range 8 {
		c, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return "http://" + address
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the backlog never filled")
	return ""
}

// Errors that a test cannot bring about on every machine.
func TestDialFailureNamesSystemErrors(t *testing.T) {
	for errno, token := range map[syscall.Errno]string{
		syscall.EADDRNOTAVAIL: tokenDialLocalPorts,
		syscall.EADDRINUSE:    tokenDialLocalPorts,
		syscall.EHOSTUNREACH:  tokenDialUnreachable,
		syscall.ENETUNREACH:   tokenDialUnreachable,
		syscall.ETIMEDOUT:     tokenDialTimeout,
		syscall.ECONNRESET:    tokenReset,
		syscall.EMFILE:        tokenOpenFiles,
		syscall.ENFILE:        tokenOpenFiles,
		syscall.EACCES:        tokenDialFailed,
	} {
		err := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
		if f := dialFailure(err); f.Token != token {
			t.Errorf("%v: %s, want %s", errno, f.Token, token)
		}
	}
	if f := dialFailure(&net.OpError{Err: os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)}); f.Token != tokenSourceAddress {
		t.Errorf("bind: %s", f.Token)
	}
	if f := dialFailure(context.DeadlineExceeded); f.Token != tokenDialTimeout {
		t.Errorf("deadline: %s", f.Token)
	}
}

func TestSourceAddressesTakeTurns(t *testing.T) {
	inEvery(t, func(t *testing.T, w *way) {
		u := w.serve(t, func(rw http.ResponseWriter, r *http.Request) {
			host, _, _ := net.SplitHostPort(r.RemoteAddr)
			io.WriteString(rw, host)
		})
		one, two := netip.MustParseAddr("127.0.0.11"), netip.MustParseAddr("127.0.0.12")
		tr, _ := w.transport(t, Config{SourceAddresses: []netip.Addr{one, netip.MustParseAddr("::1"), two}})
		from := make(map[string]int)
		for range 6 {
			r := newReader(t)
			open(tr, get(t, u), r)
			r.untilToken(loadgen.TokenEOF)
			from[r.body.String()]++
		}
		if w.shared > 0 {
			if len(from) != 1 {
				t.Errorf("from %v over one connection", from)
			}
			return
		}
		// The IPv6 address in between has its turn taken by the next one.
		if len(from) != 2 || from[one.String()] != 2 || from[two.String()] != 4 {
			t.Errorf("from %v", from)
		}
	})
}

func TestBindLeavesThePortToConnect(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		u := script(t, func(p *peer) { p.gone() })
		tr, _ := newTransport(t, Config{Engine: engine, SourceAddresses: []netip.Addr{netip.MustParseAddr("127.0.0.11")}})
		q := get(t, u)
		c, err := tr.dial(context.Background(), tr.byLane[tr.Lanes()[0]], q.URL, q.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		raw, err := c.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		on := 0
		if e := raw.Control(func(fd uintptr) {
			on, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT)
		}); e != nil || err != nil || on != 1 {
			t.Errorf("IP_BIND_ADDRESS_NO_PORT is %d: %v %v", on, e, err)
		}
	})
}

func TestOpenFilesAreUsedUp(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		u := answer(t, okHead+"\r\n")
		tr, _ := newTransport(t, Config{Engine: engine})
		var was unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
			t.Fatal(err)
		}
		lowest, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		now := was
		now.Cur = uint64(lowest.Fd())
		lowest.Close()
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
			t.Fatal(err)
		}
		r := newReader(t)
		open(tr, get(t, u), r)
		r.until("the end", func() bool { return r.over })
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
			t.Fatal(err)
		}
		r.untilToken(tokenOpenFiles)
	})
}

// Every address of a name is tried, and each is allowed before the first is dialed.
func TestEveryAddressOfAName(t *testing.T) {
	onEvery(t, func(t *testing.T, engine string) {
		u := answer(t, okHead+"\r\n")
		var asked []netip.Addr
		tr, _ := newTransport(t, Config{Engine: engine, Allow: func(a netip.Addr) error {
			asked = append(asked, a)
			return nil
		}})
		q := get(t, u)
		_, port, _ := net.SplitHostPort(q.URL.Host)
		q.URL.Host = net.JoinHostPort("two.example", port)
		known := &resolution{done: make(chan struct{}), until: time.Now().Add(time.Hour), addrs: []netip.Addr{netip.MustParseAddr("127.0.0.9"), netip.MustParseAddr("127.0.0.1")}}
		close(known.done)
		tr.resolver.names = map[string]*resolution{"two.example": known}
		r := newReader(t)
		open(tr, q, r)
		r.untilToken(loadgen.TokenEOF)
		if len(asked) != 2 || r.openings[0].Remote != "127.0.0.1:"+port {
			t.Errorf("asked %v, dialed %s", asked, r.openings[0].Remote)
		}
	})
}

func TestNamesAreLookedUpOnce(t *testing.T) {
	var r resolver
	r.ctx, r.cancel = context.WithCancel(context.Background())
	defer r.close()
	deadline := time.Now().Add(10 * time.Second)
	first := r.query("localhost", deadline)
	addrs, err := r.lookup(context.Background(), "localhost", deadline)
	if err != nil || len(addrs) == 0 || !addrs[0].IsLoopback() {
		t.Fatalf("%v, %v", addrs, err)
	}
	if r.query("localhost", deadline) != first {
		t.Error("looked up again")
	}
	first.until = time.Now().Add(-time.Second)
	if r.query("localhost", deadline) == first {
		t.Error("never looked up again")
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	r.names["stuck.example"] = &resolution{done: make(chan struct{})}
	if _, err := r.lookup(over, "stuck.example", deadline); !errors.Is(err, errCut) {
		t.Errorf("%v", err)
	}
}
