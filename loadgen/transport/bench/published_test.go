package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page of what was published has the tables of the figures beside it, as they are.
func TestPublishedTables(t *testing.T) {
	const folder = "../../../results/published/engine"
	page, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"figures.json", "pointer/figures.json"} {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.Contains(string(page), d.markdown()) {
			t.Errorf("README.md has not the table of %s:\n%s", name, d.markdown())
		}
	}
}
