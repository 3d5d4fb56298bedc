package scenarios

import "encoding/json"

// Headers are header fields by name. A name with several values is a field for each, in their order.
type Headers map[string]Values

// Values are one text or a list of texts.
type Values []string

// MarshalJSON writes one text as it is.
func (v Values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return plainJSON(v[0])
	}
	return json.Marshal([]string(v))
}

// MarshalYAML writes one text as it is.
func (v Values) MarshalYAML() (any, error) {
	if len(v) == 1 {
		return v[0], nil
	}
	return []string(v), nil
}

// all gives the values of all fields.
func (h Headers) all() (all []string) {
	for _, values := range h {
		all = append(all, values...)
	}
	return all
}
