package host

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

func groupAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// groupAlive tells whether a process of the group is left. Zombies do not count: where process 1 reaps nobody (many
// containers) they stay, and kill(2) with signal 0 would find them.
func groupAlive(pgid int) bool {
	if syscall.Kill(-pgid, 0) == syscall.ESRCH {
		return false
	}
	proc, err := os.Open("/proc")
	if err != nil {
		return true
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return true
	}
	want := strconv.Itoa(pgid)
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue
		}
		// proc(5): pid (comm) state ppid pgrp …; comm may hold anything, ")" included.
		f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(f) > 2 && string(f[2]) == want && f[0][0] != 'Z' && f[0][0] != 'X' {
			return true
		}
	}
	return false
}
