package publish

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ssebench/loadgen"
)

// The sources of the package are read for the tokens that they make: each has to be in the list, once and explained.
func TestTokensAreListed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := func(name string) bool {
		return slices.ContainsFunc(Tokens, func(k loadgen.Token) bool { return k.Name == name && k.Meaning != "" })
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "tokens.go" {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:fail\(|Sprintf\()"(hook_[a-z_]+(?:%d)?)"|fail\(prefix\+"([a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			found++
			name := m[1]
			if m[2] != "" {
				name = "hook_" + m[2]
			}
			if name = strings.ReplaceAll(name, "%d", "NNN"); !listed(name) {
				t.Errorf("%s makes %s, which is not in Tokens", file, name)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d tokens were found", found)
	}
	names := make(map[string]bool)
	for _, k := range Tokens {
		if names[k.Name] {
			t.Errorf("%s is listed twice", k.Name)
		}
		names[k.Name] = true
	}
}
