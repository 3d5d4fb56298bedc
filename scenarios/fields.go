package scenarios

import (
	"reflect"
	"slices"
	"strings"
)

// field is a field of a scenario struct as its tags describe it. The same tags give the JSON Schema.
type field struct {
	name     string
	index    int
	typ      reflect.Type
	required bool     // the yaml tag has no omitempty
	zeroOK   bool     // a unit may be zero, a text empty
	enum     []string // the only valid texts
}

// group is a set of fields that exclude each other.
type group struct {
	names    []string
	required bool   // one of them must be given
	keeps    bool   // a setting of one does not take the place of the others
	together bool   // in a file they may stand together; a setting still takes the place of the others
	by       string // the one path below the second name by which it takes the place of the first; empty: any
}

// The fields that exclude each other, or of which one has to be given. A bool that is false counts as not given.
var groups = map[reflect.Type][]group{
	reflect.TypeFor[Scenario](): {{names: []string{"reference", "target"}, required: true, together: true, by: "target.url"}, {names: []string{"publish", "observe"}}},
	reflect.TypeFor[Target]():   {{names: []string{"start", "pid"}}},
	reflect.TypeFor[Ready]():    {{names: []string{"url", "tcp", "line"}}},
	reflect.TypeFor[Load]():     {{names: []string{"phases", "ramp"}}, {names: []string{"phases", "hold"}}, {names: []string{"clients", "streams_per_connection"}}},
	reflect.TypeFor[Phase](): {
		{names: []string{"ramp", "hold", "churn", "outage"}, required: true},
		{names: []string{"connections", "hold"}, keeps: true},
		{names: []string{"connections", "churn"}, keeps: true},
		{names: []string{"connections", "outage"}, keeps: true},
	},
	reflect.TypeFor[Churn](): {{names: []string{"rate", "share"}, required: true}},
	reflect.TypeFor[Outage](): {
		{names: []string{"cut", "server", "restart", "door"}, required: true, keeps: true, together: true},
		{names: []string{"server", "restart"}},
		{names: []string{"server", "door"}},
		{names: []string{"restart", "door"}},
		{names: []string{"cut", "server"}},
		{names: []string{"cut", "restart"}},
	},
	reflect.TypeFor[Gap]():        {{names: []string{"event", "comment", "pointer"}, required: true}},
	reflect.TypeFor[CursorFrom](): {{names: []string{"pointer", "header"}, required: true}},
	reflect.TypeFor[CursorTo]():   {{names: []string{"query", "header"}, required: true}},
	reflect.TypeFor[Extract]():    {{names: []string{"pointer", "regexp"}, required: true}},
	reflect.TypeFor[Schedule]():   {{names: []string{"constant", "poisson", "burst", "ramp"}, required: true}},
	reflect.TypeFor[Hook]():       {{names: []string{"http", "redis", "exec", "subscribers"}, required: true}},
}

// shorthands names the field that a scalar in place of the mapping stands for.
var shorthands = map[reflect.Type]string{
	reflect.TypeFor[Schedule]():    "constant",
	reflect.TypeFor[Reconnect]():   "profile",
	reflect.TypeFor[SlowReaders](): "share",
}

var fieldCache = func() map[reflect.Type][]field {
	cache := map[reflect.Type][]field{}
	collectFields(reflect.TypeFor[Scenario](), cache)
	return cache
}()

// fieldsOf lists the fields of a scenario struct in the order of the source.
func fieldsOf(t reflect.Type) []field { return fieldCache[t] }

func collectFields(t reflect.Type, cache map[reflect.Type][]field) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if _, ok := cache[t]; ok || t.Kind() != reflect.Struct || t == reflect.TypeFor[Ramp]() {
		return
	}
	cache[t] = nil
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("yaml")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(tag, ",")
		_, zeroOK := f.Tag.Lookup("zero")
		described := field{name: name, index: i, typ: f.Type, required: rest != "omitempty", zeroOK: zeroOK}
		for _, part := range strings.Split(f.Tag.Get("jsonschema"), ",") {
			if value, ok := strings.CutPrefix(part, "enum="); ok {
				described.enum = append(described.enum, value)
			}
		}
		cache[t] = append(cache[t], described)
		collectFields(f.Type, cache)
	}
}

func fieldNamed(t reflect.Type, name string) (field, bool) {
	fields := fieldsOf(t)
	if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
		return fields[i], true
	}
	return field{}, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range fieldsOf(t) {
		names = append(names, f.name)
	}
	return names
}

// homes names the places that have a field of this name, such as load.phases[].
func homes(name string) []string {
	var found []string
	var walk func(t reflect.Type, path string)
	walk = func(t reflect.Type, path string) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			if t.Kind() == reflect.Slice {
				path += "[]"
			}
			t = t.Elem()
		}
		for _, f := range fieldsOf(t) {
			if f.name == name {
				if path == "" {
					found = append(found, "the top level")
				} else {
					found = append(found, path)
				}
			}
			walk(f.typ, strings.TrimPrefix(path+"."+f.name, "."))
		}
	}
	walk(reflect.TypeFor[Scenario](), "")
	return found
}
