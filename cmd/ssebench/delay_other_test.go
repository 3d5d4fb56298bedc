//go:build !linux

package main

import "errors"

func delay(string, string, string) error { return errors.New("frames can be relayed on Linux only") }
