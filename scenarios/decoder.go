package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// decoder walks the nodes along the types of Scenario. It goes on after each mistake.
type decoder struct {
	source   *source
	mistakes *Mistakes
	visited  int
}

// mostNodes bounds the work that aliases can multiply.
const mostNodes = 200_000

func (d *decoder) wrong(n *yaml.Node, suggestion, format string, args ...any) {
	d.mistakes.add(d.source.atNode(n, 0, fmt.Sprintf(format, args...), suggestion))
}

// resolve follows aliases and counts the visit.
func (d *decoder) resolve(n *yaml.Node) (*yaml.Node, bool) {
	d.visited++
	if d.visited == mostNodes {
		d.wrong(n, "", "the aliases of this file multiply it beyond %d values", mostNodes)
	}
	for range 100 {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	return n, d.visited < mostNodes
}

// structure fills a struct from a mapping.
func (d *decoder) structure(path string, n *yaml.Node, v reflect.Value) {
	t := v.Type()
	given := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f, ok := d.key(path, t, key)
		if !ok {
			continue
		}
		at := join(path, f.name)
		d.source.keys[at] = key
		if f.typ.Kind() != reflect.Bool || value.Value != "false" {
			given[f.name] = key
		}
		d.value(at, value, v.Field(f.index), f)
	}
	for _, f := range fieldsOf(t) {
		if f.required && given[f.name] == nil && !d.source.meant[join(path, f.name)] {
			d.mistakes.add(d.source.atKey(path, fmt.Sprintf("missing field %q%s", f.name, in(path)), ""))
		}
	}
	for _, g := range groups[t] {
		d.group(path, g, given)
	}
}

// key finds the field that a key names, and refuses unknown and repeated ones.
func (d *decoder) key(path string, t reflect.Type, key *yaml.Node) (field, bool) {
	key, ok := d.resolve(key)
	if !ok {
		return field{}, false
	}
	if key.Kind != yaml.ScalarNode {
		d.wrong(key, "", "a field's name is a word, not %s", kindOf(key))
		return field{}, false
	}
	if key.Tag == "!!merge" {
		d.wrong(key, "", "merge keys are not supported: write the fields out")
		return field{}, false
	}
	f, ok := fieldNamed(t, key.Value)
	if !ok && d.mistakes.hopeless() {
		d.mistakes.More++
		return field{}, false
	}
	if !ok {
		message, suggestion := "unknown field "+quote(key.Value)+in(path), near(key.Value, fieldNames(t))
		if places := homes(key.Value); suggestion == "" && len(places) > 0 && len(places) < 4 {
			message += ": it belongs in " + strings.Join(places, " or ")
		} else if suggestion == "" {
			message += ": there are " + strings.Join(fieldNames(t), ", ")
		}
		if suggestion != "" {
			d.source.meant[join(path, suggestion)] = true
		}
		d.wrong(key, suggestion, "%s", message)
		return field{}, false
	}
	if first := d.source.keys[join(path, f.name)]; first != nil {
		d.wrong(key, "", "field %q is given twice: first on line %d", f.name, first.Line)
		return field{}, false
	}
	return f, true
}

func (d *decoder) group(path string, g group, given map[string]*yaml.Node) {
	var keys []*yaml.Node
	for _, name := range g.names {
		if d.source.meant[join(path, name)] {
			return
		}
		if key := given[name]; key != nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 && g.required {
		d.mistakes.add(d.source.atKey(path, "missing "+oneOf(g.names)+in(path), ""))
	}
	if g.together {
		return
	}
	slices.SortStableFunc(keys, func(a, b *yaml.Node) int { return a.Line - b.Line })
	for i := 1; i < len(keys); i++ {
		message := fmt.Sprintf("%q and %q exclude each other", keys[0].Value, keys[i].Value)
		if keys[0].Line > 0 {
			message += fmt.Sprintf(": %q stands on line %d", keys[0].Value, keys[0].Line)
		}
		d.wrong(keys[i], "", "%s", message)
	}
}

// value fills one field, list item or map value.
func (d *decoder) value(path string, n *yaml.Node, v reflect.Value, f field) {
	n, ok := d.resolve(n)
	if !ok {
		return
	}
	d.source.values[path] = n
	if isNull(n) {
		d.wrong(n, "", "%s is empty: give it a value or take it out", path)
		return
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		d.wrong(n, "", "unknown tag %s", quote(n.Tag))
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch target := v.Addr().Interface().(type) {
	case *Topics:
		d.topics(path, n, target)
		return
	case *Command:
		d.command(path, n, target)
		return
	case interface{ Set(string) error }:
		d.unit(path, n, v, f, target.Set)
		return
	}
	if name, ok := shorthands[v.Type()]; ok && n.Kind == yaml.ScalarNode {
		short, _ := fieldNamed(v.Type(), name)
		d.value(path, n, v.Field(short.index), short)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if n.Kind != yaml.MappingNode {
			d.wrong(n, "", "%s is a mapping of fields (%s), not %s", path, strings.Join(fieldNames(v.Type()), ", "), kindOf(n))
			return
		}
		d.structure(path, n, v)
	case reflect.Map:
		d.texts(path, n, v)
	case reflect.Slice:
		d.list(path, n, v, f)
	default:
		d.scalar(path, n, v, f)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// in says where, for a message.
func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func oneOf(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
