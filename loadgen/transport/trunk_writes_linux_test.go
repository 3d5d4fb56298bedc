package transport

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/sys/unix"

	"ssebench/loadgen"
)

// A server that does not read for a while gets all that was written then.
func TestWritesWaitForTheKernel(t *testing.T) {
	const size = 16 << 20 // more than the kernel keeps for both
	for _, streams := range []int{1, 1000} {
		pause := make(chan struct{})
		resume := sync.OnceFunc(func() { close(pause) })
		u := framesOnAll(t, []http2.Setting{{ID: http2.SettingInitialWindowSize, Val: largestWindow}}, func(*framed) {}, func(f *framed, stream uint32) {
			f.WriteWindowUpdate(0, largestWindow-defaultWindow)
			<-pause
			for came := 0; ; {
				in, err := f.ReadFrame()
				if err != nil {
					return
				}
				if d, ok := in.(*http2.DataFrame); ok {
					if came += len(d.Data()); d.StreamEnded() {
						f.head(stream, ":status", "200")
						f.WriteData(stream, true, fmt.Append(nil, came))
						return
					}
				}
			}
		})
		t.Cleanup(resume) // before the server is waited for
		tr, _ := newTransport(t, h2cOnLoop(streams))
		q := get(t, u)
		q.Method, q.Body = "POST", make([]byte, size)
		r := newReader(t)
		s := open(tr, q, r)
		untilUnsent(t, tr, s)
		resume()
		if r.untilToken(loadgen.TokenEOF); r.body.String() != fmt.Sprint(size) {
			t.Errorf("%s bytes came, want %d", r.body.String(), size)
		}
	}
}

// untilUnsent waits until the kernel has not taken all that a stream's connection wrote.
func untilUnsent(t *testing.T, tr *Transport, s loadgen.Stream) {
	t.Helper()
	lane := tr.Lanes()[0]
	for late := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		lane.Hold()
		connection := s.(*looped).trunk
		waits := connection != nil && len(connection.unsent) > 0
		lane.Release()
		if waits {
			return
		}
		if time.Now().After(late) {
			t.Fatal("the kernel took all that was written; it has to be more")
		}
	}
}

// untilTaken waits until the other end's kernel has acknowledged everything that a peer wrote.
func untilTaken(t *testing.T, p *peer) {
	t.Helper()
	raw, err := p.Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Error(err)
		return
	}
	for late := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		left, failure := 0, error(nil)
		if err := raw.Control(func(fd uintptr) { left, failure = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }); err != nil || failure != nil {
			t.Error(err, failure)
			return
		}
		if left == 0 {
			return
		}
		if time.Now().After(late) {
			t.Errorf("%d bytes are not acknowledged", left)
			return
		}
	}
}
