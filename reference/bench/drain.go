package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"golang.org/x/sys/unix"
)

// drain opens streams and holds them. A line on its input makes it read all
// that is there, until nothing comes for 20 ms; it answers with the bytes read.
// streams is how many streams a connection carries: 0 is HTTP/1.1.
func drain(addr, streams, total string, in io.Reader, out io.Writer) error {
	per, err := strconv.Atoi(streams)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(total)
	if err != nil {
		return err
	}
	tcp, err := net.ResolveTCPAddr("tcp4", addr)
	if err != nil {
		return err
	}
	to := &unix.SockaddrInet4{Port: tcp.Port, Addr: [4]byte(tcp.IP.To4())}
	var fds []int
	for left := n; left > 0; left -= max(per, 1) {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.Connect(fd, to); err != nil {
			return fmt.Errorf("connection %d: %w", len(fds), err)
		}
		if _, err := unix.Write(fd, opening(addr, min(per, left))); err != nil {
			return err
		}
		if err := unix.SetNonblock(fd, true); err != nil {
			return err
		}
		fds = append(fds, fd)
	}
	fmt.Fprintln(out, "open")
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		fmt.Fprintln(out, readAll(fds))
	}
	return lines.Err()
}

func readAll(fds []int) int {
	buf := make([]byte, 1<<20)
	total := 0
	for idle := 0; idle < 2; {
		got := 0
		for _, fd := range fds {
			for {
				n, err := unix.Read(fd, buf)
				if n <= 0 || err != nil {
					break
				}
				got += n
			}
		}
		total += got
		if got == 0 {
			idle++
			time.Sleep(10 * time.Millisecond)
		} else {
			idle = 0
		}
	}
	return total
}

// opening is what a client says on one connection.
func opening(addr string, streams int) []byte {
	if streams == 0 {
		return []byte("GET /events?topic=a&stream=a HTTP/1.1\r\nHost: " + addr + "\r\nAccept: text/event-stream\r\n\r\n")
	}
	var b, block bytes.Buffer
	b.WriteString(http2.ClientPreface)
	f := http2.NewFramer(&b, nil)
	f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
	f.WriteWindowUpdate(0, 1<<31-1-65535)
	enc := hpack.NewEncoder(&block)
	for i := range streams {
		block.Reset()
		for _, h := range []hpack.HeaderField{
			{Name: ":method", Value: "GET"},
			{Name: ":scheme", Value: "http"},
			{Name: ":authority", Value: addr},
			{Name: ":path", Value: "/events?topic=a"},
			{Name: "accept", Value: "text/event-stream"},
		} {
			enc.WriteField(h)
		}
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	}
	return b.Bytes()
}
