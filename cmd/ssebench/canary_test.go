package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// echoing says everything that it was told: in the events of /events, which then break off, and in the bodies of the errors of every other
// path. It gives a cookie to who logs in.
func echoing() http.Handler {
	mux := http.NewServeMux()
	tell := func(w io.Writer, r *http.Request, line string) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s%s %s %s\n", line, r.Method, r.RequestURI, strings.ReplaceAll(string(body), "\n", " "))
		for name, values := range r.Header {
			fmt.Fprintf(w, "%s%s: %s\n", line, name, strings.Join(values, ", "))
		}
		decoded, _ := url.QueryUnescape(r.RequestURI)
		fmt.Fprintf(w, "%s%s\n", line, decoded)
	}
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "canary-cookie-of-a-login"})
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "retry: 100\n")
		tell(w, r, "data: ")
		fmt.Fprint(w, "\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		tell(w, r, "")
	})
	return mux
}

// Every place of a scenario that takes a string and whose name or use is secret has a canary of its own; where a canary may be seen, it is
// called visible.
var canaryRuns = map[string]struct {
	scenario string
	args     []string
	control  string // what has to be in some output, so that a run that says nothing does not pass
}{
	"streams": {control: "canary-visible-tag", scenario: `
name: canaries
tags: {note: canary-visible-tag}
target:
  url: ${URL}/events?token=canary-query&sig=canary-sig&x=${CANARY_ENV_QUERY}
  cookies: true
  headers:
    Authorization: Bearer canary-authorization
    Cookie: sid=canary-cookie-header
    X-Api-Key: canary-api-key
    X-Functions-Key: canary-functions-key
    Ocp-Apim-Subscription-Key: canary-subscription-key
    X-Plain: ${CANARY_ENV_HEADER}
    X-User: "{{.User.password}}"
  users: users.csv
  login: {url: "${URL}/login?code=canary-login-code", headers: {X-Auth-Token: canary-login-header}, body: '{"user":"a","password":"canary-login-body"}'}
load: {connections: 3, reconnect: {profile: chromium, delay: 100ms}, phases: [{ramp: at_once}, {hold: 1s}]}
publish:
  rate: 5/s
  hook: {http: {url: "${URL}/denied?sas=canary-hook-query", headers: {Authorization: "Basic ${CANARY_ENV_BASIC}"}, body: '{"passphrase":"canary-hook-body","p":"{{.Payload}}"}'}}
`},
	"refused": {control: "/denied", scenario: `
name: refused
target:
  url: ${URL_WITH_USER}/denied?access_key=canary-access-key&k=${CANARY_ENV_PLAIN}
  method: POST
  body: '{"api_key":"canary-body-key","pwd":"canary-body-pwd"}'
load: {connections: 2, phases: [{ramp: at_once}, {hold: 1s}]}
`, args: []string{"-H", "X-Secret: canary-flag-header"}},
	"a server that dies": {control: "canary-visible-output", scenario: `
name: dies
target:
  url: ${URL}/events
  start:
    command: [sh, -c, 'echo canary-visible-output "$@" $DB_PASSWORD; exit 3', sh, --token, canary-start-token, --password=canary-start-password]
    env: {DB_PASSWORD: canary-start-env}
    ready: {line: never, timeout: 2s}
load: {connections: 1}
`},
	"redis": {control: "Redis", scenario: `
name: redis
target: {url: "${URL}/silent"}
load: {connections: 1, phases: [{ramp: at_once}, {hold: 1s}]}
publish: {rate: 10/s, hook: {redis: {address: "redis://:canary-redis-password@127.0.0.1:1", channel: c}}}
`},
	"exec": {control: "canary-visible-error", scenario: `
name: exec
target: {url: "${URL}/silent"}
load: {connections: 1, phases: [{ramp: at_once}, {hold: 1s}]}
publish: {rate: 10/s, hook: {exec: {command: [sh, -c, 'echo canary-visible-error "$@" >&2; exit 4', sh, --api-key, canary-exec-key, --secret=canary-exec-secret, "${CANARY_ENV_EXEC}"]}}}
`},
	"a misspelt field": {control: "headerz", scenario: `
target:
  url: http://u:canary-userinfo@127.0.0.1:1/
  headerz: {Authorization: Bearer canary-misspelt}
load: {connections: 1}
`},
	"flags": {control: "connections", scenario: `
target: {url: "http://127.0.0.1:1/?key=canary-url-key"}
load: {conections: 1}
`, args: []string{"-u", "http://u:canary-flag-userinfo@127.0.0.1:1/", "-H", "Authorization: Bearer canary-flag-bearer"}},
}

// canaryEnvironment is what the variables of the scenarios hold.
var canaryEnvironment = []string{
	"CANARY_ENV_QUERY=canary-env-query", "CANARY_ENV_HEADER=canary-env-header", "CANARY_ENV_BASIC=canary-env-basic",
	"CANARY_ENV_PLAIN=canary-env-plain", "CANARY_ENV_EXEC=canary-env-exec",
}

var canary = regexp.MustCompile(`canary-[a-z-]+`)

// No secret that a scenario, its environment, its users or a server brought in reaches an output, whoever quotes it.
func TestNoCanaryIsSeen(t *testing.T) {
	long(t)
	server := httptest.NewServer(echoing())
	defer server.Close()
	defer server.CloseClientConnections()
	program, err := exec.LookPath("ssebench")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, variable := range canaryEnvironment {
		all[canary.FindString(variable)] = true
	}
	for name, c := range canaryRuns {
		for _, found := range canary.FindAllString(c.scenario+strings.Join(c.args, " "), -1) {
			if !strings.HasPrefix(found, "canary-visible") {
				all[found] = true
			}
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"s.yaml": strings.TrimLeft(c.scenario, "\n"), "users.csv": "name,password\na,canary-user-password\nb,canary-user-second\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var outputs bytes.Buffer
			tell := func(args ...string) {
				cmd := exec.Command(program, args...)
				cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &outputs, &outputs
				cmd.Env = append(append(os.Environ(), canaryEnvironment...), "URL="+server.URL,
					"URL_WITH_USER="+strings.Replace(server.URL, "//", "//u:canary-env-userinfo@", 1))
				_ = cmd.Run() // it fails in its way
			}
			tell(append([]string{"run", "s.yaml", "--out", "out"}, c.args...)...)
			tell("validate", "s.yaml")
			stored, _ := filepath.Glob(filepath.Join(dir, "out", "*.json"))
			for _, path := range stored {
				tell("report", path)
				tell("report", "--compare", path, path)
				tell("report", "-o", "json", path)
			}
			err := filepath.WalkDir(filepath.Join(dir, "out"), func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return nil // a scenario that is refused has no folder
				}
				text, err := os.ReadFile(path)
				outputs.Write(text)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(outputs.String(), c.control) {
				t.Errorf("%q is nowhere: the run said too little\n%s", c.control, outputs.String())
			}
			for _, line := range strings.Split(outputs.String(), "\n") {
				for _, seen := range canary.FindAllString(line, -1) {
					if !strings.HasPrefix(seen, "canary-visible") {
						i := strings.Index(line, seen)
						t.Errorf("%s is seen in: %s", seen, line[max(i-150, 0):min(i+80, len(line))])
					}
				}
			}
		})
	}
	if len(all) < 30 {
		t.Errorf("only %d canaries are in the scenarios", len(all))
	}
}
