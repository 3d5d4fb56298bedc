package scenarios

import (
	"encoding/base64"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Redactor knows secret values and masks them in every text, whoever quotes them: as they are, and as a URL, JSON, Go, HTML or base64 writes
// them. There is one for a run; what gets known while it runs, such as a cookie, is added to it. The zero value is ready, a nil Redactor knows
// nothing, and any goroutine may use it. It does not belong on the path of a received event.
//
// What cannot be told from ordinary text is not masked. That is a value of fewer than 4 bytes; true, false, null and none; and a plain word
// (fewer than 16 letters, or as few digits, and nothing else) that the scenario has in the open too. Another plain word is masked where it stands
// as a word: a password "test" leaves "latest" alone.
type Redactor struct {
	mu       sync.RWMutex
	given    knownValues // by the scenario, its environment and its users
	received knownValues // by a server, lately
	earlier  knownValues // before
	open     map[string]bool
}

// mostReceived bounds the values of a generation of received ones, in bytes: a server may set a new cookie with every answer. Two generations are
// known.
const mostReceived = 16 << 20

// Add makes values known.
func (r *Redactor) Add(values ...string) {
	for _, value := range values {
		r.add(value, masked)
	}
}

func (r *Redactor) add(value, mask string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for form := range formsOf(value) {
		r.given.add(form, mask)
	}
}

// AddReceived makes known what a server sent. What came long ago is forgotten once there is too much.
func (r *Redactor) AddReceived(value string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for form := range formsOf(value) {
		if r.received.add(form, masked); r.received.bytes > mostReceived {
			r.earlier, r.received = r.received, knownValues{}
		}
	}
}

// formsOf gives a value as it stands in a scenario or a header, and as a server reads it out of a URL.
func formsOf(value string) iter.Seq[string] {
	return func(yield func(string) bool) {
		value = strings.TrimSpace(value)
		query, err := url.QueryUnescape(value)
		if !yield(value) || err == nil && query != value && !yield(query) {
			return
		}
		if path, err := url.PathUnescape(value); err == nil && path != value && path != query {
			yield(path)
		}
	}
}

// AddVariable makes the value of an environment variable known. One without the name of a secret is masked as ${NAME}; of these, a number and
// what the scenario itself says in the open are left alone.
func (r *Redactor) AddVariable(name, value string) {
	r.AddText(value)
	switch name {
	case "PWD", "OLDPWD": // directories
		return
	}
	if IsSecret(name) {
		r.AddField(name, value)
		return
	}
	if strings.Trim(value, "0123456789.") != "" && !r.isOpen(value) {
		r.add(value, "${"+name+"}")
	}
}

// AddEnvironment makes known what is secret in an environment that children inherit, NAME=value each. Plain words are left alone: no scenario
// says that they are secret.
func (r *Redactor) AddEnvironment(environment []string) {
	for _, variable := range environment {
		if name, value, _ := strings.Cut(variable, "="); IsSecret(name) && !isPlain(value) {
			r.AddVariable(name, value)
		}
	}
}

// schemes are what credentials in a header may begin with.
var schemes = []string{"basic", "bearer", "token", "apikey", "api-key", "sharedaccesssignature", "digest", "negotiate", "key"}

// reference is a template's action or a reference to the environment.
var reference = regexp.MustCompile(`\{\{.*?\}\}|\$\{[^}]*\}`)

// AddField makes known what is secret in the value of a header, parameter, field or variable of that name: nothing, unless its name says so. Of
// a template it is the text around the actions.
func (r *Redactor) AddField(name, value string) {
	if !IsSecret(name) {
		return
	}
	if strings.Contains(strings.ToLower(name), "cookie") {
		for pair := range strings.SplitSeq(value, ";") {
			if _, cookie, ok := strings.Cut(pair, "="); ok {
				r.addPieces(strings.Trim(cookie, ` "`))
			}
		}
	}
	value = strings.TrimSpace(value)
	if scheme, credentials, ok := strings.Cut(value, " "); ok && slices.Contains(schemes, strings.ToLower(scheme)) {
		value = credentials
	}
	r.addPieces(value)
	r.AddText(value)
	if pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value)); err == nil {
		if _, password, ok := strings.Cut(string(pair), ":"); ok {
			r.Add(password)
		}
	}
}

func (r *Redactor) addPieces(value string) {
	if !refers(value) {
		r.Add(value)
		return
	}
	r.Add(reference.Split(value, -1)...)
}

// AddText makes known what is secret by its name in a text: in a URL, a form, JSON, a header or a command line.
func (r *Redactor) AddText(text string) {
	for _, s := range namedSecrets(text) {
		value := text[s.from:s.to]
		if s.name != userInfoName {
			r.AddField(s.name, value)
			continue
		}
		if user, password, ok := strings.Cut(value, ":"); ok {
			r.addPieces(password)
		} else {
			r.addPieces(user) // a token
		}
	}
}

// AddWords makes known what is secret in the words of a command line.
func (r *Redactor) AddWords(words []string) {
	for i, word := range words {
		r.AddText(word)
		if name, value, ok := strings.Cut(word, ":"); ok { // a header in a word of its own
			r.AddField(name, value)
		}
		if i > 0 && isSecretFlag(words[i-1]) {
			r.AddField(words[i-1], word)
		}
	}
}

// addOpen takes note of what the scenario says in the open.
func (r *Redactor) addOpen(text string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = make(map[string]bool)
	}
	r.open[text] = true
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool { return !isWordRune(c) }) {
		if len(word) >= shortestSecret {
			r.open[word] = true
		}
	}
}

func (r *Redactor) isOpen(text string) bool {
	if r == nil {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.open[text]
}
