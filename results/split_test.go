package results

import "testing"

func TestSplitAddsUpToTheLink(t *testing.T) {
	metrics := make(map[string]Value)
	for id, n := range map[ID]float64{
		PayloadReceived: 1000, BodyReceived: 1300, TLSReceived: 200, BytesReceived: 2000, WireReceived: 2600,
		PayloadSent: 50, BodySent: 60, TLSSent: 90, BytesSent: 400, WireSent: 700,
	} {
		metrics[id.String()] = Value{Kind: KindCounter, Unit: UnitBytes, Value: &n}
	}
	s, ok := SplitBytes(metrics)
	want := Split{
		Received: Layers{Payload: 1000, Framing: 300, HTTP: 500, TLS: 200, TCPIP: 600},
		Sent:     Layers{Payload: 50, Framing: 10, HTTP: 250, TLS: 90, TCPIP: 300},
		OnLink:   true,
	}
	if !ok || s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	if got := s.Received.Plus(s.Sent).Sum(); got != 2600+700 {
		t.Errorf("all layers have %g bytes, the link had 3300", got)
	}
	delete(metrics, WireReceived.String())
	delete(metrics, WireSent.String())
	if s, ok := SplitBytes(metrics); !ok || s.OnLink || s.Received.Sum() != 2000 || s.Sent.Sum() != 400 {
		t.Errorf("without the link's bytes: %+v", s)
	}
	if _, ok := SplitBytes(nil); ok {
		t.Error("nothing can be taken apart")
	}
}
