package results

// Layers are bytes by the layer that they are of. They add up to what was on the link, or, where that is not known, to what TCP carried.
type Layers struct {
	Payload float64 // event data
	Framing float64 // of events: field names, IDs, comments, JSON around the data; below zero where content was compressed
	HTTP    float64 // headers, transfer coding, frames of HTTP/2 and WebSocket
	TLS     float64 // handshakes, and the overhead of records
	TCPIP   float64 // headers of the link, IP and TCP, retransmissions, pure ACKs; 0 where the link is not known
}

// Sum is all of it.
func (l Layers) Sum() float64 { return l.Payload + l.Framing + l.HTTP + l.TLS + l.TCPIP }

// Plus adds two.
func (l Layers) Plus(o Layers) Layers {
	return Layers{l.Payload + o.Payload, l.Framing + o.Framing, l.HTTP + o.HTTP, l.TLS + o.TLS, l.TCPIP + o.TCPIP}
}

// Split says of what the bytes of a run, or of a phase of it, consisted.
type Split struct {
	Received, Sent Layers
	OnLink         bool // the link's bytes are known
}

// SplitBytes takes the bytes of metrics apart: those of a document or of a phase. It answers false where nothing was received.
//
//	payload   payload.received,                               payload.sent
//	framing   body.received − payload.received,               body.sent − payload.sent
//	HTTP      bytes.received − tls.received − body.received,  bytes.sent − tls.sent − body.sent
//	TLS       tls.received,                                   tls.sent
//	TCP/IP    wire.received − bytes.received,                 wire.sent − bytes.sent
func SplitBytes(metrics map[string]Value) (Split, bool) {
	counter := func(id ID) float64 {
		if v := metrics[id.String()].Value; v != nil {
			return *v
		}
		return 0
	}
	received, body := counter(BytesReceived), counter(BodyReceived)
	if _, ok := metrics[BodyReceived.String()]; !ok || received == 0 {
		return Split{}, false
	}
	s := Split{OnLink: counter(WireReceived) > 0}
	payload, tls := counter(PayloadReceived), counter(TLSReceived)
	s.Received = Layers{Payload: payload, Framing: body - payload, HTTP: received - tls - body, TLS: tls}
	sent, tls := counter(BytesSent), counter(TLSSent)
	payload, body = counter(PayloadSent), counter(BodySent)
	s.Sent = Layers{Payload: payload, Framing: body - payload, HTTP: sent - tls - body, TLS: tls}
	if s.OnLink {
		s.Received.TCPIP = counter(WireReceived) - received
		s.Sent.TCPIP = counter(WireSent) - sent
	}
	return s, true
}
