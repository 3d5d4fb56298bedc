package loadgen

import (
	"math/rand/v2"

	"ssebench/scenarios"
)

// lots fixes, before the first stream, what chance decides about each client: whom an outage cuts, which node it is on, whether it is a
// slow reader. The same seed draws the same lots.
type lots struct {
	rank []int32 // of each client, as an outage sees it
	slow []int32 // of each client, among readers; nil: none is slow
}

func newLots(p *scenarios.Plan) (l lots) {
	if hasOutages(p) {
		l.rank = ranks(p.Clients, p.Seed, 0x6f7574616765)
	}
	if p.SlowReaders.Share > 0 {
		l.slow = ranks(p.Clients, p.Seed, 0x736c6f77)
	}
	return l
}

// ranks is a permutation, so that a share of the clients is exact and not only likely.
func ranks(clients int, seed, stream uint64) []int32 {
	rank := make([]int32, clients)
	for i := range rank {
		rank[i] = int32(i)
	}
	rand.New(rand.NewPCG(seed, stream)).Shuffle(clients, func(i, j int) { rank[i], rank[j] = rank[j], rank[i] })
	return rank
}

// cuts says whether the outage cuts the client when the turn of these nodes comes, which count from 0.
func (l *lots) cuts(o *scenarios.OutagePlan, client, fromNode, toNode int) bool {
	rank, nodes := int(l.rank[client]), o.Nodes
	if node := rank % nodes; node < fromNode || node >= toNode {
		return false
	}
	onNode := (len(l.rank) - rank%nodes + nodes - 1) / nodes
	return float64(rank/nodes)+0.5 < o.Cut*float64(onNode)
}

// spares says whether no outage of the plan cuts the client. What the server does to it is not known before.
func (l *lots) spares(p *scenarios.Plan, client int) bool {
	for _, phase := range p.Phases {
		if phase.Outage != nil && l.cuts(phase.Outage, client, 0, phase.Outage.Nodes) {
			return false
		}
	}
	return true
}

// reads says whether the client reads as fast as the server writes.
func (l *lots) reads(p *scenarios.Plan, client int) bool {
	return l.slow == nil || float64(l.slow[client])+0.5 >= float64(p.SlowReaders.Share)*float64(len(l.slow))
}

func hasOutages(p *scenarios.Plan) bool {
	for _, phase := range p.Phases {
		if phase.Outage != nil {
			return true
		}
	}
	return false
}
