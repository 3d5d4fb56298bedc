package loadgen

// Token is a short stable name of a way in which something fails. Failures are counted by it.
type Token struct{ Name, Meaning string }

// Tokens lists those that this package makes, by which streams that a Transport brought are judged.
var Tokens = []Token{
	{"content_encoding", "the response is coded although only identity was asked for"},
	{"content_type", "the response is no text/event-stream"},
	{"cut_fin", "an outage of the scenario closed the connection on our side"},
	{"cut_rst", "an outage of the scenario reset the connection on our side"},
	{"cut_silence", "an outage of the scenario left the connection without a word"},
	{"eof_mid_event", "the stream ended inside an event, which was dropped"},
	{"event_too_long", "an event is longer than the limit"},
	{"status_NNN", "the response has status NNN, not 200; 204 ends a subscription for good"},
}
