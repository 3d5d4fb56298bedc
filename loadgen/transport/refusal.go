package transport

import (
	"strings"
	"unicode"

	"ssebench/loadgen"
)

// mostQuoted bounds what is quoted of the body of an answer that the handler refused, in bytes.
const mostQuoted = 512

// refusal is an answer that is not what the handler wants, and the beginning of its body, which may say why.
type refusal struct {
	*loadgen.Failure
	body []byte
}

// quotes reports whether the body of an answer that was refused for that reason may say more.
func quotes(f *loadgen.Failure) bool {
	return strings.HasPrefix(f.Token, "status_") || f.Token == "content_type"
}

// take adds to the body. It returns errEnough when there is as much as is quoted.
func (r *refusal) take(b []byte) error {
	r.body = append(r.body, b[:min(len(b), mostQuoted-len(r.body))]...)
	if len(r.body) == mostQuoted {
		return errEnough
	}
	return nil
}

// failure is the handler's, with the beginning of the body in its message.
func (r *refusal) failure() *loadgen.Failure {
	if said := quote(r.body); said != "" {
		return fail(r.Token, "%s; its body begins: %s", r.Message, said)
	}
	return r.Failure
}

// quote writes a body on one line, without control characters. A word that the bound has cut is left out: it could be a part of what must
// not be shown.
func quote(body []byte) string {
	text := strings.ToValidUTF8(string(body), "\uFFFD")
	if len(body) == mostQuoted {
		text = strings.TrimRightFunc(text, func(r rune) bool {
			return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._~+/=%", r)
		}) + " …"
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
