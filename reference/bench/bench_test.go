package main

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the processes that the bench starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == "drain" || os.Args[1] == "encode") {
		main()
		return
	}
	m.Run()
}

// BenchmarkTables measures everything, once, in about ten minutes; it
// prints the tables and writes them to tables.md in this folder.
func BenchmarkTables(b *testing.B) {
	if err := run([]string{"-out", "tables.md"}); err != nil {
		b.Fatal(err)
	}
}
