package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// apply puts the settings into the nodes, in their order. A path that leads nowhere is a mistake at its flag; what is wrong with the
// value shows when the nodes are decoded, and finds its flag through s.flags.
func (s *source) apply(settings []Setting, mistakes *Mistakes) {
	for _, setting := range settings {
		setter := setter{source: s, path: setting.Path, flag: setting.flag()}
		if message, suggestion := setter.set(setting); message != "" {
			mistakes.add(Mistake{File: setter.flag, Message: message, Suggestion: suggestion})
		}
	}
}

// setter carries out one setting.
type setter struct {
	source *source
	path   string // of the setting
	flag   string
	copied int
}

func (st *setter) set(setting Setting) (message, suggestion string) {
	steps := strings.Split(setting.Path, ".")
	if slices.Contains(steps, "") {
		return "the path " + quote(setting.Path) + " has an empty step: write it as load.connections", ""
	}
	steps, message = st.phase(steps)
	if message != "" {
		return message, ""
	}
	steps, of, message, suggestion := typesAlong(steps)
	if message != "" {
		return message, suggestion
	}
	value, message := st.value(setting, of[len(steps)])
	if message != "" {
		return message, ""
	}
	node := st.source.root
	for i, step := range steps[:len(steps)-1] {
		path := strings.Join(steps[:i+1], ".")
		next, message := st.step(node, of[i], step, path, false)
		if message != "" {
			return message, ""
		}
		if *next == nil || (*next).Kind == yaml.ScalarNode {
			message = st.open(next, of[i+1], path)
		} else if (*next).Kind == yaml.AliasNode {
			*next, message = st.copyOf((*next).Alias, 0)
		}
		if message != "" {
			return message, ""
		}
		node = *next
	}
	last := steps[len(steps)-1]
	place, message := st.step(node, of[len(steps)-1], last, setting.Path, true)
	if message != "" {
		return message, ""
	}
	if *place = value; value == nil {
		st.remove(node, last)
	}
	return "", ""
}

// typesAlong gives the type before the first step and after each; a message says which step leads nowhere. A name in a map, such as
// that of a header, is one step, points and all.
func typesAlong(path []string) (steps []string, types []reflect.Type, message, suggestion string) {
	t := reflect.TypeFor[Scenario]()
	types = append(types, t)
	for i, step := range path {
		before := strings.Join(path[:i], ".")
		switch {
		case t.Kind() == reflect.Map:
			return append(steps, strings.Join(path[i:], ".")), append(types, t.Elem()), "", ""
		case t.Kind() == reflect.Slice:
			t = t.Elem()
		case len(fieldsOf(t)) == 0:
			return nil, nil, before + " has no fields", ""
		default:
			f, ok := fieldNamed(t, step)
			if !ok {
				if suggestion = near(step, fieldNames(t)); suggestion != "" {
					return nil, nil, "unknown field " + quote(step) + in(before), join(before, suggestion)
				}
				return nil, nil, "unknown field " + quote(step) + in(before) + ": there are " + strings.Join(fieldNames(t), ", "), ""
			}
			t = f.typ
		}
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		steps, types = append(steps, step), append(types, t)
	}
	return steps, types, "", ""
}

// phase lets load.hold and load.ramp stand for the only phase of that kind that counts, where there are phases.
func (st *setter) phase(steps []string) (path []string, message string) {
	if len(steps) != 2 || steps[0] != "load" || steps[1] != "hold" && steps[1] != "ramp" {
		return steps, ""
	}
	load := lookup(st.source.root, "load")
	phases := lookup(load, "phases")
	if phases == nil || phases.Kind != yaml.SequenceNode {
		return steps, ""
	}
	var found []int
	for i, phase := range phases.Content {
		if warmup := lookup(phase, "warmup"); lookup(phase, steps[1]) != nil && (warmup == nil || warmup.Value != "true") {
			found = append(found, i)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Sprintf("the scenario has %d %s phases that count: name one, as in --set load.phases.1.%[2]s=VALUE", len(found), steps[1])
	}
	return []string{"load", "phases", strconv.Itoa(found[0]), steps[1]}, ""
}

// lookup is the value of a field; nil where there is none.
func lookup(n *yaml.Node, name string) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// step goes from a node of a type to the place of one of its fields or items, which it makes if need be; the place is then nil. What
// excludes the field goes.
func (st *setter) step(n *yaml.Node, t reflect.Type, step, path string, last bool) (next **yaml.Node, message string) {
	if n.Kind == yaml.SequenceNode || t.Kind() == reflect.Slice {
		i, err := strconv.Atoi(step)
		if step == "+" {
			i, err = len(n.Content), nil
		}
		if n.Kind != yaml.SequenceNode || err != nil || i < 0 || i > len(n.Content) {
			return nil, fmt.Sprintf("%s: %s is no place in a list of %d: they count from 0, and + adds one", path, quote(step), len(n.Content))
		}
		if i == len(n.Content) {
			n.Content = append(n.Content, nil)
		}
		return &n.Content[i], ""
	}
	for _, g := range groups[t] {
		for _, other := range g.names {
			if other != step && !g.keeps && slices.Contains(g.names, step) && (g.by == "" || step != g.names[1] || st.path == g.by) {
				st.remove(n, other)
			}
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == step {
			if last {
				st.source.flags[n.Content[i]] = st.flag
			}
			return &n.Content[i+1], ""
		}
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: step}
	st.source.flags[key] = st.flag
	n.Content = append(n.Content, key, nil)
	return &n.Content[len(n.Content)-1], ""
}

// open makes a mapping or a list of a missing value, or of a scalar that is short for a mapping.
func (st *setter) open(n **yaml.Node, t reflect.Type, path string) (message string) {
	made := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if t.Kind() == reflect.Slice {
		made = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	}
	st.source.flags[made] = st.flag
	if old := *n; old != nil && !isNull(old) {
		short, ok := shorthands[t]
		if !ok {
			return path + " is " + kindOf(old) + " in the scenario, with no fields to set"
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: short, Line: old.Line, Column: old.Column}
		made.Content = []*yaml.Node{key, old}
	}
	*n = made
	return ""
}

// value makes the node of a value; nil where the field is to be taken out.
func (st *setter) value(setting Setting, t reflect.Type) (n *yaml.Node, message string) {
	text, isText := setting.Value, t.Kind() == reflect.String || t == reflect.TypeFor[Values]()
	if len(setting.Values) > 0 {
		n = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, one := range setting.Values {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: one})
		}
		st.own(n)
		return n, ""
	}
	if text == "" || text == "null" && !isText {
		return nil, ""
	}
	if !isText && (strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{")) {
		var doc yaml.Node
		if err := yaml.Load([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
			return nil, fmt.Sprintf("%s is no YAML list or mapping", quote(text))
		}
		n = doc.Content[0]
	} else {
		n = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	}
	st.own(n)
	return n, ""
}

// own marks all nodes of a value as coming from the flag.
func (st *setter) own(n *yaml.Node) {
	st.source.flags[n] = st.flag
	for _, child := range n.Content {
		st.own(child)
	}
}

// remove takes a field or an item out.
func (st *setter) remove(n *yaml.Node, step string) {
	if n.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(step); err == nil && i < len(n.Content) || step == "+" {
			if step == "+" {
				i = len(n.Content) - 1
			}
			n.Content = slices.Delete(n.Content, i, i+1)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == step {
			n.Content = slices.Delete(n.Content, i, i+2)
			return
		}
	}
}

// copyOf gives a place of its own to what an alias shares, so that a setting changes one place only.
func (st *setter) copyOf(n *yaml.Node, depth int) (*yaml.Node, string) {
	if st.copied++; st.copied > mostNodes || depth > 100 {
		return nil, "the aliases on this path multiply without end"
	}
	fresh := *n
	fresh.Content = slices.Clone(n.Content)
	for i, child := range fresh.Content {
		var message string
		if fresh.Content[i], message = st.copyOf(child, depth+1); message != "" {
			return nil, message
		}
	}
	return &fresh, ""
}
