package transport

import (
	"net/netip"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"ssebench/results"
)

// The bytes of headers with each segment, as an observer of the link would count them, and what the SYNs have beyond that.
const (
	headerEthernet   = 14
	headerIPv4       = 20
	headerIPv6       = 40
	headerTCP        = 20
	headerTimestamps = 12 // the option, padded
	synOptions       = 8  // MSS, window scale and SACK permitted, beyond the timestamps
)

// optionTimestamps is TCPI_OPT_TIMESTAMPS of linux/tcp.h.
const optionTimestamps = 1

// wire counts what connections cost on the wire: TCP_INFO (tcp(7)) has bytes with retransmissions and segments with pure ACKs. Segments
// are of the size of the MSS, so they are what a link carries, whatever is offloaded to its device. On the loopback device, whose
// MSS is 64 KiB and which has no link header, they say little about any other: Account names the layer.
type wire struct {
	info     unix.TCPInfo
	header   atomic.Int64 // of the first connection counted, for Account
	loopback atomic.Bool  // likewise; set before header
}

// count reads a descriptor's figures, once, before it is closed. The final FINs are not in them. The lane must be held.
func (w *wire) count(l *lane, fd int32) {
	size := uint32(unsafe.Sizeof(w.info))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO, uintptr(unsafe.Pointer(&w.info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 || w.info.Segs_in == 0 { // never connected
		return
	}
	h := w.header.Load()
	if h == 0 {
		var loopback bool
		h, loopback = headerSize(fd, w.info.Options&optionTimestamps != 0)
		w.loopback.Store(loopback)
		w.header.Store(h)
	}
	l.figures.Count(results.WireReceived, int64(w.info.Bytes_received)+int64(w.info.Segs_in)*h+synOptions)
	l.figures.Count(results.WireSent, int64(w.info.Bytes_sent)+int64(w.info.Segs_out)*h+synOptions)
}

// headerSize gives the bytes of headers of one segment on a connection, and whether it stays on this machine.
func headerSize(fd int32, timestamps bool) (h int64, loopback bool) {
	h = headerTCP
	peer, err := unix.Getpeername(int(fd))
	if err != nil {
		return 0, false
	}
	var a netip.Addr
	switch p := peer.(type) {
	case *unix.SockaddrInet4:
		a = netip.AddrFrom4(p.Addr)
		h += headerIPv4
	case *unix.SockaddrInet6:
		a = netip.AddrFrom16(p.Addr)
		h += headerIPv6
	}
	if timestamps {
		h += headerTimestamps
	}
	loopback = a.Unmap().IsLoopback()
	if !loopback {
		h += headerEthernet
	}
	return h, loopback
}
