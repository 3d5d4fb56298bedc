package scenarios

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// What holds where a scenario says nothing.
const (
	defaultRampRate   = Rate(1000)
	defaultHold       = Duration(30 * time.Second)
	defaultOpenWithin = Duration(60 * time.Second)
	defaultDrain      = Duration(5 * time.Second)
	defaultStop       = Duration(5 * time.Second)
	defaultReady      = Duration(30 * time.Second)
	defaultHookTime   = Duration(10 * time.Second)
	defaultPayload    = Size(100)

	defaultShut         = Duration(2 * time.Second)
	defaultUntil        = Duration(60 * time.Second)
	defaultPause        = Duration(5 * time.Second)
	defaultRecorded     = Count(20)
	defaultRecorderSize = Size(16 << 10)

	// floor is the shortest wait before a reconnect: a server that sets retry: 0 must not be called in a hot loop.
	floor = Duration(10 * time.Millisecond)
)

// withDefaults is a copy with nothing left out that has a default. The receiver stays as it was written.
func (s *Scenario) withDefaults(seed uint64) *Scenario {
	full := *s
	full.source, full.Compare = nil, nil // what is run is one variant
	full.Tags = maps.Clone(s.Tags)
	fill(&full.Seed, seed)
	for full.Seed == 0 {
		full.Seed = uint64(rand.Uint32()) // 32 bits survive programs that read JSON numbers as floats
	}
	full.Target = s.Target.withDefaults(s.Bundled())
	full.Load = s.Load.withDefaults(full.Target != nil && full.Target.Transport == TransportFiniteSSE)
	fill(&full.Drain, defaultDrain+full.absence())
	if s.Bundled() && full.Load.Gap == nil {
		full.Load.Gap = &Gap{Event: "gap"} // the bundled server says so
		if full.Target != nil && full.Target.Poll != nil {
			full.Load.Gap = &Gap{Pointer: "/gap"}
		}
	}
	if s.Publish != nil {
		publish := *s.Publish
		fill(&publish.Payload.Size, defaultPayload)
		publish.Hook = publish.Hook.withDefaults(full.Target)
		full.Publish = &publish
	}
	return &full
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// absence is how long a poller has no request under way.
func (s *Scenario) absence() Duration {
	switch {
	case s.Target == nil:
		return 0
	case s.Target.Transport == TransportPoll:
		return s.Target.Poll.Interval
	case s.Target.Transport == TransportFiniteSSE:
		return Duration(policy(s.Load.Reconnect).Delay)
	}
	return 0
}

func (t *Target) withDefaults(bundled bool) *Target {
	if t == nil {
		return nil
	}
	full := *t
	fill(&full.Transport, TransportSSE)
	if full.Transport == TransportPoll || full.Transport == TransportLongPoll {
		full.Poll = t.Poll.withDefaults(full.Transport, bundled)
	}
	fill(&full.Method, "GET")
	fill(&full.Protocol, "auto")
	fill(&full.Addresses, "spread")
	if full.Transport == TransportWebSocket && full.WebSocket == nil {
		full.WebSocket = &WebSocket{}
	}
	if t.Login != nil {
		login := *t.Login
		fill(&login.Method, "POST")
		full.Login = &login
		full.Cookies = true
	}
	if t.Start != nil {
		start := *t.Start
		fill(&start.Stop, defaultStop)
		ready := Ready{}
		if start.Ready != nil {
			ready = *start.Ready
		}
		fill(&ready.Timeout, defaultReady)
		start.Ready = &ready
		full.Start = &start
	}
	return &full
}

// withDefaults gives a load its defaults. returns: subscribers come back after every answer.
func (l Load) withDefaults(returns bool) Load {
	if len(l.Topics) == 0 {
		l.Topics = Topics{topicName(0)}
	}
	fill(&l.OpenWithin, defaultOpenWithin)
	if len(l.Phases) == 0 {
		ramp := l.Ramp
		if ramp == nil {
			ramp = &Ramp{Rate: defaultRampRate}
		}
		fill(&l.Hold, defaultHold)
		l.Phases = []Phase{{Ramp: ramp}, {Hold: l.Hold}}
		l.Ramp, l.Hold = nil, 0
	}
	l.Phases = slices.Clone(l.Phases)
	names := phaseNames{"drain": true}
	outage := false
	for i := range l.Phases {
		names[l.Phases[i].Name] = true
		l.Phases[i].Churn = l.Phases[i].Churn.withDefaults()
		l.Phases[i].Outage = l.Phases[i].Outage.withDefaults()
		outage = outage || l.Phases[i].Outage != nil
	}
	for i := range l.Phases {
		phase := &l.Phases[i]
		if phase.Ramp != nil {
			fill(&phase.Connections, l.Connections)
		}
		if phase.Name == "" {
			phase.Name = names.next(phase.kind())
		}
	}
	if l.Reconnect == nil {
		l.Reconnect = &Reconnect{Profile: "none"}
		if outage || returns {
			l.Reconnect.Profile = "chromium"
		}
	}
	if l.Clients != nil {
		clients := *l.Clients
		fill(&clients.Tabs, 1)
		l.Clients = &clients
	}
	if l.FlightRecorder != nil || l.Reconnect.Profile != "none" {
		recorder := FlightRecorder{}
		if l.FlightRecorder != nil {
			recorder = *l.FlightRecorder
		}
		fill(&recorder.Streams, defaultRecorded)
		fill(&recorder.Size, defaultRecorderSize)
		l.FlightRecorder = &recorder
	}
	return l
}

func (c *Churn) withDefaults() *Churn {
	if c == nil {
		return nil
	}
	full := *c
	fill(&full.By, "fin")
	return &full
}

func (o *Outage) withDefaults() *Outage {
	if o == nil {
		return nil
	}
	full := *o
	if full.Cut > 0 {
		fill(&full.By, "fin")
	}
	if full.Door != "" {
		fill(&full.Shut, defaultShut)
	}
	fill(&full.Until, defaultUntil)
	fill(&full.Repeat, 1)
	if full.Repeat > 1 {
		fill(&full.Pause, defaultPause)
	}
	if o.Rolling != nil {
		rolling := *o.Rolling
		fill(&rolling.AtATime, 1)
		full.Rolling = &rolling
	}
	return &full
}

func (h *Hook) withDefaults(t *Target) *Hook {
	if h == nil {
		return nil
	}
	full := *h
	fill(&full.Timeout, defaultHookTime)
	if h.HTTP != nil {
		http := *h.HTTP
		fill(&http.Method, "POST")
		if http.Method != "GET" && http.Method != "HEAD" {
			fill(&http.Body, "{{.Payload}}")
		}
		full.HTTP = &http
	}
	if h.Subscribers != nil {
		own := *h.Subscribers
		if t != nil && t.Transport == TransportWebSocket {
			fill(&own.Message, "{{.Payload}}")
		} else {
			fill(&own.Method, "POST")
			if own.Method != "GET" && own.Method != "HEAD" {
				fill(&own.Body, "{{.Payload}}")
			}
		}
		full.Subscribers = &own
	}
	if h.Redis != nil {
		redis := *h.Redis
		fill(&redis.Body, "{{.Payload}}")
		full.Redis = &redis
	}
	if h.Exec != nil {
		exec := *h.Exec
		fill(&exec.Line, "{{.Payload}}")
		full.Exec = &exec
	}
	return &full
}

// policy gives a profile its numbers. Chromium, Firefox and Safari wait what their sources say and give up for good on an answer that
// is no event stream (HTML standard, 9.2.3); Firefox alone has a shortest wait. library is what SSE clients outside of browsers do.
func policy(r *Reconnect) ReconnectPolicy {
	p := ReconnectPolicy{Profile: r.Profile, POST: r.POST, Min: time.Duration(floor)}
	switch r.Profile {
	case "none":
		return ReconnectPolicy{Profile: r.Profile}
	case "chromium", "safari":
		p.Delay, p.GiveUp = 3*time.Second, true
	case "firefox":
		p.Delay, p.Min, p.GiveUp = 5*time.Second, 500*time.Millisecond, true
	case "library":
		p.Delay, p.Max, p.Backoff = time.Second, 30*time.Second, true
	}
	if r.Delay > 0 {
		p.Delay = time.Duration(r.Delay)
	}
	if r.Min > 0 {
		p.Min = time.Duration(r.Min)
	}
	if r.Max > 0 {
		p.Max = time.Duration(r.Max)
	}
	if p.Backoff {
		p.Max = max(p.Max, p.Delay)
	}
	return p
}
