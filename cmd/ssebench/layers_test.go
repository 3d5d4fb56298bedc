package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "ssebench"

// rooms says which of our packages each room may import; the key "" of a path's first match counts for the folders below it. Nothing
// but cmd may import a room that nobody lists (loadgen/fleet).
var rooms = map[string][]string{
	"cmd/ssebench": {
		"scenarios", "results", "loadgen", "loadgen/sse", "loadgen/stamp", "loadgen/transport", "loadgen/publish", "loadgen/host",
		"loadgen/fleet", "reference", "report",
	},
	"scenarios":         {"results"},
	"results":           {},
	"loadgen":           {"scenarios", "results", "loadgen/sse", "loadgen/stamp"},
	"loadgen/sse":       {},
	"loadgen/stamp":     {},
	"loadgen/transport": {"loadgen", "results"},
	"loadgen/publish":   {"loadgen", "loadgen/stamp"},
	"loadgen/host":      {"results"},
	"loadgen/fleet":     {"loadgen", "scenarios", "results"},
	"reference":         {},
	"report":            {"results"},
}

// owners says which room alone imports a library.
var owners = map[string][]string{
	"github.com/spf13/":          {"cmd/ssebench"},
	"go.yaml.in/yaml":            {"scenarios"},
	"github.com/invopop/":        {"scenarios"},
	"github.com/HdrHistogram/":   {"results"},
	"github.com/expr-lang/":      {"results"},
	"github.com/gomodule/redigo": {"loadgen/publish"},
	"github.com/shirou/gopsutil": {"loadgen/host"},
	"github.com/nats-io/":        {"loadgen/fleet"},
	"github.com/olekukonko/":     {"report"},
	"github.com/coder/websocket": {"loadgen/transport", "reference"},
	"golang.org/x/net":           {"loadgen/transport", "reference"},
	"golang.org/x/sys":           {"loadgen/transport", "reference", "loadgen/host"},
}

// brokenLayers parses every Go file of the tree, tests aside, and names each import that the table forbids. It reads the files
// itself: go list would be answered from a cache.
func brokenLayers(tree fs.FS) (broken []string, files int, err error) {
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base != "." && (strings.HasPrefix(base, ".") || base == "testdata") || isNestedModule(tree, name) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := forbidden(path.Dir(name), imported); why != "" {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", name, imported, why))
			}
		}
		return nil
	})
	return broken, files, err
}

func isNestedModule(tree fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	_, err := fs.Stat(tree, path.Join(dir, "go.mod"))
	return err == nil
}

// forbidden says why a file in dir may not import the path; empty if it may.
func forbidden(dir, imported string) string {
	room := dir
	for room != "." && rooms[room] == nil {
		room = path.Dir(room)
	}
	allowed, known := rooms[room]
	if !known {
		return "the folder belongs to no room of the design"
	}
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		if ours != room && !strings.HasPrefix(ours, room+"/internal/") && !slices.Contains(allowed, ours) {
			return "the room " + room + " may not import it"
		}
		return ""
	}
	for library, by := range owners {
		if strings.HasPrefix(imported, library) && !slices.Contains(by, room) {
			return "only " + strings.Join(by, " and ") + " may"
		}
	}
	return ""
}

func TestLayers(t *testing.T) {
	broken, files, err := brokenLayers(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("only %d files were read; is this the module's root?", files)
	}
	for _, b := range broken {
		t.Error(b)
	}
}

func TestLayersTestNoticesForbiddenImports(t *testing.T) {
	file := func(imports ...string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("package x\nimport (\n\"" + strings.Join(imports, "\"\n\"") + "\"\n)\n")}
	}
	tree := fstest.MapFS{
		"cmd/ssebench/run.go":          file("ssebench/loadgen/fleet", "github.com/spf13/cobra", "fmt"),
		"report/text.go":               file("ssebench/results", "ssebench/loadgen"),
		"reference/hub.go":             file("ssebench/loadgen/sse", "golang.org/x/net/http2"),
		"loadgen/run.go":               file("ssebench/scenarios", "ssebench/loadgen/fleet"),
		"loadgen/publish/redis.go":     file("github.com/gomodule/redigo/redis", "ssebench/loadgen"),
		"loadgen/publish/x_test.go":    file("ssebench/report"),
		"loadgen/sse/bench/go.mod":     &fstest.MapFile{},
		"loadgen/sse/bench/main.go":    file("ssebench/report"),
		"results/histogram.go":         file("github.com/expr-lang/expr", "golang.org/x/sys/unix"),
		"util/strings.go":              file("fmt"),
		"scenarios/testdata/broken.go": file("ssebench/report"),
	}
	want := []string{
		"loadgen/run.go imports ssebench/loadgen/fleet: the room loadgen may not import it",
		"reference/hub.go imports ssebench/loadgen/sse: the room reference may not import it",
		"report/text.go imports ssebench/loadgen: the room report may not import it",
		"results/histogram.go imports golang.org/x/sys/unix: only loadgen/transport and reference and loadgen/host may",
		"util/strings.go imports fmt: the folder belongs to no room of the design",
	}
	got, files, err := brokenLayers(tree)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) || files != 7 {
		t.Errorf("%d files:\n%s\nwant\n%s", files, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
