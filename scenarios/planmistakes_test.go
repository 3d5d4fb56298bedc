package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlanMistakes holds what shows only when a plan is made: the environment and the files beside the scenario.
func TestPlanMistakes(t *testing.T) {
	opts := fixed
	opts.Env = env("EMPTY", "", "SPACE", "a b", "LINE", "a\nb", "HTTPS", "https://127.0.0.1", "FTP", "ftp://127.0.0.1")
	files, err := filepath.Glob("testdata/plan/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			src, err := LoadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Decode(src)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Plan(opts)
			var mistakes *Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("got %v, want mistakes", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, []byte(strings.Repeat("# a line of nothing but words\n", 400_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		dir:                           dir + ": is a directory: name a file in it",
		big:                           big + ": is longer than 1MiB: is it the right file?",
		filepath.Join(dir, "no.yaml"): filepath.Join(dir, "no.yaml") + ": no such file",
		"quikstart":                   `quikstart: no such file, and no embedded scenario has that name; did you mean "quickstart"?`,
		"xyz":                         "xyz: no such file, and no embedded scenario has that name: there are " + strings.Join(Names(), ", "),
		"":                            `: no such file, and no embedded scenario has that name: there are ` + strings.Join(Names(), ", "),
	} {
		if _, err := Find(name); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
	text, err := os.ReadFile(big)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(Source{Name: "big", Bytes: text}); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("12 MB: got %v, want one line", err)
	}
	if src, err := Find("testdata/good/exec.yaml"); err != nil || src.Dir != "testdata/good" {
		t.Errorf("got %v, %v", src.Dir, err)
	}
}
