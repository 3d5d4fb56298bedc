package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzDecode holds that no text and no setting makes Decode or Plan panic, that each mistake has a place within the text and is
// shown in clean lines, and that a good scenario survives being written down.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml", "testdata/plan/*.yaml", "*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, "", "")
		}
	}
	f.Add([]byte(small), "load.phases.1.hold", "5s")
	f.Add([]byte(small), "publish.rate", "{burst: {events: 5, every: 1s}}")
	f.Add([]byte(""), "target.headers.X", "{{.Topic}} ${A}")
	f.Fuzz(func(t *testing.T, text []byte, path, value string) {
		src := Source{Name: "x.yaml", Bytes: text, Dir: "testdata/none"}
		if path != "" {
			src.Sets = []Setting{{Path: path, Value: value}}
		}
		s, err := Decode(src)
		if err != nil {
			checkMistakes(t, text, err)
			return
		}
		if len(s.Load.Topics) > 10_000 {
			return
		}
		p, err := s.Plan(PlanOptions{Seed: 1, Env: env("A", "a", "HOME", "x")})
		if err != nil {
			checkMistakes(t, text, err)
			return
		}
		if p.Reference {
			if p, err = p.WithTarget("http://127.0.0.1:1"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Request(p.Clients - 1); err != nil && p.Clients < 1000 && p.users == nil && len(p.Topics) < 1000 {
			t.Logf("request: %v", err)
		}
		again, err := Decode(Source{Name: "again", Bytes: p.Scenario})
		if err != nil {
			t.Fatalf("%s\n%v", p.Scenario, err)
		}
		q, err := again.Plan(PlanOptions{Seed: 1, Env: env("A", "a", "HOME", "x")})
		if err != nil {
			t.Fatalf("%s\n%v", p.Scenario, err)
		}
		q.Server.Dir, q.RunID = p.Server.Dir, p.RunID
		if diff := cmp.Diff(string(p.Scenario), string(q.Scenario), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}

func checkMistakes(t *testing.T, text []byte, err error) {
	t.Helper()
	var mistakes *Mistakes
	if !errors.As(err, &mistakes) {
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %v", err)
		}
		return
	}
	if len(mistakes.List) == 0 {
		t.Error("an error without a mistake")
	}
	lines := len(splitLines(string(text)))
	for _, m := range mistakes.List {
		if m.Line < 0 || m.Line > lines || m.Line > 0 && (m.Column < 1 || m.Column > utf8.RuneCountInString(m.Source)+1) || m.Message == "" {
			t.Errorf("no place: %+v (%d lines)", m, lines)
		}
		if shown := m.String(); strings.Count(shown, "\n")%2 != 0 || strings.ContainsAny(shown, "\r\x1b\x00") {
			t.Errorf("shown as %q", shown)
		}
	}
}

// FuzzUsers holds that no users file makes the reader panic or lie about its rows.
func FuzzUsers(f *testing.F) {
	for _, file := range []string{"testdata/good/users.csv", "testdata/plan/bad-rows.csv", "testdata/plan/spaces.csv", "testdata/plan/bad.jsonl", "testdata/plan/some.jsonl"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func(*users, []byte, int, *Mistakes){(*users).readCSV, (*users).readJSONL} {
			u, mistakes := &users{file: "users"}, &Mistakes{}
			read(u, text, 50, mistakes)
			if len(u.rows) > 50 || len(u.lines) != len(u.rows) {
				t.Errorf("%d rows, %d lines", len(u.rows), len(u.lines))
			}
			for _, m := range mistakes.List {
				if m.Message == "" || m.Line < 1 || m.Column < 1 {
					t.Errorf("no place: %+v", m)
				}
				_ = m.String()
			}
		}
	})
}
