package scenarios

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "write the golden files and the schema anew")

func TestSchemaIsGenerated(t *testing.T) {
	want := generateSchema(t)
	if *update {
		if err := os.WriteFile("scenario.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(Schema())); diff != "" {
		t.Errorf("scenario.schema.json is not what the structs give; go generate writes it (-want +got):\n%s", diff)
	}
}

// generateSchema reads the structs: descriptions from their comments, required fields and enums from their tags, what excludes
// each other from groups.
func generateSchema(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{DoNotReference: true, ExpandedStruct: true, FieldNameTag: "yaml", Anonymous: true}
	if err := r.AddGoComments("ssebench/scenarios", "./"); err != nil {
		t.Fatal(err)
	}
	r.LookupComment = func(typ reflect.Type, name string) string { return description(r.CommentMap, typ, name) }
	r.Mapper = func(typ reflect.Type) *jsonschema.Schema { return unitSchema(r, typ) }
	s := r.Reflect(&Scenario{})
	s.Title = "ssebench scenario"
	finishSchema(t, s, reflect.TypeFor[Scenario]())
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// description is a field's comment with the field's own name in it.
func description(comments map[string]string, typ reflect.Type, name string) string {
	switch typ {
	case reflect.TypeFor[scheduleFields]():
		typ = reflect.TypeFor[Schedule]()
	case reflect.TypeFor[reconnectFields]():
		typ = reflect.TypeFor[Reconnect]()
	case reflect.TypeFor[slowReadersFields]():
		typ = reflect.TypeFor[SlowReaders]()
	}
	key := typ.PkgPath() + "." + typ.Name()
	if name == "" {
		return comments[key]
	}
	comment := strings.Join(strings.Fields(comments[key+"."+name]), " ")
	if rest, ok := strings.CutPrefix(comment, name+" "); ok {
		if f, ok := typ.FieldByName(name); ok {
			own, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			return own + " " + rest
		}
	}
	return comment
}

const (
	numberPattern   = `[0-9]+(_[0-9]+)*(\.[0-9]+)?`
	durationUnit    = `(ns|us|µs|ms|s|m|h)`
	durationPattern = `^([0-9]+(\.[0-9]*)?` + durationUnit + `)+$`
	countPattern    = `^` + numberPattern + `[kKmM]?$`
	sizePattern     = `^` + numberPattern + `(B|[KMG]i?B|kB)?$`
	ratePattern     = `^` + numberPattern + `[kKmM]?(/[smh])?$`
	sharePattern    = `^0*(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)%$`
	zeroPattern     = `^([0._]+[A-Za-zµ%]*)+(/[smh])?$`
)

// unitSchema describes the types that are written otherwise than they are stored.
func unitSchema(r *jsonschema.Reflector, typ reflect.Type) *jsonschema.Schema {
	text := func(pattern string) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: pattern, Not: &jsonschema.Schema{Pattern: zeroPattern}}
	}
	number := &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0"}
	whole := &jsonschema.Schema{Type: "integer", Minimum: "1"}
	switch typ {
	case reflect.TypeFor[Duration]():
		return text(durationPattern)
	case reflect.TypeFor[Count]():
		return either(whole, text(countPattern))
	case reflect.TypeFor[Size]():
		return either(whole, text(sizePattern))
	case reflect.TypeFor[Rate]():
		return either(number, text(ratePattern))
	case reflect.TypeFor[Share]():
		return text(sharePattern)
	case reflect.TypeFor[Ramp]():
		return either(number, text(ratePattern), &jsonschema.Schema{Const: atOnce})
	case reflect.TypeFor[Topics]():
		names := &jsonschema.Schema{Type: "array", Items: filled(), MinItems: new(uint64(1)), UniqueItems: true}
		return either(whole, text(countPattern), names)
	case reflect.TypeFor[Command]():
		return either(filled(), &jsonschema.Schema{Type: "array", Items: filled(), MinItems: new(uint64(1))})
	case reflect.TypeFor[map[string]string]():
		return &jsonschema.Schema{Type: "object", PropertyNames: filled(), AdditionalProperties: either(scalars()...)}
	case reflect.TypeFor[Headers]():
		list := &jsonschema.Schema{Type: "array", Items: either(scalars()...), MinItems: new(uint64(1))}
		return &jsonschema.Schema{Type: "object", PropertyNames: filled(), AdditionalProperties: either(append(scalars(), list)...)}
	case reflect.TypeFor[Schedule]():
		mapping := r.ReflectFromType(reflect.TypeFor[scheduleFields]())
		return either(number, text(ratePattern), plainMapping(mapping))
	case reflect.TypeFor[SlowReaders]():
		return either(text(sharePattern), plainMapping(r.ReflectFromType(reflect.TypeFor[slowReadersFields]())))
	case reflect.TypeFor[Reconnect]():
		mapping := plainMapping(r.ReflectFromType(reflect.TypeFor[reconnectFields]()))
		profile, _ := fieldNamed(typ, "profile")
		return either(&jsonschema.Schema{Type: "string", Enum: anys(profile.enum)}, mapping)
	}
	return nil
}

func either(schemas ...*jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: schemas}
}

func scalars() []*jsonschema.Schema {
	return []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}
}

func filled() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", MinLength: new(uint64(1))}
}

func plainMapping(s *jsonschema.Schema) *jsonschema.Schema {
	s.Version, s.ID = "", ""
	return s
}

func anys(texts []string) []any {
	var list []any
	for _, text := range texts {
		list = append(list, text)
	}
	return list
}

// finishSchema adds what tags cannot say: exclusive fields, non-empty strings and lists, positive numbers.
func finishSchema(t *testing.T, s *jsonschema.Schema, typ reflect.Type) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if short, ok := shorthands[typ]; ok && short != "" {
		s = s.AnyOf[len(s.AnyOf)-1]
	}
	for _, g := range groups[typ] {
		s.AllOf = append(s.AllOf, groupSchema(typ, g)...)
	}
	for _, f := range fieldsOf(typ) {
		property, ok := s.Properties.Get(f.name)
		if !ok {
			t.Errorf("the schema of %s lacks %s", typ, f.name)
			continue
		}
		switch f.typ.Kind() {
		case reflect.String:
			if f.enum == nil {
				property.MinLength = new(uint64(1))
			}
		case reflect.Int:
			property.Minimum = "1"
		case reflect.Uint64:
			property.Minimum = "0"
		case reflect.Slice:
			if property.Type == "array" {
				property.MinItems = new(uint64(1))
				switch f.typ.Elem().Kind() {
				case reflect.Struct:
					finishSchema(t, property.Items, f.typ.Elem())
				case reflect.Int:
					property.Items.Minimum = "1"
				case reflect.String:
					property.Items.MinLength = new(uint64(1))
				}
			}
		case reflect.Float64:
			if f.zeroOK {
				*property.AnyOf[0] = jsonschema.Schema{Type: "number", Minimum: "0"}
				property.AnyOf[1].Not = nil
			}
		case reflect.Struct, reflect.Pointer:
			if fieldsOf(indirect(f.typ)) != nil {
				finishSchema(t, property, f.typ)
			}
		}
	}
	slices.Sort(s.Required)
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// groupSchema allows exactly one field of a group, or no two of them. A bool counts when it is true.
func groupSchema(typ reflect.Type, g group) []*jsonschema.Schema {
	given := func(name string) *jsonschema.Schema {
		s := &jsonschema.Schema{Required: []string{name}}
		if f, _ := fieldNamed(typ, name); f.typ.Kind() == reflect.Bool {
			s.Properties = jsonschema.NewProperties()
			s.Properties.Set(name, &jsonschema.Schema{Const: true})
		}
		return s
	}
	var alone, apart []*jsonschema.Schema
	for i, name := range g.names {
		alone = append(alone, given(name))
		for _, other := range g.names[:i] {
			apart = append(apart, &jsonschema.Schema{Not: &jsonschema.Schema{Required: []string{other, name}}})
		}
	}
	if g.required && g.together {
		return []*jsonschema.Schema{{AnyOf: alone}}
	}
	if g.required {
		return []*jsonschema.Schema{{OneOf: alone}}
	}
	return apart
}
