package scenarios

import (
	"embed"
	"strings"
)

//go:embed *.yaml
var embedded embed.FS

// Names lists the embedded scenarios in alphabetical order.
func Names() []string {
	entries, err := embedded.ReadDir(".")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return names
}

// Embedded returns the text of an embedded scenario.
func Embedded(name string) ([]byte, bool) {
	text, err := embedded.ReadFile(name + ".yaml")
	return text, err == nil
}
