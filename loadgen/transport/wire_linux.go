package transport

import (
	"net/netip"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ssebench/results"
)

// The options of TCP_INFO (linux/tcp.h) and the states of a connection (net/tcp_states.h) that are of interest here.
const (
	optionTimestamps = 1
	optionSACK       = 2
	optionScale      = 4

	stateEstablished = 1
	stateCloseWait   = 8
)

// largestMTU is that of any link with a header. The loopback device's is larger.
const largestMTU = 65535

// wire reads from sockets what they cost on the link. TCP_INFO (tcp(7)) has bytes with retransmissions, and segments with pure ACKs. Segments
// are of the size of the MSS, so they are what a link carries, whatever is offloaded to its device; what is not in it is SACK blocks, and
// data that came twice. On the loopback device, whose MSS is 64 KiB and which has no link header, the bytes say little about any other:
// layer names it. One goroutine at a time uses it but for layer.
type wire struct {
	closed   carriage // of the sockets that were closed
	info     unix.TCPInfo
	name     unix.RawSockaddrAny
	header   atomic.Int64 // of a segment of the last socket that was read; 0: none was
	loopback atomic.Bool
}

// read gives what a socket has cost so far.
func (w *wire) read(fd int32) carriage {
	_, c := w.look(fd)
	return c
}

// last reads a socket right before it is closed, and adds what is still to come.
func (w *wire) last(fd int32, how manner) carriage {
	l, c := w.look(fd)
	if l.segment > 0 {
		c.add(l.farewell(w.state(fd, how), how, time.Duration(w.info.Min_rtt)*time.Microsecond))
		w.closed.add(c)
	}
	return c
}

// layer tells which link it was, and the bytes of headers of a segment; empty: no socket was connected.
func (w *wire) layer() (layer string, header int) {
	switch h := int(w.header.Load()); {
	case h == 0:
		return "", 0
	case w.loopback.Load():
		return results.WireLoopback, h
	default:
		return results.WireEthernet, h
	}
}

// look reads TCP_INFO. The link has no header if the socket was never connected.
func (w *wire) look(fd int32) (l headers, c carriage) {
	i := &w.info
	size := uint32(unsafe.Sizeof(*i))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO, uintptr(unsafe.Pointer(i)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 || i.Segs_in == 0 {
		return headers{}, carriage{}
	}
	local := w.local(fd)
	l = newHeaders(local.Is6(), local.IsLoopback() || i.Pmtu > largestMTU, i.Options&optionTimestamps != 0, i.Options&optionScale != 0, i.Options&optionSACK != 0)
	w.loopback.Store(l.loopback)
	w.header.Store(l.segment)
	received := int64(i.Bytes_received)
	if i.State == stateCloseWait {
		received-- // the peer's FIN, which has a place in the sequence
	}
	return l, carriage{
		received: received + segments(i.Segs_in, i.Bytes_received, i.Advmss)*l.segment + l.syn,
		sent:     int64(i.Bytes_sent) + segments(i.Segs_out, i.Bytes_sent, i.Snd_mss)*l.segment + l.syn,
	}
}

// local gives the socket's own address; the peer's is not told any more once the connection is over.
func (w *wire) local(fd int32) netip.Addr {
	size := uint32(unsafe.Sizeof(w.name))
	_, _, errno := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&w.name)), uintptr(unsafe.Pointer(&size)))
	if errno == 0 && w.name.Addr.Family == unix.AF_INET6 {
		return netip.AddrFrom16((*unix.RawSockaddrInet6)(unsafe.Pointer(&w.name)).Addr).Unmap()
	}
	return netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&w.name)).Addr)
}

// state tells what is left to be said on the socket that was looked at last.
func (w *wire) state(fd int32, how manner) tcpState {
	open := w.info.State == stateEstablished
	if !open && w.info.State != stateCloseWait {
		return tcpClosed
	}
	if unread, err := unix.IoctlGetInt(int(fd), unix.SIOCINQ); how == byRST || err == nil && unread > 0 {
		return tcpReset
	}
	if open {
		return tcpOpen
	}
	return tcpHalf
}
