package scenarios

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// knownValues are values that can be found in a text in one pass over it, however many they are.
type knownValues struct {
	values  map[string]knownValue
	starts  map[uint32]*alike // by their first four bytes
	longest int               // of all values, in bytes
	bytes   int               // of all values together
}

// knownValue is what is known of a value.
type knownValue struct {
	mask  string
	plain bool // a plain word
}

// alike are the values that begin with the same four bytes.
type alike struct {
	lengths []int // each once, the longest first
	values  []string
}

// shortestSecret is the length in bytes of the shortest value that is masked: a shorter one would be found in any text.
const shortestSecret = 4

// noSecrets are values that say nothing.
var noSecrets = []string{"true", "false", "null", "none"}

// add makes a value known. One that is secret itself wins over one that a variable holds.
func (k *knownValues) add(value, mask string) {
	if len(value) < shortestSecret || slices.Contains(noSecrets, strings.ToLower(value)) {
		return
	}
	if known, again := k.values[value]; again {
		if mask == masked {
			k.values[value] = knownValue{mask, known.plain}
		}
		return
	}
	if k.values == nil {
		k.values, k.starts = make(map[string]knownValue), make(map[uint32]*alike)
	}
	k.values[value] = knownValue{mask, isPlain(value)}
	k.longest, k.bytes = max(k.longest, len(value)), k.bytes+len(value)
	start := k.starts[startOf(value)]
	if start == nil {
		start = new(alike)
		k.starts[startOf(value)] = start
	}
	start.values = append(start.values, value)
	if !slices.Contains(start.lengths, len(value)) {
		start.lengths = append(start.lengths, len(value))
		slices.SortFunc(start.lengths, func(a, b int) int { return b - a })
	}
}

// startOf returns the first four bytes of a text that has as many.
func startOf(text string) uint32 {
	return uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24
}

// isPlain reports whether a value is a plain word: few letters, or few digits, and nothing else.
func isPlain(value string) bool {
	const long = 16
	return len(value) < long && (!strings.ContainsFunc(value, func(c rune) bool { return !unicode.IsLetter(c) }) ||
		!strings.ContainsFunc(value, func(c rune) bool { return !unicode.IsDigit(c) }))
}

// find finds the values in a text as they are. Plain words that are in the open are left alone.
func (k *knownValues) find(text string, open map[string]bool) (masks []mask) {
	if len(k.values) == 0 {
		return nil
	}
	for i := 0; i+shortestSecret <= len(text); i++ {
		start := k.starts[startOf(text[i:])]
		if start == nil {
			continue
		}
		for _, length := range start.lengths {
			if i+length > len(text) {
				continue
			}
			value := text[i : i+length]
			known, ok := k.values[value]
			if !ok || known.plain && (open[value] || !isWord(text, i, i+length)) {
				continue
			}
			masks = append(masks, mask{i, i + length, known.mask})
			i += length - 1
			break
		}
	}
	return masks
}

// isWord reports whether a part of a text is no part of a longer word.
func isWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return !isWordRune(before) && !isWordRune(after)
}

func isWordRune(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// shortestPart is the length in bytes of the shortest part of a value that is masked where the rest of it is missing.
const shortestPart = 6

// hides reports whether a part of the value is masked too.
func (v knownValue) hides() bool { return v.mask == masked && !v.plain }

// beginning returns the length of the longest beginning of a value with which a text ends; 0: it ends with none.
func (k *knownValues) beginning(text string) int {
	for from := max(0, len(text)-k.longest); from+shortestPart <= len(text); from++ {
		start, part := k.starts[startOf(text[from:])], text[from:]
		if start != nil && slices.ContainsFunc(start.values, func(value string) bool {
			return strings.HasPrefix(value, part) && k.values[value].hides()
		}) {
			return len(part)
		}
	}
	return 0
}

// ending returns the length of the longest ending of a value with which a text begins; 0: it begins with none.
func (k *knownValues) ending(text string) (longest int) {
	if len(text) < shortestPart {
		return 0
	}
	for value, known := range k.values {
		for from := 1; known.hides() && from+shortestPart <= len(value); from++ {
			i := strings.Index(value[from:], text[:shortestPart])
			if i < 0 {
				break
			}
			if from += i; strings.HasPrefix(text, value[from:]) {
				longest = max(longest, len(value)-from)
			}
		}
	}
	return longest
}
