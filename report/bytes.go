package report

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"ssebench/results"
)

// bytes says of what the bytes on the wire consisted, and which link it was: one has other headers and segments than another.
func (p *page) bytes() error {
	s, ok := results.SplitBytes(p.d.Metrics)
	if !ok {
		return nil
	}
	const title = "Bytes"
	deliveries, each := p.deliveries()
	rows := [][]string{{title, "received", "sent", each, "share"}}
	all := s.Received.Sum() + s.Sent.Sum()
	for _, layer := range []struct {
		name           string
		received, sent float64
	}{
		{"payload", s.Received.Payload, s.Sent.Payload},
		{"event framing", s.Received.Framing, s.Sent.Framing},
		{"HTTP", s.Received.HTTP, s.Sent.HTTP},
		{"TLS", s.Received.TLS, s.Sent.TLS},
		{"TCP/IP", s.Received.TCPIP, s.Sent.TCPIP},
		{"all", s.Received.Sum(), s.Sent.Sum()},
	} {
		both := layer.received + layer.sent
		if layer.received == 0 && layer.sent == 0 {
			continue
		}
		row := []string{"  " + layer.name, formatBytes(layer.received), formatBytes(layer.sent), "-", results.Format(both/all, results.UnitRatio)}
		if deliveries > 0 {
			row[3] = formatBytes(both / deliveries)
		}
		rows = append(rows, row)
	}
	right := tw.AlignRight
	lines, err := align(rows, tw.AlignLeft, right, right, right, right)
	if err != nil {
		return err
	}
	p.gap()
	p.out.WriteString(p.paint(bold, title))
	p.line(dim, strings.TrimPrefix(lines[0], title))
	for _, line := range lines[1:] {
		p.line(plain, line)
	}
	for _, line := range wrap(linkOf(p.d, s.OnLink), p.options.Width-2) {
		p.line(plain, "  "+line)
	}
	return nil
}

func formatBytes(n float64) string { return results.Format(n, results.UnitBytes) }

// deliveries gives the number that bytes are divided by, and what such a share is called.
func (p *page) deliveries() (n float64, each string) {
	if n, ok := p.value(results.DeliveriesReceived); ok {
		return n, "a delivery"
	}
	n, _ = p.value(results.EventsReceived) // observed without a sequence
	return n, "an event"
}

// linkOf says of which link the bytes of TCP/IP are.
func linkOf(d *results.Document, known bool) string {
	switch w := d.Run.Wire; {
	case !known || w == nil:
		return "TCP/IP is not known: this system does not tell what its sockets cost on the link"
	case w.Layer == results.WireLoopback:
		return fmt.Sprintf("TCP/IP is the loopback device's: %d B of headers a segment of up to 64 KiB. Its packets are not Ethernet's, "+
			"which are more, of 1,500 B, with 14 B more of headers each", w.HeaderBytes)
	default:
		return fmt.Sprintf("TCP/IP is Ethernet's: %d B of headers a segment, with retransmissions and pure ACKs", w.HeaderBytes)
	}
}
