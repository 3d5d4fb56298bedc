package main

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the processes that the bench starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == "drain") {
		main()
		return
	}
	m.Run()
}

// BenchmarkTables measures and prints everything, once.
func BenchmarkTables(b *testing.B) {
	if err := run(nil); err != nil {
		b.Fatal(err)
	}
}
