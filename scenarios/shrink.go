package scenarios

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// WithClients gives the plan with every ramp scaled down so that no more than so many connections are asked for. A plan that asks
// for no more comes back as it is.
func (p *Plan) WithClients(most int) *Plan {
	if most >= p.Clients {
		return p
	}
	smaller := *p
	smaller.Phases = slices.Clone(p.Phases)
	open := 0
	for i := range smaller.Phases {
		phase := &smaller.Phases[i]
		phase.Connections = int(int64(phase.Connections) * int64(most) / int64(p.Clients))
		if phase.Kind == KindRamp && phase.Rate > 0 {
			phase.Duration = time.Duration(float64(phase.Connections-open) / phase.Rate * float64(time.Second))
		}
		open = phase.Connections
	}
	smaller.Clients = most
	return &smaller
}

// Sockets is the most sockets that the plan has open at once: a stream that falls silent leaves its own behind until the run ends.
func (p *Plan) Sockets() int {
	silent := 0.0
	for _, phase := range p.Phases {
		switch {
		case phase.Churn != nil && phase.Churn.By == bySilence:
			silent += phase.Churn.Rate * phase.Duration.Seconds()
		case phase.Outage != nil && phase.Outage.By == bySilence:
			silent += phase.Outage.Cut * float64(phase.Connections)
		}
	}
	sockets := p.Clients + int(math.Ceil(silent))
	if p.Publish != nil && p.Publish.Hook.Subscribers != nil && !p.Target.multiplexes() && p.Target.Transport != TransportWebSocket {
		sockets *= 2 // each subscriber's requests have a connection of their own
	}
	return sockets
}

// Policy gives the profile its numbers. The error names the profiles there are.
func (r Reconnect) Policy() (ReconnectPolicy, error) {
	if f, _ := fieldNamed(reflect.TypeFor[Reconnect](), "profile"); !slices.Contains(f.enum, r.Profile) {
		return ReconnectPolicy{}, fmt.Errorf("no profile has the name %q: there are %s", r.Profile, strings.Join(f.enum, ", "))
	}
	return policy(&r), nil
}
