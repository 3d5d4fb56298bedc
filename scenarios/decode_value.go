package scenarios

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// list fills a slice from a list; it is never empty.
func (d *decoder) list(path string, n *yaml.Node, v reflect.Value, f field) {
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, "", "%s is a list, not %s", path, kindOf(n))
		return
	}
	if len(n.Content) == 0 {
		d.wrong(n, "", "%s is an empty list: give it an item or take it out", path)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(join(path, strconv.Itoa(i)), item, v.Index(i), f)
	}
}

// texts fills a map of strings. Its values are taken as they are written, so that 1.10 stays 1.10.
func (d *decoder) texts(path string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, "", "%s is a mapping of names to strings, not %s", path, kindOf(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, ok := d.resolve(n.Content[i])
		value, ok2 := d.resolve(n.Content[i+1])
		if !ok || !ok2 {
			return
		}
		at := join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || isNull(key) || key.Value == "":
			d.wrong(key, "", "a name in %s is a string", path)
		case key.Tag == "!!merge":
			d.wrong(key, "", "merge keys are not supported: write the fields out")
		case d.source.keys[at] != nil:
			d.wrong(key, "", "%s is given twice: first on line %d", quote(key.Value), d.source.keys[at].Line)
		default:
			d.source.keys[at], d.source.values[at] = key, value
			if text := reflect.New(v.Type().Elem()).Elem(); d.text(at, value, text) {
				v.SetMapIndex(reflect.ValueOf(key.Value), text)
			}
		}
	}
}

// text fills a string, or Values: one or a list of them.
func (d *decoder) text(path string, n *yaml.Node, v reflect.Value) bool {
	if v.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		for i, item := range n.Content {
			at := join(path, strconv.Itoa(i))
			item, ok := d.resolve(item)
			if d.source.values[at] = item; !ok || !d.text(at, item, v.Index(i)) {
				return false
			}
		}
		return true
	}
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.wrong(n, "", "%s is a string, not %s", path, kindOf(n))
		return false
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.ValueOf(Values{n.Value}))
	} else {
		v.SetString(n.Value)
	}
	return true
}

// scalar fills a string, bool or integer.
func (d *decoder) scalar(path string, n *yaml.Node, v reflect.Value, f field) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, "", "%s is %s, not %s", path, kindNames[v.Kind()], kindOf(n))
		return
	}
	_, free := d.source.flags[n] // what a flag says has no YAML type
	switch v.Kind() {
	case reflect.String:
		if n.Tag != "!!str" {
			d.wrong(n, strconv.Quote(n.Value), "%s is a string, not %s", path, kindOf(n))
			return
		}
		if f.enum != nil && !slices.Contains(f.enum, n.Value) {
			d.wrong(n, near(n.Value, f.enum), "%s is none of %s", quote(n.Value), strings.Join(f.enum, ", "))
			return
		}
		if n.Value == "" && !f.zeroOK {
			d.wrong(n, "", "%s is empty: give it a value or take it out", path)
			return
		}
		v.SetString(n.Value)
	case reflect.Bool:
		if n.Value != "true" && n.Value != "false" || n.Tag != "!!bool" && !free {
			suggestion := ""
			if words := map[string]string{"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}; n.Tag != "!!map" {
				suggestion = words[strings.ToLower(n.Value)]
			}
			d.wrong(n, suggestion, "%s is true or false, not %s", path, quote(n.Value))
			return
		}
		v.SetBool(n.Value == "true")
	default:
		text := strings.ReplaceAll(n.Value, "_", "")
		i, err := strconv.ParseUint(text, 10, 63)
		if err != nil || n.Tag != "!!int" && !free {
			d.wrong(n, "", "%s is a whole number, not %s", path, quote(n.Value))
			return
		}
		switch {
		case v.CanUint():
			v.SetUint(i)
		case i == 0:
			d.wrong(n, "", "%s is 0: it must be more than zero", path)
		default:
			v.SetInt(int64(i))
		}
	}
}

var kindNames = map[reflect.Kind]string{
	reflect.String: "a string", reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Uint64: "a whole number",
}

// unit fills a Count, Duration, Size, Rate, Share or Ramp.
func (d *decoder) unit(path string, n *yaml.Node, v reflect.Value, f field, set func(string) error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!bool" {
		d.wrong(n, "", "%s is a text such as %s, not %s", path, unitExamples[v.Type()], kindOf(n))
		return
	}
	if err := set(n.Value); err != nil {
		var wrong *ValueError
		if errors.As(err, &wrong) {
			d.wrong(n, wrong.Suggestion, "%s: %s", path, wrong.Message)
		}
		v.SetZero()
		return
	}
	number := v
	if v.Kind() == reflect.Struct { // a Ramp
		if v.Interface().(Ramp).AtOnce {
			return
		}
		number = v.FieldByName("Rate")
	}
	var low, zero bool
	if number.CanInt() {
		low, zero = number.Int() < 0, number.Int() == 0
	} else {
		low, zero = number.Float() < 0, number.Float() == 0
	}
	if low || zero && !f.zeroOK {
		d.wrong(n, "", "%s is %s: it must be more than zero", path, quote(n.Value))
		v.SetZero()
	}
}

var unitExamples = map[reflect.Type]string{
	reflect.TypeFor[Count]():    "500 or 10k",
	reflect.TypeFor[Duration](): "30s",
	reflect.TypeFor[Size]():     "256B or 4KiB",
	reflect.TypeFor[Rate]():     "10/s",
	reflect.TypeFor[Share]():    "5%",
	reflect.TypeFor[Ramp]():     "2000/s or at_once",
}

const mostTopics = 1_000_000

// topics reads a number of topics or a list of names.
func (d *decoder) topics(path string, n *yaml.Node, into *Topics) {
	if n.Kind == yaml.SequenceNode {
		names := reflect.ValueOf(into).Elem()
		d.list(path, n, names, field{})
		seen := map[string]bool{}
		for i, name := range *into {
			if seen[name] && name != "" {
				d.mistakes.add(d.source.at(join(path, strconv.Itoa(i)), 0, "topic "+quote(name)+" is listed twice", ""))
			}
			seen[name] = true
		}
		return
	}
	count, err := ParseCount(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		suggestion := ""
		if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
			suggestion = "[" + n.Value + "]"
		}
		d.wrong(n, suggestion, "%s is a number of topics or a list of names", path)
		return
	}
	if count < 1 || count > mostTopics {
		d.wrong(n, "", "%s is %s: it must be between 1 and %s", path, quote(n.Value), Count(mostTopics))
		return
	}
	*into = make(Topics, count)
	for i := range *into {
		(*into)[i] = topicName(i)
	}
}

// command reads a list of words, or a string that holds them.
func (d *decoder) command(path string, n *yaml.Node, into *Command) {
	if n.Kind == yaml.SequenceNode {
		d.list(path, n, reflect.ValueOf(into).Elem(), field{})
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		d.wrong(n, "", "%s is a string or a list of strings, not %s", path, kindOf(n))
		return
	}
	words, at, message := splitWords(n.Value)
	if message != "" {
		d.mistakes.add(d.source.atNode(n, at, path+": "+message, ""))
		return
	}
	*into = words
}
