//go:build !linux

package transport

import "fmt"

// destination is of HTTP/2 connections of loops, which there are none of.
type destination struct{}

func newEngine(t *Transport) (engine, error) { return newGoroutines(t), nil }

func newLoops(*Transport) (engine, error) {
	return nil, fmt.Errorf("engine %s needs Linux; use %s", EngineLoop, EngineGoroutines)
}
