package jsonpointer

import (
	"encoding/json"
	"strconv"
	"strings"
)

// What decoding with encoding/json finds: the package has to find the same.

func decodedFind(pointer string, raw json.RawMessage) (json.RawMessage, bool) {
	if pointer == "" {
		return raw, true
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		var object map[string]json.RawMessage
		var array []json.RawMessage
		switch {
		case json.Unmarshal(raw, &object) == nil:
			next, ok := object[token]
			if !ok {
				return nil, false
			}
			raw = next
		case json.Unmarshal(raw, &array) == nil:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(array) {
				return nil, false
			}
			raw = array[i]
		default:
			return nil, false
		}
	}
	return raw, true
}

func decodedText(pointer string, text []byte) (string, bool) {
	raw, ok := decodedFind(pointer, text)
	if !ok {
		return "", false
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, true
	}
	return strings.TrimSpace(string(raw)), true
}

func decodedUint(pointer string, text []byte) (uint64, bool) {
	s, ok := decodedText(pointer, text)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

func decodedList(text []byte) ([]json.RawMessage, bool) {
	var list []json.RawMessage
	err := json.Unmarshal(text, &list)
	return list, err == nil && list != nil
}
