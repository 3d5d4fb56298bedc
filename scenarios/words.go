package scenarios

import "strings"

// splitWords cuts a command into words at spaces, tabs and line ends. Within '…' all stands for itself; within "…" a backslash
// saves a following " or \, elsewhere any character. Nothing else has a meaning: no shell will read the words. A message says
// what is wrong at which offset.
func splitWords(s string) (words []string, at int, message string) {
	var word strings.Builder
	quote, quoteAt, inWord := byte(0), 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case c == '\'' || c == '"':
			quote, quoteAt, inWord = c, i, true
		case c == '\\' && i+1 == len(s):
			return nil, i, "a backslash ends the command: write it twice"
		case c == '\\':
			if quote == '"' && s[i+1] != '"' && s[i+1] != '\\' {
				word.WriteByte(c)
				break
			}
			i++
			word.WriteByte(s[i])
			inWord = true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, quoteAt, "the quote is never closed"
	}
	if inWord {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, 0, "the command is empty"
	}
	return words, 0, ""
}
