package scenarios

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// compiledSchema is the schema as an independent validator reads it.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func goodFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d good files, %v", len(files), err)
	}
	return files
}

// structure decodes without asking for meaning, which no schema can.
func structure(root *yaml.Node) error {
	s := newSource(Source{Name: "x"})
	s.root = root
	mistakes := &Mistakes{}
	d := decoder{source: s, mistakes: mistakes}
	d.structure("", root, reflect.ValueOf(&Scenario{}).Elem())
	return mistakes.err()
}

// plainValue is what a JSON validator sees of a node.
func plainValue(t *testing.T, n *yaml.Node) any {
	t.Helper()
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return stringKeys(v)
}

func stringKeys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = stringKeys(value)
		}
	case map[any]any:
		named := map[string]any{}
		for key, value := range v {
			named[fmt.Sprint(key)] = stringKeys(value)
		}
		return named
	case []any:
		for i, value := range v {
			v[i] = stringKeys(value)
		}
	}
	return v
}

func rootOf(t *testing.T, text []byte) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Load(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

func TestGoodFilesPassSchemaAndDecode(t *testing.T) {
	compiled := compiledSchema(t)
	texts := map[string][]byte{}
	for _, name := range Names() {
		texts[name], _ = Embedded(name)
	}
	for _, file := range goodFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = text
	}
	for name, text := range texts {
		if _, err := Decode(Source{Name: name, Bytes: text}); err != nil {
			t.Errorf("%v", err)
		}
		if err := compiled.Validate(plainValue(t, rootOf(t, text))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGoodFilesHaveEveryField keeps the agreement test honest: a new field has to be in a good file.
func TestGoodFilesHaveEveryField(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range goodFiles(t) {
		src, err := LoadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Decode(src)
		if err != nil {
			t.Fatal(err)
		}
		for path := range s.source.values {
			seen[listPlace.ReplaceAllString(path, "[]")] = true
		}
	}
	src, _ := Find("quickstart")
	if s, err := Decode(src); err == nil {
		for path := range s.source.values {
			seen[path] = true
		}
	}
	for _, path := range everyPath(reflect.TypeFor[Scenario](), "") {
		if !seen[path] {
			t.Errorf("no good file has %s", path)
		}
	}
}

func everyPath(t reflect.Type, path string) (paths []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			path += "[]"
		}
		t = t.Elem()
	}
	for _, f := range fieldsOf(t) {
		at := join(path, f.name)
		paths = append(append(paths, at), everyPath(f.typ, at)...)
		if f.typ.Kind() == reflect.Slice && fieldsOf(f.typ.Elem()) == nil {
			paths = slices.DeleteFunc(paths, func(p string) bool { return strings.HasPrefix(p, at+"[]") })
		}
	}
	return paths
}

// TestSchemaAndDecodeAgree changes each place of each good file in many ways. What the schema says must be what the decoder says.
func TestSchemaAndDecodeAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	compiled := compiledSchema(t)
	values := []string{
		"null", "true", "false", "5", "0", "-1", "1.5", "x", `""`, `"7"`, "[]", "{}", "[5]", "[x]", "[x, x]", "{a: b}", "{a: 5}", "{a: []}",
		"10s", "0.5h", "10k", "10/s", "0/s", "at_once", "4KiB", "4 KiB", "GET", "h2c", "ms", "chromium", "10/d", "1e3x", "-5s", "-3/s",
		"{profile: chromium}", "{delay: 3s}", "{constant: 5, poisson: 5}", "{burst: {events: 5}}", "{hold: 5s}", "[{hold: 5s}]",
		"5%", "0.5%", "0%", "0.0%", "100%", "101%", "007%", "5 %", "-5%", "1_0%", "fin", "kill", "status_503", "{share: 5%}", "{cut: 5%}", "{event: gap}",
	}
	checked, refused := 0, 0
	done := map[string]bool{}
	compare := func(what string, root *yaml.Node) {
		checked++
		decoded := structure(root)
		valid := compiled.Validate(plainValue(t, root))
		if decoded != nil {
			refused++
		}
		if (decoded == nil) != (valid == nil) {
			t.Errorf("%s\n  decode: %v\n  schema: %v", what, decoded, valid)
		}
	}
	for _, file := range goodFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("*base")) {
			continue // a changed anchor changes several places
		}
		root := rootOf(t, text)
		for _, n := range nodes(root)[1:] {
			place := fmt.Sprint(listPlace.ReplaceAllString(n.path, "[]"), n.key, n.node.Kind)
			if done[place] {
				continue
			}
			done[place] = true
			was := *n.node
			for _, value := range values {
				var doc yaml.Node
				if err := yaml.Load([]byte(value), &doc); err != nil {
					t.Fatal(err)
				}
				if n.key && doc.Content[0].Tag != "!!str" {
					continue // JSON has no other keys
				}
				*n.node = *doc.Content[0]
				compare(fmt.Sprintf("%s: %s %q → %s", file, n.path, was.Value, value), root)
			}
			*n.node = was
			if n.key {
				whole := n.parent.Content
				j := slices.Index(whole, n.node)
				n.parent.Content = slices.Delete(slices.Clone(whole), j, j+2)
				compare(fmt.Sprintf("%s: without %s", file, n.path), root)
				n.parent.Content = whole
			}
		}
	}
	t.Logf("%d changes, %d refused", checked, refused)
	if checked < 5000 || refused < 4000 {
		t.Errorf("only %d changes, %d refused", checked, refused)
	}
}

type placed struct {
	node, parent *yaml.Node
	path         string
	key          bool
}

func nodes(root *yaml.Node) []placed {
	list := []placed{{node: root}}
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		for i, child := range n.Content {
			at := fmt.Sprintf("%s.%d", path, i)
			key := false
			if n.Kind == yaml.MappingNode {
				key = i%2 == 0
				at = join(path, n.Content[i-i%2].Value)
			}
			list = append(list, placed{child, n, at, key})
			walk(child, at)
		}
	}
	walk(root, "")
	return list
}

var listPlace = regexp.MustCompile(`\.\d+`)
