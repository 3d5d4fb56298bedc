//go:build !linux

package transport

import "fmt"

func newEngine(t *Transport) (engine, error) { return newGoroutines(t), nil }

func newLoops(*Transport) (engine, error) {
	return nil, fmt.Errorf("engine %s needs Linux; use %s", EngineLoop, EngineGoroutines)
}
