package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Plan decides what the scenario leaves open. What only shows now (a variable that is not set, a users file that cannot be read, a
// URL that the environment spoils) comes back as one *Mistakes.
func (s *Scenario) Plan(opts PlanOptions) (*Plan, error) {
	if s.source == nil {
		// Made by hand: what Decode refuses has to be refused here too.
		text, err := yaml.Dump(s)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
		decoded, err := Decode(Source{Name: "scenario " + s.Name, Bytes: text})
		if err != nil {
			return nil, err
		}
		return decoded.Plan(opts)
	}
	if opts.Env == nil {
		opts.Env = os.LookupEnv
	}
	if opts.Start.IsZero() {
		opts.Start = time.Now()
	}
	full := s.withDefaults(opts.Seed)
	p := &Plan{
		Name: full.Name, Variant: s.variant, Description: full.Description, Tags: full.Tags, Seed: full.Seed, RunID: runID(full.Seed, opts.Start),
		Reference: full.Bundled(), Shrink: full.Load.Shrink, Topics: full.Load.Topics,
		OpenWithin: time.Duration(full.Load.OpenWithin), Drain: time.Duration(full.Drain), LateAfter: time.Duration(full.LateAfter),
		Reconnect: policy(full.Load.Reconnect), SourceAddresses: full.Load.SourceAddresses, Gap: full.Load.Gap,
		FlightRecorder: full.Load.FlightRecorder, StreamsPerConnection: max(1, int(full.Load.StreamsPerConnection)),
		secrets: s.source.known,
	}
	if full.Load.Clients != nil {
		p.Tabs = int(full.Load.Clients.Tabs)
	}
	if full.Load.SlowReaders != nil {
		p.SlowReaders = *full.Load.SlowReaders
	}
	mistakes := &Mistakes{known: p.secrets}
	e := expander{source: s.source, env: p.noting(opts.Env, full), mistakes: mistakes, failed: map[string]bool{}}
	p.phases(full.Load.Phases, &e)
	if full.Target != nil {
		p.Target, p.Server, p.PID = e.target(full.Target)
	} else {
		p.Target = Target{Transport: TransportSSE, Method: "GET", Protocol: "http1.1"}
	}
	// Clients of finite streams come back after each answer: that is what the transport is for, whatever the method.
	p.Reconnect.POST = p.Reconnect.POST || p.Target.Transport == TransportFiniteSSE
	p.publishing(full, &e)
	err := p.learn()
	if full.Target != nil && err == nil {
		p.target(&e)
	}
	if err == nil {
		err = p.thresholds(full.Thresholds, &e)
	}
	if err == nil {
		err = mistakes.err()
	}
	if err == nil {
		err = p.show(full)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// show fills in what stands in documents, without what is secret.
func (p *Plan) show(full *Scenario) (err error) {
	p.Name, p.Variant, p.Description = p.secrets.Redact(p.Name), p.secrets.Redact(p.Variant), p.secrets.Redact(p.Description)
	if p.Scenario, err = plainJSON(full); err == nil {
		p.Scenario, err = maskSecrets(p.Scenario, p.secrets)
	}
	if err != nil {
		return fmt.Errorf("scenario %s: %w", p.Name, err)
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(min(s*1e9, 1<<62)) }

func (p *Plan) publishing(full *Scenario, e *expander) {
	if full.Publish == nil {
		p.Observe = &Observe{}
		if full.Observe != nil {
			observe := *full.Observe
			p.Observe = &observe
		}
		return
	}
	pub := full.Publish
	p.Publish = &PublishPlan{
		Schedule: pub.Rate, Event: e.text("publish.event", pub.Event), Size: int(pub.Payload.Size),
		Template:   e.template("publish.payload.template", pub.Payload.Template),
		Concurrent: pub.Concurrent, Conflates: pub.Conflates, Sequence: pub.Sequence,
	}
	p.Publish.From = slices.IndexFunc(p.Phases, func(phase PlanPhase) bool {
		return pub.From == phase.Name || pub.From == "" && phase.Kind != KindRamp
	})
	if ramp := pub.Rate.Ramp; ramp != nil && ramp.Over == 0 {
		whole := *ramp
		for _, phase := range p.Phases[p.Publish.From:] {
			whole.Over += Duration(phase.Duration)
		}
		p.Publish.Schedule.Ramp = &whole
	}
	if pub.Hook != nil {
		p.Publish.Hook = e.hook(pub.Hook)
	}
}

// target reads the users and tries the requests.
func (p *Plan) target(e *expander) {
	if p.Target.Users != "" {
		if e.failed["target.users"] {
			return
		}
		var err error
		if p.users, err = readUsers(p.Target.Users, p.Clients); err != nil {
			var inside *Mistakes
			if errors.As(err, &inside) {
				e.mistakes.List = append(e.mistakes.List, inside.List...)
			} else {
				e.wrong("target.users", 0, err.Error(), "")
			}
			return
		}
		p.users.learn(p.secrets)
	}
	if p.Reference {
		return // without an address there is no request: see WithTarget
	}
	if p.request = p.templates(e); len(e.mistakes.List) > 0 {
		return
	}
	// Beyond so many clients a mistake shows when the request is made.
	for client := range min(p.Clients, 10_000, max(len(p.Topics), p.users.len())) {
		if _, err := p.Request(client); err != nil {
			e.mistakes.add(p.requestMistake(e.source, client, err))
			return
		}
	}
	p.checkScheme(e)
}

// runID is the same for the same seed and start.
func runID(seed uint64, start time.Time) string {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d %d", seed, start.UnixNano()) // a hash never fails
	lots := rand.New(rand.NewPCG(seed, h.Sum64()))
	id := make([]byte, 8)
	for i := range id {
		id[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[lots.IntN(36)]
	}
	return string(id)
}

// plainJSON keeps < and & readable.
func plainJSON(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// defaultName is the file's name without folder and extension.
func defaultName(file string) string {
	name := filepath.Base(filepath.ToSlash(file))
	if name = strings.TrimSuffix(name, filepath.Ext(name)); name == "" || name == "." || name == "/" {
		return "run"
	}
	return name
}
