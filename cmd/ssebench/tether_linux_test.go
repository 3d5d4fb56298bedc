package main

import "syscall"

// tethered is a process that ends with the test's, however that ends.
func tethered() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
