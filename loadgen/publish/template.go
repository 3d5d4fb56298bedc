package publish

import (
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"ssebench/loadgen"
)

// fields are what templates know of an event.
type fields struct {
	Payload, Event, ID, Topic string
	Seq                       uint64
}

var fieldNames = []string{"Payload", "Event", "ID", "Topic", "Seq"}

// sample stands for an event while a configuration is checked.
var sample = fields{Payload: "payload", Event: "event", ID: "0-1", Topic: "topic", Seq: 1}

func fieldsOf(ev *loadgen.Event) *fields {
	return &fields{Payload: string(ev.Payload), Event: ev.Type, ID: ev.ID, Topic: ev.Topic, Seq: ev.Seq}
}

// text is a template that was checked.
type text struct {
	name     string // as the scenario calls it
	template *template.Template
	constant string // where there is nothing to fill in; template is nil then
}

// parseText checks the template by its tree, since a branch that is not taken now may be taken later, and by a sample event.
func parseText(name, source string) (*text, error) {
	t, err := template.New(name).Funcs(loadgen.TemplateFuncs).Parse(source)
	if err != nil {
		return nil, fmt.Errorf("the hook's %s is no template: %s", name, cleanTemplateError(err))
	}
	for _, part := range t.Templates() {
		if part.Tree == nil || part.Root == nil {
			continue
		}
		if unknown := unknownField(part.Root); unknown != "" {
			return nil, fmt.Errorf("the hook's %s uses %s, and events have only .%s", name, unknown, strings.Join(fieldNames, " ."))
		}
	}
	parsed := &text{name: name, template: t}
	out, failure := parsed.render(&sample)
	if failure != nil {
		return nil, fmt.Errorf("%s", failure.Message)
	}
	if !strings.Contains(source, "{{") {
		return &text{name: name, constant: out}, nil
	}
	return parsed, nil
}

func (t *text) render(f *fields) (string, *loadgen.Failure) {
	if t.template == nil {
		return t.constant, nil
	}
	out, err := loadgen.Fill(t.template, f)
	if err != nil {
		return "", fail("hook_template", "the hook's %s cannot be filled in: %s", t.name, cleanTemplateError(err))
	}
	return out, nil
}

// cleanTemplateError drops the package's prefix, and makes one line.
func cleanTemplateError(err error) string {
	return clip(strings.TrimPrefix(err.Error(), "template: "), 300)
}

// unknownField finds a field that an event does not have, as it is written; empty if there is none.
func unknownField(node parse.Node) string {
	switch n := node.(type) {
	case *parse.ListNode:
		if n != nil {
			return firstUnknown(n.Nodes)
		}
	case *parse.ActionNode:
		return unknownField(n.Pipe)
	case *parse.PipeNode:
		if n != nil {
			return firstUnknown(n.Cmds)
		}
	case *parse.CommandNode:
		return firstUnknown(n.Args)
	case *parse.FieldNode:
		if len(n.Ident) != 1 || !slices.Contains(fieldNames, n.Ident[0]) {
			return n.String()
		}
	case *parse.VariableNode:
		if n.Ident[0] == "$" && (len(n.Ident) > 2 || len(n.Ident) == 2 && !slices.Contains(fieldNames, n.Ident[1])) {
			return n.String()
		}
	case *parse.ChainNode:
		return n.String() // no value of an event has fields of its own
	case *parse.IfNode:
		return unknownInBranch(&n.BranchNode)
	case *parse.WithNode:
		return unknownInBranch(&n.BranchNode)
	case *parse.RangeNode:
		return unknownInBranch(&n.BranchNode)
	case *parse.TemplateNode:
		return unknownField(n.Pipe)
	}
	return ""
}

func unknownInBranch(n *parse.BranchNode) string {
	return firstUnknown([]parse.Node{n.Pipe, n.List, n.ElseList})
}

func firstUnknown[N parse.Node](nodes []N) string {
	for _, n := range nodes {
		if unknown := unknownField(n); unknown != "" {
			return unknown
		}
	}
	return ""
}
