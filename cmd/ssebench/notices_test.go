package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// licenceFile is the name of a file that a module's licence asks to be passed on.
var licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|patents)(\.(txt|md))?$`)

// The notices that the program prints are those of the modules that are built in, on every system
// that it is released for. SSEBENCH_NOTICES=write (make notices) writes them.
func TestNoticesAreUpToDate(t *testing.T) {
	for _, file := range []string{"../../go.mod", "../../go.sum"} { // so that a change of theirs is no cached result
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{"Go, its standard library and runtime": strings.TrimSpace(string(root))}
	for _, system := range []string{"linux", "darwin"} {
		modules, err := modulesOf(system)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range modules {
			sources[m.Path+" "+m.Version] = m.Dir
		}
	}
	want, err := noticesOf(sources)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("SSEBENCH_NOTICES") == "write" {
		if err := os.WriteFile("notices.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if notices != want {
		t.Error("notices.txt is not what the modules say: make notices")
	}
}

type dependency struct{ Path, Version, Dir string }

// modulesOf returns the modules that a program for the system is built of, without our own.
func modulesOf(system string) (modules []dependency, err error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Module", ".")
	cmd.Env = append(os.Environ(), "GOOS="+system)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w", system, err)
	}
	for packages := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				dependency
				Main bool
			}
		}
		switch err := packages.Decode(&p); {
		case errors.Is(err, io.EOF):
			return modules, nil
		case err != nil:
			return nil, err
		case p.Module != nil && !p.Module.Main:
			modules = append(modules, p.Module.dependency)
		}
	}
}

// noticesOf lays out the licence files in the folders of all sources; a text that several have stands
// once, below all of their names.
func noticesOf(sources map[string]string) (string, error) {
	names := make(map[string][]string) // by text
	for name, dir := range sources {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return "", err
		}
		found := false
		for _, e := range entries {
			if e.IsDir() || !licenceFile.MatchString(e.Name()) {
				continue
			}
			raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return "", err
			}
			text := strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n"))
			names[text] = append(names[text], name)
			found = true
		}
		if !found {
			return "", fmt.Errorf("%s has no licence file in %s", name, dir)
		}
	}
	type notice struct{ names, text string }
	var all []notice
	for text, by := range names {
		slices.Sort(by)
		all = append(all, notice{strings.Join(by, "\n"), text})
	}
	slices.SortFunc(all, func(a, b notice) int { return strings.Compare(a.names+a.text, b.names+b.text) })
	rule := strings.Repeat("=", 80) + "\n"
	var b strings.Builder
	b.WriteString("ssebench is licensed under the Apache License, version 2.0. It contains the software of others,\n" +
		"under the licences below.\n")
	for _, n := range all {
		fmt.Fprintf(&b, "\n%s%s\n%s\n%s\n", rule, n.names, rule, n.text)
	}
	return b.String(), nil
}
