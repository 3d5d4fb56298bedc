package scenarios

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// The words of a name that say that what is behind it is secret. Of "code" and "key" there are many that are not.
var (
	// secretStems do so wherever they stand in a word.
	secretStems = []string{
		"passw", "passphrase", "passcode", "secret", "credential", "signature", "cookie", "session", "sessid", "jwt", "apikey", "accesskey",
		"oauth", "authoriz", "authentic",
	}
	// secretWords are words by themselves.
	secretWords = []string{"auth", "xauth", "pass", "pwd", "sig", "sas", "sid"}
	// openKeys are what a key that is no secret is called.
	openKeys = []string{"public", "foreign", "partition", "sort", "routing", "idempotency", "cache", "socket"}
	// secretCodes are what a code is called that is one. By itself it is one too, as OAuth and Azure Functions have it; a country_code, a
	// status_code and a zip_code are none.
	secretCodes = []string{"access", "pass", "security", "verification", "functions"}
)

// IsSecret reports whether the value of a header, parameter, field, flag, column or variable of that name must not be shown. It goes by the
// words of the name, however they are written: apiKey, X-Api-Key and api_key are secret; monkey, keyboard and max_tokens are not.
func IsSecret(name string) bool {
	words := nameWords(name)
	for i, word := range words {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		last := i == len(words)-1
		switch {
		case slices.ContainsFunc(secretStems, func(stem string) bool { return strings.Contains(word, stem) }):
			return true
		case strings.Contains(word, "token") && !strings.HasSuffix(word, "tokens") && !strings.HasPrefix(word, "tokeni"):
			return true
		case slices.Contains(secretWords, word):
			return true
		case word == "key" && (before == "api" || last && !slices.Contains(openKeys, before)):
			return true
		case word == "code" && last && (i == 0 || slices.Contains(secretCodes, before)):
			return true
		}
	}
	return false
}

// nameWords splits a name at what is no letter and where small letters are followed by a capital, and gives its words in small letters.
func nameWords(name string) (words []string) {
	runes := []rune(name)
	start := -1
	end := func(at int) {
		if start >= 0 {
			words = append(words, strings.ToLower(string(runes[start:at])))
		}
		start = -1
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			end(i)
			continue
		case start >= 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			end(i)
		}
		if start < 0 {
			start = i
		}
	}
	end(len(runes))
	return words
}

const masked = "***"

// ShowURL returns a URL as messages name it: without user and password, and with the values of secret parameters masked.
func ShowURL(u *url.URL) string {
	shown := *u
	shown.User = nil
	return maskText(shown.String())
}

// namedSecret is where in a text the value behind a secret name stands.
type namedSecret struct {
	name     string
	from, to int
}

var (
	// pairStart is a name and what separates it from its value: in a query, a form, JSON, YAML or a header.
	pairStart = regexp.MustCompile(`([\w.\-]*[A-Za-z][\w.\-]*)(\\*["']?\s*[=:][ \t]*)`)
	// flagStart is a flag that has its value in the next word.
	flagStart = regexp.MustCompile(`(?:^|\s)(--?[A-Za-z][\w\-]*)\s+["']?([^\s\-"'][^\s"']*)`)
	// bareUserInfo is the user and password of an address without a scheme.
	bareUserInfo = regexp.MustCompile(`(?:^|[\s"'])([\w.+\-]*:[^\s"'@/]+)@[\w.\-]+:\d`)
)

// userInfoName is the name of a namedSecret that is the user info of a URL.
const userInfoName = "://"

// namedSecrets finds what is secret by its name in a text, in order and without overlaps.
func namedSecrets(text string) (found []namedSecret) {
	for at := 0; ; {
		i := strings.Index(text[at:], "://")
		if i < 0 {
			break
		}
		at += i + len("://")
		if to := userInfoEnd(text[at:]); to > 0 {
			found = append(found, namedSecret{userInfoName, at, at + to})
		}
	}
	for _, m := range bareUserInfo.FindAllStringSubmatchIndex(text, -1) {
		found = append(found, namedSecret{userInfoName, m[2], m[3]})
	}
	for _, m := range pairStart.FindAllStringSubmatchIndex(text, -1) {
		if name := text[m[2]:m[3]]; IsSecret(name) {
			from, to := pairValue(text, m[4], m[5])
			found = append(found, namedSecret{name, from, to})
		}
	}
	for _, m := range flagStart.FindAllStringSubmatchIndex(text, -1) {
		if name := text[m[2]:m[3]]; IsSecret(name) {
			found = append(found, namedSecret{name, m[4], m[5]})
		}
	}
	slices.SortStableFunc(found, func(a, b namedSecret) int { return a.from - b.from })
	end := 0
	return slices.DeleteFunc(found, func(s namedSecret) bool {
		if s.from >= s.to || s.from < end {
			return true
		}
		end = s.to
		return false
	})
}

// userInfoEnd returns how many bytes of what follows "://" are user and password; 0: none. A password that was not escaped may hold a slash
// or an @.
func userInfoEnd(rest string) int {
	if end := strings.IndexAny(rest, " \t\r\n\"'"); end >= 0 {
		rest = rest[:end]
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		return at
	}
	_, port, hasPort := strings.Cut(authority, ":")
	if !hasPort || strings.Trim(port, "0123456789") == "" {
		return 0 // what it has is a port
	}
	return max(strings.LastIndexByte(rest, '@'), 0)
}

// pairValue returns where the value is that follows a separator.
func pairValue(text string, separator, at int) (from, to int) {
	rest := text[at:]
	quote := rest[:len(rest)-len(strings.TrimLeft(rest, `\`))]
	if after := rest[len(quote):]; after != "" && (after[0] == '"' || after[0] == '\'') {
		quote += after[:1]
		from = at + len(quote)
		for i := from; i < len(text); i++ {
			switch {
			case strings.HasPrefix(text[i:], quote):
				return from, i
			case text[i] == '\\' && quote == `"`:
				i++
			}
		}
		return from, len(text)
	}
	ends := "&\"'\\ \t\r\n"
	if !strings.Contains(text[separator:at], "=") { // as in a header or in YAML
		ends = "\"'\\,}]\r\n"
	}
	if end := strings.IndexAny(rest, ends); end >= 0 {
		rest = rest[:end]
	}
	return at, at + len(rest)
}

// maskText masks what is secret by its name. A reference to the environment or to a user's row says where the secret is, and stays.
func maskText(text string) string {
	var b strings.Builder
	end := 0
	for _, s := range namedSecrets(text) {
		if refers(text[s.from:s.to]) {
			continue
		}
		b.WriteString(text[end:s.from] + masked)
		end = s.to
	}
	return b.String() + text[end:]
}

func refers(value string) bool { return strings.Contains(value, "${") || strings.Contains(value, "{{") }

// maskSecrets masks the secrets of a scenario, by their names and by their values, so that it can stand in a document.
func maskSecrets(scenario json.RawMessage, known *Redactor) (json.RawMessage, error) {
	var tree any
	if err := json.Unmarshal(scenario, &tree); err != nil {
		return nil, err
	}
	return plainJSON(maskTree(tree, "", known))
}

func maskTree(node any, name string, known *Redactor) any {
	switch node := node.(type) {
	case map[string]any:
		for key, child := range node {
			node[key] = maskTree(child, key, known)
		}
	case []any:
		for i, child := range node {
			of := name
			if i > 0 {
				if flag, _ := node[i-1].(string); isSecretFlag(flag) {
					of = flag
				}
			}
			node[i] = maskTree(child, of, known)
		}
	case string:
		if IsSecret(name) && !refers(node) {
			return masked
		}
		return known.Redact(maskText(node))
	}
	return node
}

// isSecretFlag reports whether a word of a command is a flag whose value, in the next word, is secret.
func isSecretFlag(word string) bool {
	return strings.HasPrefix(word, "-") && !strings.ContainsAny(word, "= ") && IsSecret(word)
}
