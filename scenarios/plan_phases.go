package scenarios

import (
	"fmt"
	"text/template"
	"time"
)

// phases gives the steps their numbers. An outage that repeats becomes so many of them, with a hold between two.
func (p *Plan) phases(phases []Phase, e *expander) {
	names := phaseNames{}
	for _, phase := range phases {
		names[phase.Name] = true
	}
	open := 0
	for i, phase := range phases {
		next := PlanPhase{Name: phase.Name, Kind: phase.kind(), Warmup: phase.Warmup, Connections: open, Duration: time.Duration(phase.Hold)}
		switch {
		case phase.Ramp != nil:
			next.Connections = int(phase.Connections)
			if next.Rate = float64(phase.Ramp.Rate); next.Rate > 0 {
				next.Duration = seconds(float64(next.Connections-open) / next.Rate)
			}
		case phase.Churn != nil:
			next.Duration, next.Churn = time.Duration(phase.Churn.For), phase.Churn.plan(open)
		case phase.Outage != nil:
			next.Outage = phase.Outage.plan(fmt.Sprintf("load.phases.%d.outage", i), e)
		}
		open = next.Connections
		p.Phases = append(p.Phases, next)
		if phase.Outage == nil {
			continue
		}
		for range phase.Outage.Repeat - 1 {
			pause := PlanPhase{Kind: KindHold, Warmup: phase.Warmup, Connections: open, Duration: time.Duration(phase.Outage.Pause)}
			pause.Name, next.Name = names.next("pause"), names.next(phase.Name)
			p.Phases = append(p.Phases, pause, next)
		}
	}
	p.Clients = open
}

// kind of the phase by what is given.
func (p *Phase) kind() string {
	switch {
	case p.Ramp != nil:
		return KindRamp
	case p.Churn != nil:
		return KindChurn
	case p.Outage != nil:
		return KindOutage
	}
	return KindHold
}

// phaseNames are those that are taken.
type phaseNames map[string]bool

// next gives the name, with a number where it is taken, and takes it.
func (names phaseNames) next(name string) string {
	unique := name
	for n := 2; names[unique]; n++ {
		unique = fmt.Sprintf("%s %d", name, n)
	}
	names[unique] = true
	return unique
}

func (p *Plan) hasOutage() bool {
	for _, phase := range p.Phases {
		if phase.Outage != nil {
			return true
		}
	}
	return false
}

func (c *Churn) plan(open int) *ChurnPlan {
	p := &ChurnPlan{Rate: float64(c.Rate), By: c.By}
	if c.Share > 0 {
		p.Rate = float64(c.Share) * float64(open) / time.Duration(c.For).Seconds()
	}
	return p
}

func (o *Outage) plan(path string, e *expander) *OutagePlan {
	p := &OutagePlan{
		Cut: float64(o.Cut), By: o.By, Server: o.Server, Door: o.Door, Shut: time.Duration(o.Shut), RetryAfter: time.Duration(o.RetryAfter),
		Until: time.Duration(o.Until), Nodes: 1, AtATime: 1, Dir: e.source.dir,
	}
	if r := o.Rolling; r != nil {
		p.Nodes, p.AtATime, p.Pause = int(r.Nodes), int(r.AtATime), time.Duration(r.Pause)
	}
	for i, word := range o.Restart {
		if t := e.word(fmt.Sprintf("%s.restart.%d", path, i), word, nodeScope); t != nil {
			p.restart = append(p.restart, t)
		}
	}
	return p
}

// word expands a word of a command that is a template; nil where something is wrong with it.
func (e *expander) word(path, word string, scope scope) *template.Template {
	text := e.template(path, word)
	if e.failed[path] {
		return nil
	}
	p, wrong := parseTemplate(text, scope)
	for _, w := range wrong {
		e.wrong(path, w.offset, w.message, w.suggestion)
	}
	if len(wrong) > 0 {
		return nil
	}
	return p.template
}
