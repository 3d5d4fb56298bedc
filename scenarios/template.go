package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"text/template"
	"text/template/parse"
)

// scope is what a template may name.
type scope struct {
	fields []string
	users  bool // {{.User.FIELD}} too
}

var (
	subscriberScope = scope{fields: []string{"Topic", "Client", "User"}, users: true}
	eventScope      = scope{fields: []string{"Payload", "Event", "ID", "Topic", "Seq"}}
	nodeScope       = scope{fields: []string{"Node"}}
)

// The functions that a template may call: ours and those of text/template that make sense here.
var templateFuncNames = []string{"json", "urlquery", "printf", "print", "index", "len", "slice", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"}

// textMistake is something wrong at an offset of a string.
type textMistake struct {
	offset              int
	message, suggestion string
}

// mostActions bounds the work that a template makes.
const mostActions = 1000

// parsed is a template and what it names.
type parsed struct {
	template *template.Template
	fields   []string
	users    map[string]int // fields of .User, with the offset of the first use
}

// parseTemplate parses a text and checks all names in it.
func parseTemplate(text string, scope scope) (parsed, []textMistake) {
	if strings.Count(text, "{{") > mostActions {
		return parsed{}, []textMistake{{0, fmt.Sprintf("a template has at most %d actions", mostActions), ""}}
	}
	t, err := template.New("").Funcs(TemplateFuncs).Option("missingkey=error").Parse(text)
	if err != nil {
		return parsed{}, []textMistake{templateMistake(text, err)}
	}
	w := walker{text: text, scope: scope, parsed: parsed{template: t, users: map[string]int{}}}
	if len(t.Templates()) > 1 {
		w.wrong(strings.Index(text, "{{"), "define and block have no place here", "")
	} else if t.Tree != nil {
		w.node(t.Root)
	}
	return w.parsed, w.mistakes
}

var parseErrorPrefix = regexp.MustCompile(`^template: :\d+(:\d+)?: (executing "" at )?`)

// templateMistake finds the action that a parse error is about: the first one with which the text up to it cannot be parsed.
func templateMistake(text string, err error) textMistake {
	message := parseErrorPrefix.ReplaceAllString(err.Error(), "")
	m := textMistake{message: "bad template: " + message}
	if name, ok := strings.CutPrefix(message, `function "`); ok {
		name, _, _ = strings.Cut(name, `"`)
		m.suggestion = near(name, templateFuncNames)
	}
	var starts, ends []int
	for from := 0; ; {
		open := strings.Index(text[from:], "{{")
		if open < 0 {
			break
		}
		open += from
		starts = append(starts, open)
		end := strings.Index(text[open:], "}}")
		if end < 0 {
			ends = append(ends, len(text))
			break
		}
		from = open + end + 2
		ends = append(ends, from)
	}
	if len(starts) == 0 {
		return m
	}
	// What is broken stays broken, however much follows.
	first := sort.Search(len(ends), func(i int) bool {
		_, err := template.New("").Funcs(TemplateFuncs).Parse(text[:ends[i]])
		return err != nil && !strings.Contains(err.Error(), "unexpected EOF")
	})
	m.offset = starts[min(first, len(starts)-1)]
	return m
}

// walker collects what a template names.
type walker struct {
	text  string
	scope scope
	parsed
	mistakes []textMistake
}

func (w *walker) wrong(offset int, message, suggestion string) {
	w.mistakes = append(w.mistakes, textMistake{max(offset, 0), message, suggestion})
}

func (w *walker) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				w.node(child)
			}
		}
	case *parse.ActionNode:
		w.node(n.Pipe)
	case *parse.PipeNode:
		if n != nil {
			for _, command := range n.Cmds {
				w.command(command)
			}
		}
	case *parse.IfNode:
		w.node(n.Pipe)
		w.node(n.List)
		w.node(n.ElseList)
	case *parse.FieldNode:
		w.field(int(n.Pos), n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			w.field(int(n.Pos), n.Ident[1:])
		}
	case *parse.ChainNode:
		w.node(n.Node)
	case *parse.RangeNode, *parse.WithNode, *parse.TemplateNode:
		word, _, _ := strings.Cut(strings.Trim(n.String(), "{}"), " ")
		w.wrong(int(n.Position()), word+" has no place here", "")
	}
}

// command follows index .User "FIELD" too, which reaches names that are no identifiers.
func (w *walker) command(n *parse.CommandNode) {
	args := n.Args
	if len(args) == 3 && args[0].String() == "index" && args[1].String() == ".User" {
		if name, ok := args[2].(*parse.StringNode); ok && w.scope.users {
			w.user(name.Text, int(name.Pos))
			args = nil
		}
	}
	for _, arg := range args {
		if id, ok := arg.(*parse.IdentifierNode); ok {
			if !slices.Contains(templateFuncNames, id.Ident) {
				w.wrong(int(id.Pos), "function "+quote(id.Ident)+" has no place here", near(id.Ident, templateFuncNames))
			}
			continue
		}
		w.node(arg)
	}
}

func (w *walker) user(name string, offset int) {
	if _, ok := w.users[name]; !ok {
		w.users[name] = offset
	}
	w.fields = append(w.fields, "User")
}

func (w *walker) field(at int, names []string) {
	if first := at - len(names[0]) - 1; len(names) > 1 && first >= 0 && strings.HasPrefix(w.text[first:], "."+names[0]) {
		at = first // the parser gives the place of the second name
	}
	known := slices.Contains(w.scope.fields, names[0])
	switch {
	case !known:
		suggestion := near(names[0], w.scope.fields)
		message := "unknown variable {{." + names[0] + "}}: there are " + w.scope.names()
		if suggestion != "" {
			suggestion = "{{." + suggestion + "}}"
			message = "unknown variable {{." + names[0] + "}}"
		}
		w.wrong(at, message, suggestion)
	case names[0] == "User" && len(names) == 2:
		w.user(names[1], at)
	case names[0] == "User":
		w.wrong(at, "{{.User}} needs one field: write {{.User.FIELD}} with a column of the users file", "")
	case len(names) > 1:
		w.wrong(at, "{{."+names[0]+"}} has no fields", "{{."+names[0]+"}}")
	default:
		w.fields = append(w.fields, names[0])
	}
}

func (s scope) names() string {
	var names []string
	for _, name := range s.fields {
		if name == "User" {
			name = "User.FIELD"
		}
		names = append(names, "{{."+name+"}}")
	}
	return strings.Join(names, " ")
}

// sample executes a template with made-up values, so that what fails always fails early.
func (p parsed) sample(scope scope) (string, error) {
	values := map[string]any{}
	for _, name := range scope.fields {
		values[name] = "x"
	}
	values["Client"], values["Seq"], values["Node"] = 1, uint64(1), 1
	user := map[string]string{}
	for name := range p.users {
		user[name] = "x"
	}
	values["User"] = user
	text, err := Fill(p.template, values)
	if err != nil {
		return "", fmt.Errorf("%s", parseErrorPrefix.ReplaceAllString(err.Error(), ""))
	}
	return text, nil
}
