package main

import "syscall"

// tethered is a process that ends with the test's, however that ends.
func tethered() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// released is the same for one that takes its own processes along when it is asked to end.
func released() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
