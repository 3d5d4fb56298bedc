package results

import "fmt"

// The tokens of deliveries.unexpected.
const (
	UnexpectedTopic       = "topic"
	UnexpectedRun         = "run"
	UnexpectedEarlier     = "earlier"
	UnexpectedUnpublished = "unpublished"
)

// unexpectedMeanings say what is behind receipts that nobody expected, and which of them a healthy server may cause.
var unexpectedMeanings = []struct{ token, meaning string }{
	{UnexpectedTopic, "carry the mark of another topic than their stream's: does the server look at the topic that the subscriber asks for, and the hook name the event's own?"},
	{UnexpectedRun, "carry the mark of another run: the server sends its history to new subscribers, which is no fault, or another run publishes to it now"},
	{UnexpectedEarlier, "are of events from before their subscription: the server sends new subscribers what it has kept, which is no fault where that is meant"},
	{UnexpectedUnpublished, "have a number that was never published: others publish to the topic, or the number is read from the wrong place"},
}

// unexpectedReceipts explains them, so that they are never silent.
func unexpectedReceipts(v *Values) (all []Warning) {
	for _, m := range unexpectedMeanings {
		if n := v.By(DeliveriesUnexpected)[m.token]; n > 0 {
			all = append(all, Warning{Token: "unexpected_" + m.token, Message: fmt.Sprintf("%s receipts %s", Format(float64(n), UnitOne), m.meaning)})
		}
	}
	return all
}
