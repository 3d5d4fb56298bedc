package transport

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noSocket stands for no descriptor.
const noSocket = int32(-1)

// connectSocket makes a non-blocking socket and begins to connect it; from is the local address to use, if valid. The error is what
// net.Dialer would have made of it.
func connectSocket(to netip.AddrPort, from netip.Addr) (fd int32, err error) {
	family := unix.AF_INET6
	if to.Addr().Is4() {
		family = unix.AF_INET
	}
	n, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return noSocket, dialError(to, "socket", err)
	}
	if from.IsValid() {
		// connect(2) chooses the port, so that one port can serve for several targets (ip(7)).
		err := unix.SetsockoptInt(n, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err == nil {
			err = unix.Bind(n, sockaddr(netip.AddrPortFrom(from, 0)))
		}
		if err != nil {
			unix.Close(n)
			return noSocket, dialError(to, "bind", err)
		}
	}
	// As in browsers: after the last flight of a TLS handshake, a request would wait for the ACK of that.
	unix.SetsockoptInt(n, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	// Later than the first byte it would leave that one without a stamp.
	unix.SetsockoptInt(n, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	for {
		switch err := unix.Connect(n, sockaddr(to)); err {
		case nil, unix.EINPROGRESS, unix.EISCONN:
			return int32(n), nil
		case unix.EINTR:
		default:
			unix.Close(n)
			return noSocket, dialError(to, "connect", err)
		}
	}
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	s := &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	if zone := a.Addr().Zone(); zone != "" {
		if i, err := net.InterfaceByName(zone); err == nil {
			s.ZoneId = uint32(i.Index)
		} else if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
			s.ZoneId = uint32(n)
		}
	}
	return s
}

func dialError(to netip.AddrPort, call string, err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: os.NewSyscallError(call, err)}
}

// socketError takes the error that is waiting on a socket.
func socketError(fd int32) error {
	n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return err
	case n != 0:
		return unix.Errno(n)
	}
	return nil
}

// sendSocket writes what the kernel takes.
func sendSocket(fd int32, b []byte) (int, unix.Errno) {
	if len(b) == 0 {
		return 0, 0
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

// isQuiet tells that nothing has come on a kept connection, not even its end.
func isQuiet(fd int32) bool {
	var b [1]byte
	_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == unix.EAGAIN
}

// resetOnClose lets close(2) send RST.
func resetOnClose(fd int32) {
	unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

// receiver reads with recvmsg(2), which tells when the kernel got the last segment of what was read.
type receiver struct {
	message unix.Msghdr
	vector  unix.Iovec
	control [64]byte
}

// receive reads into b. stamp is the system clock's time in nanoseconds, zero where the kernel gave none.
func (r *receiver) receive(fd int32, b []byte) (n int, stamp int64, errno unix.Errno) {
	r.vector.Base = &b[0]
	r.vector.SetLen(len(b))
	r.message.Iov, r.message.Iovlen = &r.vector, 1
	r.message.Control = &r.control[0]
	for {
		r.message.SetControllen(len(r.control))
		got, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.message)), unix.MSG_DONTWAIT)
		switch errno {
		case 0:
			return int(got), r.stamp(), 0
		case unix.EINTR:
		default:
			return 0, 0, errno
		}
	}
}

// stamp finds SCM_TIMESTAMPNS, the only control message that is asked for.
func (r *receiver) stamp() int64 {
	const head = unix.SizeofCmsghdr
	if r.message.Controllen < uint64(head+unsafe.Sizeof(unix.Timespec{})) {
		return 0
	}
	c := (*unix.Cmsghdr)(unsafe.Pointer(&r.control[0]))
	if c.Level != unix.SOL_SOCKET || c.Type != unix.SCM_TIMESTAMPNS {
		return 0
	}
	return (*unix.Timespec)(unsafe.Pointer(&r.control[head])).Nano()
}
