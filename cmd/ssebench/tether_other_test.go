//go:build !linux

package main

import "syscall"

// tethered is a process like any other, where the system knows no other.
func tethered() *syscall.SysProcAttr { return nil }

func released() *syscall.SysProcAttr { return nil }
