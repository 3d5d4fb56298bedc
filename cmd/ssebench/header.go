package main

import (
	"fmt"
	"strings"
)

// splitHeader reads "Name: value".
func splitHeader(h string) (name, value string, err error) {
	name, value, ok := strings.Cut(h, ":")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return "", "", fmt.Errorf("-H %q: write it as \"Name: value\"", h)
	}
	return name, strings.TrimSpace(value), nil
}
