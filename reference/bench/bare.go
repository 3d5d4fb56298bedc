package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// startBare is the floor: a list of sockets and one loop of write(2) over the
// same bytes, on one thread, with nothing else around it.
func startBare() (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var fds []int
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
					return
				}
				raw, err := c.(*net.TCPConn).SyscallConn()
				if err != nil {
					return
				}
				raw.Control(func(fd uintptr) {
					n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
					if err == nil {
						unix.Write(n, []byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"))
						mu.Lock()
						fds = append(fds, n)
						mu.Unlock()
					}
				})
				c.Close()
			}()
		}
	}()
	var written atomic.Uint64
	work := make(chan []byte)
	go func() {
		runtime.LockOSThread()
		for b := range work {
			mu.Lock()
			for _, fd := range fds {
				unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
			}
			written.Add(uint64(len(fds)))
			mu.Unlock()
		}
	}()
	return &server{
		addr:    l.Addr().String(),
		subs:    func() int { mu.Lock(); defer mu.Unlock(); return len(fds) },
		written: written.Load,
		publish: func(data []byte) {
			e := fmt.Sprintf("id: 1763000000000000\nevent: message\ndata: %s\n\n", data)
			work <- fmt.Appendf(nil, "%x\r\n%s\r\n", len(e), e)
		},
	}, nil
}
