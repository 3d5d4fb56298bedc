package publish

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"

	"ssebench/loadgen"
)

// shortestSecret keeps common short words of a message from being taken for a secret.
const shortestSecret = 4

// userInfo is the user and password of any URL in a text. A password that was not escaped may hold an @ or a slash.
var userInfo = regexp.MustCompile(`://[^\s"']*@`)

// showURL is a URL as messages name it.
func showURL(u *url.URL) string { return clip(loadgen.ShowURL(u), 200) }

// showText is any text as messages quote it: without the user info of URLs in it.
func showText(s string) string { return userInfo.ReplaceAllString(s, "://***@") }

// showTarget is a text that should have been a URL or an address.
func showTarget(s string) string {
	if strings.Contains(s, "://") {
		return clip(showText(s), 200)
	}
	return clip(strings.TrimPrefix(showText("://"+s), "://"), 200)
}

// secrets are values that must not be quoted from an answer: a server may echo what it was sent.
type secrets []string

func secretsOf(header []loadgen.Field, u *url.URL) secrets {
	var s secrets
	add := func(value string) {
		if len(value) >= shortestSecret {
			s = append(s, value)
		}
	}
	for _, field := range header {
		if !loadgen.IsSecret(field.Name) {
			continue
		}
		add(field.Value)
		scheme, credentials, found := strings.Cut(field.Value, " ")
		if !found {
			continue
		}
		add(strings.TrimSpace(credentials))
		if strings.EqualFold(scheme, "Basic") {
			if pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials)); err == nil {
				_, password, _ := strings.Cut(string(pair), ":")
				add(password)
			}
		}
	}
	for name, values := range u.Query() {
		if loadgen.IsSecret(name) {
			for _, value := range values {
				add(value)
			}
		}
	}
	if password, ok := u.User.Password(); ok {
		add(password)
		add(base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password)))
	}
	return s
}

func (s secrets) redact(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return showText(text)
}

// clip makes one printable line of s, of at most about width bytes.
func clip(s string, width int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if len(s) <= width {
		return s
	}
	return strings.ToValidUTF8(s[:width], "") + "…"
}
