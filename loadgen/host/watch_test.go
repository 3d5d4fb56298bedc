package host

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

func TestDisturbancesAreCountedFromTheFirstCallOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netstat")
	write := func(values string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("TcpExt: SyncookiesSent TCPToZeroWindowAdv TCPRcvQDrop\n"+values+"IpExt: InNoRoutes\nIpExt: 7\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := Watch{path: path}
	want := func(what string, full int64) {
		t.Helper()
		if got, steps := w.Disturbances(); got != full || steps != 0 {
			t.Errorf("%s: %d full buffers and %d steps, want %d and none", what, got, steps, full)
		}
	}
	write("TcpExt: 5 100 10\n")
	want("before the first call", 0)
	want("nothing", 0)
	write("TcpExt: 9 102 11\n")
	want("two windows and a drop", 3)
	write("TcpExt: 9 nonsense 11\n")
	want("no number", 0)
	write("TcpExt: 9 103 11\n")
	want("a number again", 1)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	want("no file", 0)
	if err := os.WriteFile(path, []byte("TcpExt: Old\nTcpExt: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("an older kernel", 0)
}

func TestAStepOfTheSystemClockIsSeen(t *testing.T) {
	var elapsed, set time.Duration
	w := Watch{path: os.DevNull, clocks: func() (int64, int64) { return int64(time.Hour + elapsed + set), int64(elapsed) }}
	for _, c := range []struct {
		elapsed, set time.Duration
		steps        int64
	}{{0, 0, 0}, {time.Second, 0, 0}, {2 * time.Second, 900 * time.Microsecond, 0}, {3 * time.Second, 5 * time.Millisecond, 1}, {4 * time.Second, 5 * time.Millisecond, 0}, {5 * time.Second, -time.Hour, 1}} {
		elapsed, set = c.elapsed, c.set
		if _, steps := w.Disturbances(); steps != c.steps {
			t.Errorf("after %v, the clock set by %v: %d steps, want %d", c.elapsed, c.set, steps, c.steps)
		}
	}
}

func TestAFullReceiveBufferIsSeen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var w Watch
	w.Disturbances()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	silent, err := l.Accept() // reads nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 64<<10)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		// Until the kernel takes no more: its buffers on both sides are full.
		var full bool
		if err := raw.Write(func(fd uintptr) bool {
			_, err := syscall.Write(int(fd), chunk)
			full = err == syscall.EAGAIN
			return true
		}); err != nil {
			t.Fatal(err)
		}
		if !full {
			continue
		}
		if n, _ := w.Disturbances(); n > 0 {
			return
		}
		time.Sleep(time.Millisecond) // the window closes when the last segment is through
	}
	t.Error("nothing read what came, and no window closed")
}
