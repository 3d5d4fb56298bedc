package transport

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// bindWithoutPort lets bind(2) leave the port to connect(2), which can give one port to several targets (ip(7),
// IP_BIND_ADDRESS_NO_PORT).
func bindWithoutPort(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	}); e != nil {
		return e
	}
	return err
}
