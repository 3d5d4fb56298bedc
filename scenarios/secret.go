package scenarios

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// secretName matches names of headers, parameters and variables whose values must reach no document, log or message.
var secretName = regexp.MustCompile(`(?i)auth|cookie|token|secret|passw|api.?key|credential|signature|session|jwt`)

// secretValue finds the value behind such a name in a query, a form or JSON.
var secretValue = regexp.MustCompile(`(?i)([\w.-]*(?:auth|token|secret|passw|api.?key|credential|signature|session|jwt)[\w.-]*(?:=|"\s*:\s*"))([^&\s"'\\]+)`)

// userInfo is the user and password of a URL.
var userInfo = regexp.MustCompile(`://[^\s"'/@]*@`)

const masked = "***"

// shortestSecret keeps common short words from being taken for a secret.
const shortestSecret = 4

// IsSecret says whether the value of a header, parameter or variable of that name must not be shown.
func IsSecret(name string) bool { return secretName.MatchString(name) }

// ShowURL is a URL as messages name it: without user and password, and with the values of secret parameters masked.
func ShowURL(u *url.URL) string {
	shown := *u
	shown.User = nil
	return maskText(shown.String())
}

// maskText masks what is secret by its name. A reference to the environment or to a user's row says where the secret is, and stays.
func maskText(text string) string {
	text = userInfo.ReplaceAllStringFunc(text, func(s string) string {
		if refers(s) {
			return s
		}
		return "://" + masked + "@"
	})
	return secretValue.ReplaceAllStringFunc(text, func(s string) string {
		m := secretValue.FindStringSubmatch(s)
		if refers(m[2]) {
			return s
		}
		return m[1] + masked
	})
}

func refers(value string) bool { return strings.Contains(value, "${") || strings.Contains(value, "{{") }

// maskSecrets masks the literal secrets of a scenario, so that it can stand in a document.
func maskSecrets(scenario json.RawMessage) (json.RawMessage, error) {
	var tree any
	if err := json.Unmarshal(scenario, &tree); err != nil {
		return nil, err
	}
	return plainJSON(maskTree(tree, ""))
}

func maskTree(node any, name string) any {
	switch node := node.(type) {
	case map[string]any:
		for key, child := range node {
			node[key] = maskTree(child, key)
		}
	case []any:
		for i, child := range node {
			node[i] = maskTree(child, name)
		}
	case string:
		if IsSecret(name) && !refers(node) {
			return masked
		}
		return maskText(node)
	}
	return node
}

// recording is an environment that remembers the secrets that were looked up.
func (p *Plan) recording(lookup func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := lookup(name)
		if ok && IsSecret(name) && len(value) >= shortestSecret {
			p.secrets = append(p.secrets, value)
		}
		return value, ok
	}
}

// Redact masks in a message the secrets that the plan got from the environment. Any goroutine may call it.
func (p *Plan) Redact(message string) string {
	for _, secret := range p.secrets {
		message = strings.ReplaceAll(message, secret, masked)
	}
	return message
}
