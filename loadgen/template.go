package loadgen

import (
	"text/template"

	"ssebench/scenarios"
)

// TemplateFuncs are the functions of templates, whose results are bounded.
var TemplateFuncs = scenarios.TemplateFuncs

// Fill executes a template whose result is bounded. Any goroutine may call it.
func Fill(t *template.Template, data any) (string, error) { return scenarios.Fill(t, data) }
