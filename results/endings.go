package results

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// HeadersPending is the token of a subscriber that sent its request and had no response header when the run ended.
const HeadersPending = "headers_pending"

// Endings are the ends of open streams by the server or the network, outside outages: how many, and when the first and the last was, in
// nanoseconds since the run started.
type Endings struct {
	Count   int64 `json:"count"`
	FirstNS int64 `json:"first_ns"`
	LastNS  int64 `json:"last_ns"`
}

// Add adds one that was at an instant.
func (e *Endings) Add(ns int64) { e.Merge(Endings{1, ns, ns}) }

// Merge adds those of another lane, second or worker.
func (e *Endings) Merge(o Endings) {
	switch {
	case o.Count == 0:
	case e.Count == 0:
		*e = o
	default:
		e.Count += o.Count
		e.FirstNS, e.LastNS = min(e.FirstNS, o.FirstNS), max(e.LastNS, o.LastNS)
	}
}

// atOnce is the longest time in which streams ended at one moment.
const atOnce = int64(1e9)

// endingsFold finds the moment at which most streams ended.
type endingsFold struct {
	last, most Endings // the last that belong together, and the most of any
	left       float64 // streams still open after the most
	peak       float64 // most streams open at the end of an interval
}

// add takes the endings of the next interval; open is the number of streams at its end.
func (f *endingsFold) add(e *Endings, open float64) {
	f.peak = max(f.peak, open)
	if e == nil {
		return
	}
	together := f.last
	if together.Merge(*e); together.LastNS-together.FirstNS > atOnce {
		together = *e
	}
	if f.last = together; together.Count >= f.most.Count && together.LastNS-together.FirstNS <= atOnce {
		f.most, f.left = together, open
	}
}

// endedAtOnce tells of nearly all streams having ended at one moment, at least half of the most that there ever were; empty: they did not.
func (f *Folder) endedAtOnce(d *Document) string {
	const share, ofPeak = 0.9, 0.5
	e, all := f.closed.most, float64(f.closed.most.Count)+f.closed.left
	if e.Count < 2 || float64(e.Count) < max(share*all, ofPeak*f.closed.peak) {
		return ""
	}
	who := fmt.Sprintf("all %s streams", Format(all, UnitOne))
	if f.closed.left > 0 {
		who = fmt.Sprintf("%s of %s streams", Format(float64(e.Count), UnitOne), Format(all, UnitOne))
	}
	at := Format(float64(e.FirstNS), UnitNanoseconds) + " into the run"
	if n := f.phaseAt(e.FirstNS); n >= 0 {
		at = fmt.Sprintf("%s into phase %s", Format(float64(e.FirstNS-f.phases[n].startNS), UnitNanoseconds), f.header.Phases[n].Name)
	}
	how := ""
	if closed := d.Metrics[ConnectionsClosedByServer.String()]; closed.Value != nil && *closed.Value == float64(e.Count) {
		how = " (" + tokens(closed.By) + ")"
	}
	return fmt.Sprintf("%s ended at one moment, %s%s", who, at, how)
}

// closedRemark says when the streams that the server ended did end, how many of how many, and how.
func closedRemark(d *Document) string {
	closed := d.Metrics[ConnectionsClosedByServer.String()]
	if closed.Value == nil || *closed.Value == 0 {
		return ""
	}
	remark := plural(*closed.Value, "stream")
	if opened := d.Metrics[ConnectionsOpened.String()].Value; opened != nil && *opened >= *closed.Value {
		remark = fmt.Sprintf("%s of %s", Format(*closed.Value, UnitOne), plural(*opened, "stream"))
	}
	remark += " ended"
	if age := d.Metrics[StreamAge.String()].Histogram; age != nil && age.Count > 0 {
		youngest, oldest := Format(age.Min, UnitNanoseconds), Format(age.Max, UnitNanoseconds)
		if youngest == oldest {
			remark += fmt.Sprintf(", %s after they opened", youngest)
		} else {
			remark += fmt.Sprintf(", %s to %s after they opened", youngest, oldest)
		}
	}
	var phases []string
	for _, p := range d.Phases {
		if v := p.Metrics[ConnectionsClosedByServer.String()].Value; !p.Warmup && v != nil && *v > 0 {
			phases = append(phases, p.Name)
		}
	}
	switch len(phases) {
	case 0:
	case 1:
		remark += ", in phase " + phases[0]
	default:
		remark += ", in phases " + strings.Join(phases, ", ")
	}
	return remark + ": " + tokens(closed.By)
}

// tokens writes counts by token, the most frequent first.
func tokens(by map[string]int64) string {
	const most = 4
	names := slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		return cmp.Or(cmp.Compare(by[b], by[a]), strings.Compare(a, b))
	})
	var shown []string
	for n, name := range names {
		if n == most {
			shown = append(shown, fmt.Sprintf("%d more", len(names)-most))
			break
		}
		shown = append(shown, fmt.Sprintf("%s %s", name, Format(float64(by[name]), UnitOne)))
	}
	return strings.Join(shown, ", ")
}

// neverOpenRemark says of how many subscribers, and what kept the streams from opening.
func neverOpenRemark(d *Document) string {
	never := d.Metrics[ConnectionsNeverOpen.String()]
	if never.Value == nil || *never.Value == 0 {
		return ""
	}
	remark := tokens(never.By)
	if n := never.By[HeadersPending]; n > 0 {
		remark += fmt.Sprintf("; %s connected, sent the request and never got response headers: the server has no worker or slot left for more streams, "+
			"or it, or a proxy, holds the headers back", Format(float64(n), UnitOne))
	}
	return remark
}

// remarks say of a metric what its number alone does not tell.
var remarks = map[ID]func(*Document) string{
	ConnectionsClosedByServer: closedRemark,
	ConnectionsNeverOpen:      neverOpenRemark,
}

// remark returns what there is to say of the metrics that a threshold names.
func (d *Document) remark(t Threshold) string {
	for _, id := range t.Metrics() {
		if tell, ok := remarks[id]; ok {
			if remark := tell(d); remark != "" {
				return remark
			}
		}
	}
	return ""
}
