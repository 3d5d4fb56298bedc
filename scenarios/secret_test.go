package scenarios

import (
	"net/url"
	"strings"
	"testing"
)

func TestSecretsReachNoDocument(t *testing.T) {
	const text = `
name: private
target:
  url: http://127.0.0.1/events?topic=t0&access_token=hunter2-url&mine=${TOKEN}
  method: POST
  body: '{"user":"ada","password":"hunter2-body"}'
  headers: {Authorization: Bearer hunter2-header, X-Team: one, X-Api-Key: "${TOKEN}", Cookie: "{{.User.cookie}}"}
  users: testdata/users.csv
  start: {command: server, env: {DB_PASSWORD: hunter2-env, MODE: fast}, ready: {tcp: "127.0.0.1:80"}}
load: {connections: 1}
publish: {rate: 1/s, hook: {redis: {address: "redis://:hunter2-redis@127.0.0.1:6379", channel: c}}}
`
	s, err := Decode(Source{
		Name: "private.yaml", Bytes: []byte(strings.Replace(text, "  users: testdata/users.csv\n", "", 1)),
		Sets: []Setting{{Path: "target.headers.Cookie", Value: "a=${TOKEN}"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(PlanOptions{Env: func(string) (string, bool) { return "hunter2-of-the-environment", true }})
	if err != nil {
		t.Fatal(err)
	}
	shown := string(p.Scenario)
	if strings.Contains(shown, "hunter2") {
		t.Errorf("a secret is in %s", shown)
	}
	for _, kept := range []string{"topic=t0", "mine=${TOKEN}", `"X-Team":"one"`, `"X-Api-Key":"${TOKEN}"`, `"MODE":"fast"`, "access_token=***", `"Authorization":"***"`} {
		if !strings.Contains(shown, kept) {
			t.Errorf("%s is not in %s", kept, shown)
		}
	}
	if got := p.Secrets().Redact("dial http://h/?x=hunter2-of-the-environment: refused"); got != "dial http://h/?x=***: refused" {
		t.Errorf("redacted: %s", got)
	}
}

func TestShowURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:80/events?topic=t0":            "http://127.0.0.1:80/events?topic=t0",
		"https://ada:pw@h/events":                        "https://h/events",
		"http://h/e?topic=a&token=abc&api_key=d%20e&x=1": "http://h/e?topic=a&token=***&api_key=***&x=1",
		"http://h/e?q=token":                             "http://h/e?q=token",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := ShowURL(u); got != want {
			t.Errorf("%s is shown as %s, want %s", in, got, want)
		}
	}
}
