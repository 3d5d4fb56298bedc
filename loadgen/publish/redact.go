package publish

import (
	"net/url"
	"regexp"
	"strings"

	"ssebench/loadgen"
)

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
