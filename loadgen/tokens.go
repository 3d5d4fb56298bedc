package loadgen

import "ssebench/results"

// Token is a short stable name of a way in which something fails. Failures are counted by it.
type Token struct{ Name, Meaning string }

// tokenEOFMidEvent is the end of an event stream inside an event.
const tokenEOFMidEvent = "eof_mid_event"

// What kept a subscriber from ever having a stream, where no failure of its last attempt says it.
const (
	tokenDialPending = "dial_pending" // or results.HeadersPending
	tokenRetrying    = "retrying"
)

// Tokens lists those that this package makes, by which streams that a Transport brought are judged.
var Tokens = []Token{
	{"answer_too_long", "an answer to a poll is longer than target.event_limit"},
	{TokenBufferLimit, "all streams together hold more than target.buffer_limit of events that have not ended, and this one crossed it"},
	{"content_encoding", "the response is coded although only identity was asked for"},
	{"content_type", "the response is no text/event-stream; of a poll, not of the format that the scenario names"},
	{"cursor_missing", "an answer to a poll has no cursor where the scenario says"},
	{"cursor_went_back", "the cursor of an answer to a poll is lower than that of the answer before"},
	{"cut_fin", "an outage of the scenario closed the connection on our side"},
	{"cut_rst", "an outage of the scenario reset the connection on our side"},
	{"cut_silence", "an outage of the scenario left the connection without a word"},
	{tokenDialPending, "the connection of a subscriber that never had a stream was not established when the run ended"},
	{tokenEOFMidEvent, "the stream ended inside an event, which was dropped"},
	{"events_missing", "an answer to a poll has no events, or an event no data, where the scenario says"},
	{"event_too_long", "an event is longer than the limit"},
	{results.HeadersPending, "the request of a subscriber that never had a stream was sent, and no response header had come when the run ended"},
	{"json_malformed", "an answer to a poll is no JSON"},
	{tokenRetrying, "all attempts of a subscriber that never had a stream had failed when the run ended"},
	{"status_NNN", "the response has status NNN, not 200; 204 ends a subscription for good, but not one that polls; a poller waits as long as Retry-After says"},
}
