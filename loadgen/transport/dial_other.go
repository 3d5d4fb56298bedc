//go:build !linux

package transport

import "syscall"

// bindWithoutPort does nothing where the system has no such option.
func bindWithoutPort(_, _ string, _ syscall.RawConn) error { return nil }
