package main

import (
	"bytes"
	"encoding/json"
)

// Where the server's data is objects, no stream gets the bytes of another: tb is the time of the
// broadcast's first write, tw that of the write to the stream, p what was published.
const (
	beforeBroadcast = `{"tb":`
	beforeWrite     = `,"tw":`
	beforePublished = `,"p":"`
	noTime          = "0000000000000000000"
)

// newObjects lays the events out as an event stream of objects.
func newObjects(events []publication) *text {
	t := &text{differs: true}
	for _, e := range events {
		t.shared = append(t.shared, "data: "+beforeBroadcast...)
		t.begun = append(t.begun, len(t.shared)-1)
		t.shared = append(t.shared, noTime+beforeWrite...)
		t.clocks = append(t.clocks, len(t.shared)-1)
		t.shared = append(append(t.shared, noTime+beforePublished...), e.data...)
		t.shared = append(t.shared, "\"}\n\n"...)
	}
	return t
}

// decoded reads the time of writing as a client does that uses encoding/json; zero if there is none.
func decoded(data []byte) (nanos int64) {
	var said struct {
		Written int64 `json:"tw"`
	}
	if json.Unmarshal(data, &said) != nil {
		return 0
	}
	return said.Written
}

// writtenInObject reads the same by its place alone, for the sample's lag beside the engine's reading.
func writtenInObject(data []byte) (nanos int64) {
	const at = len(beforeBroadcast) + clockDigits + len(beforeWrite)
	if len(data) < at+clockDigits || !bytes.HasPrefix(data, []byte(beforeBroadcast)) {
		return 0
	}
	return decimal(data[at : at+clockDigits])
}
