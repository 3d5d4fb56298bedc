package results

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// OutageBinNS is the width of an OutageBin.
const OutageBinNS = int64(100e6)

// OutagePart is what an interval adds to the record of an outage.
type OutagePart struct {
	Phase int         `json:"phase"` // the outage's own in Header.Phases
	Bins  []OutageBin `json:"bins,omitempty"`

	// By token. Attempts that failed in the time of the outage, and subscribers that it dropped and that will never come back.
	Failed   map[string]int64 `json:"failed,omitempty"`
	Stranded map[string]int64 `json:"stranded,omitempty"`
	// Reconnections of subscribers that the outage dropped, by what was replayed to them, and how long each took to catch up.
	Replays  map[string]int64 `json:"replays,omitempty"`
	CaughtUp *Histogram       `json:"caught_up,omitempty"`

	Stock *OutageStock `json:"stock,omitempty"` // once
}

// OutageBin is a tenth of a second of an outage. Streams open are those at its start, and opened − dropped ever since.
type OutageBin struct {
	N         int64 `json:"n"` // counts from 0 at the start of the outage
	Attempts  int64 `json:"attempts,omitempty"`
	Opened    int64 `json:"opened,omitempty"`
	Dropped   int64 `json:"dropped,omitempty"`
	LatencyNS int64 `json:"latency_ns,omitempty"` // the longest of what was received live; zero: nothing was
}

// OutageStock is taken when an outage is over.
type OutageStock struct {
	Open      int64 `json:"open"`    // streams when it began
	Dropped   int64 `json:"dropped"` // subscribers = recovered + stranded + away + displaced
	Recovered int64 `json:"recovered"`
	Stranded  int64 `json:"stranded"`
	Away      int64 `json:"away"`                // they would come back, and have not
	Displaced int64 `json:"displaced,omitempty"` // they came back and found their place taken by others of their browser
	BackNS    int64 `json:"back_ns,omitempty"`   // start → the server could be reached again; zero: it always could
	// Recovery is the time from the start to each recovered stream's opening.
	Recovery *Histogram `json:"recovery"`
}

// Bin gives the bin of an instant, counted from the start of the outage; nil for one that is not in the outage.
func (p *OutagePart) Bin(sinceStartNS int64) *OutageBin {
	const most = 36_000 // an hour
	n := sinceStartNS / OutageBinNS
	if sinceStartNS < 0 || n >= most {
		return nil
	}
	at, found := slices.BinarySearchFunc(p.Bins, n, func(b OutageBin, n int64) int { return cmp.Compare(b.N, n) })
	if !found {
		p.Bins = slices.Insert(p.Bins, at, OutageBin{N: n})
	}
	return &p.Bins[at]
}

// Count adds one to a count by token.
func Count(by *map[string]int64, token string) {
	if *by == nil {
		*by = make(map[string]int64)
	}
	(*by)[token]++
}

// Merge adds what another lane, second or worker saw of the same outage. The error says which histogram could not be added whole.
func (p *OutagePart) Merge(o *OutagePart) error {
	for _, theirs := range o.Bins {
		mine := p.Bin(theirs.N * OutageBinNS)
		if mine == nil {
			return fmt.Errorf("bin %d of an outage", theirs.N)
		}
		mine.Attempts += theirs.Attempts
		mine.Opened += theirs.Opened
		mine.Dropped += theirs.Dropped
		mine.LatencyNS = max(mine.LatencyNS, theirs.LatencyNS)
	}
	addTokens(&p.Failed, o.Failed)
	addTokens(&p.Stranded, o.Stranded)
	addTokens(&p.Replays, o.Replays)
	if err := addHistogram(&p.CaughtUp, o.CaughtUp); err != nil {
		return fmt.Errorf("caught_up of an outage: %w", err)
	}
	if o.Stock == nil {
		return nil
	}
	if p.Stock == nil {
		p.Stock = &OutageStock{}
	}
	s, t := p.Stock, o.Stock
	s.Open += t.Open
	s.Dropped += t.Dropped
	s.Recovered += t.Recovered
	s.Stranded += t.Stranded
	s.Away += t.Away
	s.Displaced += t.Displaced
	s.BackNS = max(s.BackNS, t.BackNS)
	if err := addHistogram(&s.Recovery, t.Recovery); err != nil {
		return fmt.Errorf("recovery of an outage: %w", err)
	}
	return nil
}

func addTokens(to *map[string]int64, from map[string]int64) {
	if *to == nil {
		*to = maps.Clone(from)
		return
	}
	for token, n := range from {
		(*to)[token] += n
	}
}

func addHistogram(to **Histogram, from *Histogram) error {
	if from == nil {
		return nil
	}
	if *to == nil {
		*to = NewHistogram()
	}
	return (*to).Merge(from)
}

// mergeOutages adds the parts of one interval to those of another.
func mergeOutages(to []OutagePart, from []OutagePart) ([]OutagePart, error) {
	for i := range from {
		at := slices.IndexFunc(to, func(p OutagePart) bool { return p.Phase == from[i].Phase })
		if at < 0 {
			at = len(to)
			to = append(to, OutagePart{Phase: from[i].Phase})
		}
		if err := to[at].Merge(&from[i]); err != nil {
			return to, err
		}
	}
	return to, nil
}
