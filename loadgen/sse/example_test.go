package sse_test

import (
	"fmt"

	"ssebench/loadgen/sse"
)

// printer shows what a parser understands, one line each.
type printer struct{}

func (printer) Event(ev *sse.Event) {
	data := sse.AppendValidUTF8(nil, ev.Data)
	fmt.Printf("%s %q, last event ID %q\n", ev.Name(), data, ev.ID)
}
func (printer) Comment(text []byte) { fmt.Printf("comment %q\n", text) }
func (printer) Retry(millis int64)  { fmt.Printf("reconnect after %d ms\n", millis) }

// A stream arrives in pieces that end anywhere: within a line end, a character, a field's name.
func Example() {
	var p sse.Parser
	for _, piece := range []string{
		"\xEF\xBB", "\xBFretry: 250\n: keep-alive\r", "\nid: 7\neve", "nt: price\ndata: {\ndata: }\n\n",
		"data: caf\xC3", "\n\nid: 8\ndata: cut sho",
	} {
		if err := p.Feed([]byte(piece), printer{}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("cut short:", p.End())
	fmt.Printf("a new request asks for what follows %s\n", p.LastEventID())
	// Output:
	// reconnect after 250 ms
	// comment " keep-alive"
	// price "{\n}", last event ID "7"
	// message "caf�", last event ID "7"
	// cut short: true
	// a new request asks for what follows 7
}
