//go:build unix && !linux

package host

import "syscall"

// groupAttributes cannot tie the child's life to ours on this system: after a kill -9 of ours it has to be ended by hand.
func groupAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// groupAlive tells whether a process of the group is left.
func groupAlive(pgid int) bool { return syscall.Kill(-pgid, 0) != syscall.ESRCH }
