package main

import (
	"fmt"
	"net/textproto"
	"strings"

	"ssebench/scenarios"
)

// splitHeader reads "Name: value".
func splitHeader(h string) (name, value string, err error) {
	name, value, ok := strings.Cut(h, ":")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return "", "", fmt.Errorf("-H %q: write it as \"Name: value\"", h)
	}
	return name, strings.TrimSpace(value), nil
}

// headerSettings reads the values of -H. A name that is given several times is sent as often.
func headerSettings(headers []string) (settings []scenarios.Setting, err error) {
	places := map[string]int{}
	for _, h := range headers {
		name, value, err := splitHeader(h)
		if err != nil {
			return nil, err
		}
		at, again := places[textproto.CanonicalMIMEHeaderKey(name)]
		if !again {
			places[textproto.CanonicalMIMEHeaderKey(name)] = len(settings)
			settings = append(settings, scenarios.Setting{Path: "target.headers." + name, Value: value, Flag: "-H " + h})
			continue
		}
		s := &settings[at]
		if len(s.Values) == 0 {
			s.Values = []string{s.Value}
		}
		s.Values = append(s.Values, value)
	}
	return settings, nil
}
