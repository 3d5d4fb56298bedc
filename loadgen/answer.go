package loadgen

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
)

// answer is what is in the body of a poll's answer that is JSON. It holds no part of the body.
type answer struct {
	body   []byte // that was decoded; empty: none
	cursor string
	events []polledEvent
}

type polledEvent struct{ kind, data []byte }

// answers remember what was decoded last: those who ask at the same time mostly get the same, and comparing it is far cheaper than decoding
// it again.
type answers [16]answer

// of gives what is in a body, valid until the next call; the error is a *Failure.
func (all *answers) of(c *polling, body []byte) (*answer, error) {
	a := &all[maphash.Bytes(readingSeed, body)%uint64(len(all))]
	if len(a.body) > 0 && bytes.Equal(a.body, body) {
		return a, nil
	}
	*a = answer{body: a.body[:0], events: a.events[:0]}
	if err := a.decode(c, body); err != nil {
		return nil, err
	}
	if len(body) <= longestRemembered {
		a.body = append(a.body, body...)
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
		if !json.Valid(line) {
			return malformed(line)
		}
		if c.at != nil {
			a.cursor, _ = c.at.text(line)
		}
		if err := a.add(c, line); err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) decodeList(c *polling, body []byte) error {
	if !json.Valid(body) {
		return malformed(body)
	}
	if c.at != nil {
		a.cursor, _ = c.at.text(body)
	}
	list, ok := c.events.follow(body)
	var events []json.RawMessage
	if !ok || json.Unmarshal(list, &events) != nil || events == nil {
		return &Failure{"events_missing", "an answer has no list of events where target.poll.events says"}
	}
	for _, event := range events {
		if err := a.add(c, event); err != nil {
			return err
		}
	}
	return nil
}

// add takes an event in. Its data is a text where it is a JSON string, else JSON as it is written.
func (a *answer) add(c *polling, event json.RawMessage) error {
	data, ok := c.envelope.data.text(event)
	if !ok {
		return &Failure{"events_missing", "an event has no data where target.poll.data says"}
	}
	kind, _ := c.envelope.kind.text(event)
	a.events = append(a.events, polledEvent{[]byte(kind), []byte(data)})
	return nil
}

func malformed(text []byte) *Failure {
	var v any
	err := json.Unmarshal(text, &v)
	return &Failure{"json_malformed", "an answer is no JSON: " + err.Error()}
}
