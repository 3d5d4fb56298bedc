package scenarios

import (
	"fmt"
	"regexp"
	"strings"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expandEnv replaces each ${NAME} of a text by its value and $${ by ${. In a template only the text outside of {{…}} counts, and what
// stands in a value is never read as an action. Unset and malformed names are mistakes; their places are kept as they are.
func expandEnv(text string, template bool, lookup func(string) (string, bool)) (string, []textMistake) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	var b strings.Builder
	var wrong []textMistake
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case template && strings.HasPrefix(rest, "{{"):
			end := actionEnd(rest)
			b.WriteString(rest[:end])
			i += end
		case strings.HasPrefix(rest, "$${"):
			b.WriteString("${")
			i += 3
		case strings.HasPrefix(rest, "${"):
			name, _, closed := strings.Cut(rest[2:], "}")
			if !closed || !envName.MatchString(name) {
				if len(wrong) > 20 {
					return text, wrong
				}
				wrong = append(wrong, textMistake{i, "${ begins the name of an environment variable, such as ${TOKEN}; $${ stands for itself", ""})
				b.WriteString("${")
				i += 2
				continue
			}
			value, ok := lookup(name)
			if !ok {
				wrong = append(wrong, textMistake{i, fmt.Sprintf("environment variable %s is not set: set it, or write $${%[1]s} for the text itself", name), ""})
			}
			if template {
				value = strings.ReplaceAll(value, "{", `{{"{"}}`)
			}
			b.WriteString(value)
			i += len(name) + 3
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String(), wrong
}

// actionEnd is the length of the action that a text begins with, quoted braces and all.
func actionEnd(text string) int {
	if strings.HasPrefix(text, "{{/*") || strings.HasPrefix(text, "{{- /*") {
		if end := strings.Index(text, "*/"); end >= 0 {
			if close := strings.Index(text[end:], "}}"); close >= 0 {
				return end + close + 2
			}
		}
		return len(text)
	}
	var quote byte
	for i := 2; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\'' || c == '`'):
			quote = c
		case quote == 0 && strings.HasPrefix(text[i:], "}}"):
			return i + 2
		}
	}
	return len(text)
}
