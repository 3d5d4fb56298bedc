package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// Variant is one of the runs that a comparison makes in turns: the scenario with some of its fields set.
type Variant struct {
	// Name of the variant in tables.
	Name string `yaml:"name" json:"name"`
	// Set gives fields by their paths, as --set does ("target.transport: poll"); default: the scenario as it is.
	Set map[string]string `yaml:"set,omitempty" json:"set,omitempty"`
}

const mostVariants = 100

// Variants are the scenarios of a comparison in their order; nil where the scenario compares nothing.
func (s *Scenario) Variants() []*Scenario { return s.variants }

// Variant is the name of the variant that the scenario is; empty where it is none.
func (s *Scenario) Variant() string { return s.variant }

// comparison checks the list of variants by itself.
func (c checker) comparison() {
	if len(c.Compare) == 0 {
		return
	}
	if len(c.Compare) == 1 {
		c.mistakes.add(c.source.atKey("compare", "one variant has nothing to be compared with: give two or more", ""))
	}
	if len(c.Compare) > mostVariants {
		c.wrong("compare", 0, "", "%d variants are more than anybody reads: at most %d", len(c.Compare), mostVariants)
	}
	if c.Reference && !c.bundled() {
		c.mistakes.add(c.source.atKey("compare", "reference: true beside a target compares with the bundled server already: make it a variant, or take it out", ""))
	}
	seen := map[string]int{}
	for i, variant := range c.Compare {
		at := fmt.Sprintf("compare.%d", i)
		if strings.ContainsFunc(variant.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			c.wrong(at+".name", 0, "", "a name has no line ends")
		}
		if first, taken := seen[variant.Name]; taken && variant.Name != "" {
			c.wrong(at+".name", 0, "", "variant %d has the name %s already", first+1, quote(variant.Name))
		}
		seen[variant.Name] = i
		for _, path := range slices.Sorted(maps.Keys(variant.Set)) {
			if root, _, _ := strings.Cut(path, "."); root == "compare" || root == "name" {
				c.mistakes.add(c.source.atKey(at+".set."+path, "a variant does not set "+root+": it is the comparison's", ""))
			}
		}
	}
}

// decodeVariants decodes the scenario anew for each variant, with its settings on top. What is wrong then is shown where the setting stands.
func (s *Scenario) decodeVariants(src Source, mistakes *Mistakes) {
	for i, variant := range s.Compare {
		settings := fmt.Sprintf("compare.%d.set", i)
		with := src
		with.Sets = append(slices.Clone(src.Sets), Setting{Path: "compare"})
		for _, path := range s.source.written(settings) {
			with.Sets = append(with.Sets, Setting{Path: path, Value: variant.Set[path], Flag: settings + "." + path})
		}
		decoded, err := Decode(with)
		if err != nil {
			s.relocate(err, variant.Name, settings, mistakes)
			continue
		}
		decoded.variant = variant.Name
		s.variants = append(s.variants, decoded)
	}
}

// relocate adds the mistakes of a variant: those of its settings where they stand, and those that they bring about elsewhere under its name.
func (s *Scenario) relocate(err error, variant, settings string, mistakes *Mistakes) {
	var inside *Mistakes
	if !errors.As(err, &inside) {
		mistakes.add(s.source.atKey("compare", err.Error(), ""))
		return
	}
	for _, m := range inside.List {
		if strings.HasPrefix(m.File, settings+".") { // a flag of decodeVariants
			mistakes.add(s.source.at(m.File, 0, m.Message, m.Suggestion))
			continue
		}
		m.Message = fmt.Sprintf("variant %s: %s", quote(variant), m.Message)
		mistakes.add(m)
	}
	mistakes.More += inside.More
}

// written gives the names of a mapping in the order of the file.
func (s *source) written(path string) (names []string) {
	n := s.values[path]
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		names = append(names, n.Content[i].Value)
	}
	return names
}
