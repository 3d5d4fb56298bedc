package loadgen

import (
	"bytes"
	"encoding/json"
	"hash/maphash"

	"ssebench/loadgen/internal/jsonpointer"
)

// answer is what is in the body of a poll's answer that is JSON: parts of body, of texts, or of a
// body that was too long to be kept.
type answer struct {
	body   []byte // that was decoded; empty: none is kept
	texts  []byte // what had to be decoded once more
	cursor []byte
	gap    bool // the server declares that it has not all that was missed
	events []polledEvent
}

type polledEvent struct{ kind, data []byte }

// answers remember what was decoded last: those who ask at the same time mostly get the same, and comparing it is far cheaper than decoding
// it again.
type answers [16]answer

// of gives what is in a body, valid until the next call and as long as the body is; the error is a *Failure.
func (all *answers) of(c *polling, body []byte) (*answer, error) {
	a := &all[maphash.Bytes(readingSeed, body)%uint64(len(all))]
	if len(a.body) > 0 && bytes.Equal(a.body, body) {
		return a, nil
	}
	if cap(a.texts) > longestBody {
		a.texts = nil
	}
	*a = answer{body: a.body[:0], texts: a.texts[:0], events: a.events[:0]}
	if len(body) <= longestRemembered {
		a.body = append(a.body, body...)
		body = a.body
	}
	if err := a.decode(c, body); err != nil {
		a.body = a.body[:0]
		return nil, err
	}
	return a, nil
}

func (a *answer) decode(c *polling, body []byte) error {
	if !c.lines {
		return a.decodeList(c, body)
	}
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !jsonpointer.Valid(line) {
			return malformed(line)
		}
		a.readCursor(c, line)
		if err := a.add(c, line); err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) decodeList(c *polling, body []byte) error {
	if !jsonpointer.Valid(body) {
		return malformed(body)
	}
	a.readCursor(c, body)
	if c.gap != nil {
		says, _ := c.gap.Find(body)
		a.gap = string(says) == "true"
	}
	value, _ := c.events.Find(body)
	list, ok := jsonpointer.ListOf(value)
	if !ok {
		return &Failure{"events_missing", "an answer has no list of events where target.poll.events says"}
	}
	for event, ok := list.Next(); ok; event, ok = list.Next() {
		if err := a.add(c, event); err != nil {
			return err
		}
	}
	return nil
}

// readCursor reads the cursor where it is in the answer; empty: there is none.
func (a *answer) readCursor(c *polling, text []byte) {
	if c.at != nil {
		a.cursor, a.texts, _ = c.at.Text(text, a.texts)
	}
}

// add takes an event in. Its data is a text where it is a JSON string, else JSON as it is written.
func (a *answer) add(c *polling, event []byte) error {
	var e polledEvent
	var ok bool
	if e.data, a.texts, ok = c.envelope.data.Text(event, a.texts); !ok {
		return &Failure{"events_missing", "an event has no data where target.poll.data says"}
	}
	e.kind, a.texts, _ = c.envelope.kind.Text(event, a.texts)
	a.events = append(a.events, e)
	return nil
}

func malformed(text []byte) *Failure {
	var v any
	err := json.Unmarshal(text, &v)
	return &Failure{"json_malformed", "an answer is no JSON: " + err.Error()}
}
