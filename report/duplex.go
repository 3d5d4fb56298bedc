package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// way is how subscribers send and receive, and what each message costs: from two variants that differ in how many subscribers get what one sends.
// A message that is sent and reaches n of them costs sent + n × received.
type way struct {
	name    string
	socket  bool
	runs    []*variant // by the number of subscribers that get what one sends
	bytes   split
	cpu     split // ns of the server's
	hasCPU  bool
	latency float64 // p50 of the first, ns
}

// split is what a message costs on its two ways.
type split struct{ received, sent float64 }

// atShare is what a message costs on average where that share of all is sent, and the rest received.
func (s split) atShare(share float64) float64 { return share*s.sent + (1-share)*s.received }

// ways are those of which there are two variants at the least in which subscribers publish.
func (c comparison) ways() (all []*way) {
	for _, v := range c {
		cost := &v.costs[0]
		if !cost.Duplex || cost.Busy.Sent == 0 {
			continue
		}
		socket, name := cost.Transport == "websocket", cost.Transport
		if !socket {
			name = cmp.Or(name, "sse") + " + POST"
		}
		if cost.Protocol == "http2" || cost.Protocol == "h2c" {
			name += " over " + cost.Protocol
		}
		i := slices.IndexFunc(all, func(w *way) bool { return w.name == name })
		if i < 0 {
			i, all = len(all), append(all, &way{name: name, socket: socket})
		}
		all[i].runs = append(all[i].runs, v)
	}
	return slices.DeleteFunc(all, func(w *way) bool { return !w.solve() })
}

// fanout is how many subscribers get what one sends.
func (v *variant) fanout() float64 {
	n, _ := v.cost(func(c *results.Cost) (float64, bool) { return c.Busy.Events / c.Busy.Sent, c.Busy.Sent > 0 })
	return n
}

// solve finds the two costs from the variants that are farthest apart: each says sent + n × received.
func (w *way) solve() bool {
	slices.SortStableFunc(w.runs, func(a, b *variant) int { return cmp.Compare(a.fanout(), b.fanout()) })
	few, many := w.runs[0], w.runs[len(w.runs)-1]
	n1, n2 := few.fanout(), many.fanout()
	if n1 == n2 {
		return false
	}
	between := func(few, many float64) split {
		received := (many - few) / (n2 - n1)
		return split{received, few - n1*received}
	}
	bytes := func(v *variant) float64 {
		each, _ := v.cost(func(c *results.Cost) (float64, bool) { return c.SentBytes() })
		return each
	}
	w.bytes = between(bytes(few), bytes(many))
	c1, ok1 := medianOf(few.documents, gaugeOf(results.ServerCPUPerDelivery))
	c2, ok2 := medianOf(many.documents, gaugeOf(results.ServerCPUPerDelivery))
	if w.hasCPU = ok1 && ok2; w.hasCPU {
		w.cpu = between(c1*n1, c2*n2)
	}
	w.latency, _ = medianOf(few.documents, percentileOf(results.FanoutLatency, "p50"))
	return true
}

// duplex writes what a message costs on its way up and on its way down, and from which share of messages sent on WebSocket is cheaper.
func (c comparison) duplex(w io.Writer) error {
	all := c.ways()
	if len(all) == 0 {
		return nil
	}
	var socket *way
	if i := slices.IndexFunc(all, func(w *way) bool { return w.socket }); i >= 0 {
		socket = all[i]
	}
	rows := [][]string{{"Duplex", "received", "sent", "p50", "CPU received", "CPU sent", "websocket is cheaper in bytes", "in CPU"}}
	for _, way := range all {
		row := []string{
			"  " + way.name, results.Format(way.bytes.received, results.UnitBytes), results.Format(way.bytes.sent, results.UnitBytes),
			results.Format(way.latency, results.UnitNanoseconds), shownOr(way.cpu.received, way.hasCPU, results.UnitNanoseconds),
			shownOr(way.cpu.sent, way.hasCPU, results.UnitNanoseconds), "", "",
		}
		if socket != nil && !way.socket {
			row[6] = cheaperFrom(socket.bytes, way.bytes)
			if way.hasCPU && socket.hasCPU {
				row[7] = cheaperFrom(socket.cpu, way.cpu)
			}
		}
		rows = append(rows, row)
	}
	right := tw.AlignRight
	lines, err := align(rows, tw.AlignLeft, right, right, right, right, right, tw.AlignLeft, tw.AlignLeft)
	if err != nil {
		return err
	}
	lines = append(lines, indented(fmt.Sprintf("a message that is sent and reaches n subscribers costs sent + n × received, in bytes of both directions and in the server's CPU, from "+
		"runs with n = %s and %s; a share is that of messages sent among all of a client's: share × sent + (1 − share) × received; p50: due to received",
		results.Format(all[0].runs[0].fanout(), results.UnitOne), results.Format(all[0].runs[len(all[0].runs)-1].fanout(), results.UnitOne)))...)
	_, err = fmt.Fprintf(w, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

// cheaperFrom says at which share of messages sent the socket is cheaper than the other.
func cheaperFrom(socket, other split) string {
	none, all := socket.atShare(0)-other.atShare(0), socket.atShare(1)-other.atShare(1)
	if none <= 0 && all <= 0 {
		return "at every share"
	}
	if none >= 0 && all >= 0 {
		return "at no share"
	}
	share := results.Format(none/(none-all), results.UnitRatio)
	if none > 0 {
		return "from " + share + " sent"
	}
	return "up to " + share + " sent"
}
