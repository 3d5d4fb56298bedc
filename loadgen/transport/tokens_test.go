package transport

import (
	"slices"
	"strings"
	"testing"
)

// listed tells whether Tokens has a token; reader asks for every ending of every test.
func listed(token string) bool {
	if strings.HasPrefix(token, tokenLoginStatus) {
		token = tokenLoginStatus + "NNN"
	}
	if strings.HasPrefix(token, tokenWSClose) {
		token = tokenWSClose + "NNNN"
	}
	return token == "content_type" || // a handler's, in tests
		slices.ContainsFunc(Tokens, func(t Token) bool { return t.Name == token })
}

func TestTokensAreDistinctAndExplained(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range Tokens {
		if seen[k.Name] || k.Meaning == "" || strings.Trim(strings.TrimRight(k.Name, "N"), "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%+v", k)
		}
		seen[k.Name] = true
	}
}
