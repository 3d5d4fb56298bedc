package scenarios

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"text/template"
	"unicode"
)

// mostResult bounds what a template makes, in bytes: the longest payload, every character of it escaped by another one.
const mostResult = 2 * int(mostPayload)

var errResult = errors.New("its result is longer than " + Size(mostResult).String())

// Fill executes a template whose result is bounded. Any goroutine may call it.
func Fill(t *template.Template, data any) (string, error) {
	var b boundedBuilder
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return b.String(), nil
}

// boundedBuilder is a strings.Builder that fails rather than hold more than a result may.
type boundedBuilder struct{ strings.Builder }

// Write implements io.Writer.
func (b *boundedBuilder) Write(p []byte) (int, error) {
	if b.Len()+len(p) > mostResult {
		return 0, errResult
	}
	return b.Builder.Write(p)
}

// TemplateFuncs are the functions of templates: ours, and those of text/template that make texts longer, which refuse before they do.
var TemplateFuncs = template.FuncMap{
	"json": func(v any) (string, error) {
		if longest(v) > mostResult {
			return "", errResult
		}
		text, err := plainJSON(v)
		if err != nil {
			return "", err
		}
		return bounded(string(text))
	},
	"print": func(args ...any) (string, error) {
		if sizeOf(args) > mostResult {
			return "", errResult
		}
		return bounded(fmt.Sprint(args...))
	},
	"printf": func(format string, args ...any) (string, error) {
		if formatted(format, args) > mostResult {
			return "", errResult
		}
		return bounded(fmt.Sprintf(format, args...))
	},
	"urlquery": func(args ...any) (string, error) {
		if sizeOf(args) > mostResult {
			return "", errResult
		}
		return bounded(template.URLQueryEscaper(args...))
	},
}

func bounded(text string) (string, error) {
	if len(text) > mostResult {
		return "", errResult
	}
	return text, nil
}

// longest is the length of a value as a text, in bytes; a little where it is no text.
func longest(v any) int {
	const number = 32
	switch v := reflect.ValueOf(v); v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Map: // a user's row
		sum := 0
		for entry := v.MapRange(); entry.Next(); {
			sum += longest(entry.Key().Interface()) + longest(entry.Value().Interface())
		}
		return sum
	}
	return number
}

func sizeOf(args []any) (sum int) {
	for _, v := range args {
		sum += longest(v) + 1
	}
	return sum
}

// formatted is about what fmt makes of a format at the most: its text, every width and precision in it, and the longest argument at every verb.
func formatted(format string, args []any) int {
	const widest = 1_000_000 // of fmt, which a * may take from an argument
	most := 0
	for _, v := range args {
		most = max(most, longest(v))
	}
	sum, number := len(format)+sizeOf(args), 0
	for _, r := range format {
		switch {
		case unicode.IsDigit(r):
			number = min(number*10+int(r-'0'), widest)
			continue
		case r == '*':
			number = widest
		case r == '%':
			sum += most
		}
		sum, number = sum+number, 0
	}
	return sum + number
}
