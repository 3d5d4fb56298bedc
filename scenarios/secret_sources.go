package scenarios

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// learn makes known what is secret in the settings, and in the nodes once they are there. What else they say is in the open.
func (s *source) learn(settings []Setting) {
	for _, setting := range settings {
		for _, value := range append(setting.Values, setting.Value) {
			if isSecretKey(setting.Path[strings.LastIndexByte(setting.Path, '.')+1:]) {
				s.known.AddField(setting.Path, value)
			}
			s.known.AddText(value)
		}
	}
	(&sourceSecrets{known: s.known}).node("", s.root)
}

// isSecretKey is IsSecret but for the scenario's own fields, such as target.cookies.
func isSecretKey(name string) bool { return IsSecret(name) && len(homes(name)) == 0 }

// sourceSecrets finds the secrets in the nodes of a scenario, of which nobody knows yet whether it is right.
type sourceSecrets struct {
	known   *Redactor
	visited int
}

func (w *sourceSecrets) node(name string, n *yaml.Node) {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	if w.visited++; w.visited > mostNodes { // aliases multiply
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if w.known.addOpen(key); isSecretKey(name) && !isSecretKey(key) {
				key = name // what is under a secret name is secret
			}
			w.node(key, n.Content[i+1])
		}
	case yaml.SequenceNode:
		words := make([]string, len(n.Content))
		for i, item := range n.Content {
			words[i] = item.Value
			w.node(name, item)
		}
		w.known.AddWords(words)
	case yaml.ScalarNode:
		w.known.AddText(n.Value)
		if isSecretKey(name) {
			w.known.AddField(name, n.Value)
		} else {
			w.known.addOpen(strings.ReplaceAll(maskText(n.Value), masked, " "))
		}
	}
}

// learnText makes known what is secret in a text that is no YAML, as far as its lines tell.
func (r *Redactor) learnText(lines []string) {
	inside := -1 // the indentation of the secret name that the lines belong to
	for _, line := range lines {
		r.AddText(line)
		text := strings.TrimLeft(line, " \t-")
		indentation := len(line) - len(text)
		name, value, isPair := strings.Cut(text, ":")
		switch {
		case text == "":
		case inside >= 0 && indentation > inside:
			r.addPieces(text)
		case isPair && IsSecret(name) && strings.Trim(value, " \t|>+-") == "":
			inside = indentation
		default:
			inside = -1
		}
	}
}

// ServerURL is the name by which a scenario that catches the address of the server it starts refers to it, as to an environment variable.
const ServerURL = "SERVER_URL"

// CatchesURL reports whether the scenario starts a server and reads its address off a line of its output.
func (s *Scenario) CatchesURL() bool {
	return s.Target != nil && s.Target.Start != nil && s.Target.Start.Ready != nil && s.Target.Start.Ready.Line != ""
}

// noting is an environment whose variables are known as secret once they were looked up.
func (p *Plan) noting(lookup func(string) (string, bool), full *Scenario) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := lookup(name)
		switch {
		case !ok:
		case name == ServerURL && full.CatchesURL(): // not of the environment
			p.secrets.AddText(value)
		default:
			p.secrets.AddVariable(name, value)
		}
		return value, ok
	}
}

// learn makes known what is secret in the plan once the environment is in it.
func (p *Plan) learn() error {
	var hook Hook
	if p.Publish != nil {
		hook = p.Publish.Hook
	}
	text, err := json.Marshal([]any{p.Target, p.Server, hook})
	if err != nil {
		return err
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return err
	}
	p.secrets.addTree("", tree)
	return nil
}

func (r *Redactor) addTree(name string, node any) {
	switch node := node.(type) {
	case map[string]any:
		for key, child := range node {
			r.addTree(key, child)
		}
	case []any:
		var words []string
		for _, child := range node {
			r.addTree(name, child)
			word, _ := child.(string)
			words = append(words, word)
		}
		r.AddWords(words)
	case string:
		r.AddField(name, node)
		r.AddText(node)
	}
}

// learn makes known what is secret in the rows of a users file.
func (u *users) learn(known *Redactor) {
	for _, column := range u.columns {
		if !IsSecret(column) {
			continue
		}
		for _, row := range u.rows {
			known.AddField(column, row[column])
		}
	}
}

// learn makes known what is secret in a request.
func (r *ClientRequest) learn(known *Redactor) {
	known.AddText(r.URL)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			known.AddField(name, value)
		}
	}
	known.AddText(r.Body)
	known.AddText(r.Subscribe)
	if r.Login != nil {
		r.Login.learn(known)
	}
}
