package scenarios

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestIsSecret(t *testing.T) {
	for _, name := range []string{
		"Authorization", "X-Auth", "Cookie", "Set-Cookie", "access_token", "accessToken", "authtoken", "tokenValue", "client_secret", "PASSWORD",
		"passwd", "passphrase", "pass", "db_pass", "DB_PWD", "sig", "X-Sig", "signature", "X-Amz-Signature", "session", "JSESSIONID", "jwt",
		"key", "MY_KEY", "apiKey", "APIKey", "X-Api-Key", "apikey2", "api_key_2", "access_key", "subscription-key", "Ocp-Apim-Subscription-Key",
		"x-functions-key", "sas", "code", "auth_code", "accessCode", "sid", "oauth2", "--token", "target.headers.Authorization", "credentials",
	} {
		if !IsSecret(name) {
			t.Errorf("%s is not secret", name)
		}
	}
	for _, name := range []string{
		"monkey", "keyboard", "keys", "key_id", "status_code", "statusCode", "zip_code", "country_code", "codec", "author", "X-Author", "max_tokens",
		"tokenizer", "passenger", "compass", "bypass", "sigma", "design", "side", "sort_key", "partitionKey", "public-key", "topic", "user", "name", "",
		"Sec-WebSocket-Key", "connections", "X-Team",
	} {
		if IsSecret(name) {
			t.Errorf("%s is secret", name)
		}
	}
}

// Of the scenario's own fields one has such a name, and its values are true and false.
func TestFieldsOfScenariosAreNoSecrets(t *testing.T) {
	for _, fields := range fieldCache {
		for _, f := range fields {
			if IsSecret(f.name) && f.name != "cookies" {
				t.Errorf("%s is the name of a secret", f.name)
			}
		}
	}
}

func TestRedact(t *testing.T) {
	const secret = `p&ss "wörd"/<1>+2%`
	var known Redactor
	known.Add(secret, "s3cret-s3cret")
	quoted, err := json.Marshal(map[string]string{"echo": secret})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"itself":             "is " + secret + "!",
		"query":              "http://h/?x=" + url.QueryEscape(secret),
		"path":               "http://h/" + url.PathEscape(secret),
		"small hexadecimals": strings.ToLower(url.QueryEscape(secret)),
		"JSON":               string(quoted),
		"Go":                 strconv.Quote(secret),
		"Go, in ASCII":       strconv.QuoteToASCII(secret),
		"JSON in Go":         fmt.Sprintf("answered %q", quoted),
		"a query in JSON":    fmt.Sprintf("{%q:%q}", "url", "/?x="+url.QueryEscape(secret)),
		"HTML":               "<p>" + html.EscapeString(secret),
		"base64":             base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 of a pair":   "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+secret)),
		"base64 for URLs":    base64.RawURLEncoding.EncodeToString([]byte("{" + secret + "}")),
		"base64, escaped":    url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("ada:" + secret))),
		"twice":              secret + secret,
		"two":                "s3cret-s3cret" + secret,
	} {
		shown := known.Redact(text)
		if !strings.Contains(shown, masked) {
			t.Errorf("%s: nothing is masked in %s", name, shown)
		}
		for _, part := range []string{"wörd", "w%C3", "w%c3", "w\\u00f6rd", "s3cret", "cCZzcyAi", "w&ouml;rd"} {
			if strings.Contains(shown, part) {
				t.Errorf("%s: %s is in %s", name, part, shown)
			}
		}
	}
	for _, text := range []string{"", "abc", "nothing is secret here", "cret-s3", "a+b%20c \\n &amp; Zm9vYmFy"} {
		if shown := known.Redact(text); shown != text {
			t.Errorf("%q is shown as %q", text, shown)
		}
	}
	if shown := (*Redactor)(nil).Redact("as it is"); shown != "as it is" {
		t.Errorf("nothing is known and shown is %q", shown)
	}
}

// A message may have been cut where a secret stands.
func TestRedactWhereAQuotationWasCut(t *testing.T) {
	var known Redactor
	known.Add("abcdefghijk1")
	for text, want := range map[string]string{
		`status line "x abcdefgh"`: `status line "x ***"`,
		"it said: abcdefghi…":      "it said: ***…",
		"it said abcdefg":          "it said ***",
		`"abcde" is too little`:    `"abcde" is too little`,
		"abcdefg goes on":          "abcdefg goes on",
	} {
		if shown := known.Redact(text); shown != want {
			t.Errorf("%s is shown as %s, want %s", text, shown, want)
		}
	}
}

func TestOrdinaryTextStays(t *testing.T) {
	p := planOf(t, `
name: ordinary
target: {url: "http://127.0.0.1:9/events", headers: {X-Api-Key: [events, test, abc, "true", "4711"]}}
load: {connections: 1}
`, PlanOptions{})
	for text, want := range map[string]string{
		"events received":          "events received",        // the scenario has it in the open
		"a test, the latest":       "a ***, the latest",      // a word
		"user:test":                "user:***",               // in whatever
		"?x=a%20test":              "?x=a%20***",             // and however it is written
		"abc is true":              "abc is true",            // too short, and too common
		"4711 of 14711, 4711.5 ms": "*** of 14711, ***.5 ms", // digits
	} {
		if shown := p.Secrets().Redact(text); shown != want {
			t.Errorf("%s is shown as %s, want %s", text, shown, want)
		}
	}
}

func TestVariablesAreMaskedByTheirNames(t *testing.T) {
	p := planOf(t, `
name: variables
target:
  url: http://${HOST}:${PORT}/${STAGE}?key=${MY_KEY}&team=${TEAM}
load: {connections: 1, topics: [red-team]}
`, PlanOptions{Env: func(name string) (string, bool) {
		return map[string]string{"HOST": "127.0.0.1", "PORT": "8080", "STAGE": "blue-7", "MY_KEY": "k-e-y", "TEAM": "red-team"}[name], true
	}})
	got := p.Secrets().Redact("http://localhost:8080/blue-7?key=k-e-y&team=red-team answered 403 after 8080 ms")
	if want := "http://localhost:8080/${STAGE}?key=***&team=red-team answered 403 after 8080 ms"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRedactParts(t *testing.T) {
	const text = "ghijk1; data: abcdefghijk1 and YWJjZGVmZ2hpamsx; abcdefg"
	for size := 1; size <= len(text); size++ {
		var known Redactor
		known.Add("abcdefghijk1")
		var parts [][]byte
		for at := 0; at < len(text); at += size {
			parts = append(parts, []byte(text[at:min(at+size, len(text))]))
		}
		var shown strings.Builder
		redacted := known.RedactParts(parts)
		for _, part := range redacted {
			shown.Write(part)
		}
		if want := "***; data: *** and ***; ***"; shown.String() != want || len(redacted) != len(parts) {
			t.Errorf("in parts of %d: %q, want %q", size, shown.String(), want)
		}
	}
}

// A server that sets a new cookie with each answer does not fill the memory, and its latest are known.
func TestReceivedSecretsAreBounded(t *testing.T) {
	var known Redactor
	value := func(i int) string { return fmt.Sprintf("%08d-%s", i, strings.Repeat("x", 1000)) }
	const received = 5 * mostReceived / 1000
	for i := range received {
		known.AddReceived(value(i))
	}
	if bytes := known.received.bytes + known.earlier.bytes; bytes > 2*mostReceived+2000 {
		t.Errorf("%d bytes are known", bytes)
	}
	for i := received - 10_000; i < received; i += 1000 {
		if shown := known.Redact("cookie " + value(i)); shown != "cookie ***" {
			t.Errorf("%d is shown: %.60s", i, shown)
		}
	}
}

func TestRedactorsAreSafeForManyGoroutines(t *testing.T) {
	var known Redactor
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 200 {
				value := fmt.Sprintf("value-%d-%d", i, n)
				known.AddReceived(value)
				if shown := known.Redact(value + " came"); shown != "*** came" {
					t.Errorf("shown is %s", shown)
				}
			}
		})
	}
	all.Wait()
}

// Masks stay within the text, and what was masked is not there any more, however the text is escaped.
func FuzzRedact(f *testing.F) {
	f.Add("a%73ecret-value", "secret-value")
	f.Add(`\u0073ecret-value &quot;c2VjcmV0LXZhbHVl`, "secret-value")
	f.Add("+%2", "+%2+")
	f.Fuzz(func(t *testing.T, text, secret string) {
		var known Redactor
		known.Add(secret)
		shown := known.Redact(text)
		value := strings.TrimSpace(secret)
		if !isPlain(value) && len(known.given.values) > 0 && !strings.Contains(masked, value) && strings.Contains(text, value) && shown == text {
			t.Errorf("%q is in %q", value, shown)
		}
		var parts strings.Builder
		for _, part := range known.RedactParts([][]byte{[]byte(text[:len(text)/2]), []byte(text[len(text)/2:])}) {
			parts.Write(part)
		}
		for at := range len(text) + 1 {
			if _, moved := known.redactAt(text, at); moved < 0 || moved > len(shown) {
				t.Errorf("%d of %q moved to %d of %q", at, text, moved, shown)
			}
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	var known Redactor
	for i := range 100_000 {
		known.Add(fmt.Sprintf("token-%08x", i*2654435761))
	}
	text := strings.Repeat("http://127.0.0.1:8080/events?topic=t0 answered 403 (\"no such token\"); ", 10)
	for b.Loop() {
		known.Redact(text)
	}
}
