package jsonpointer_test

import (
	"fmt"

	"ssebench/loadgen/internal/jsonpointer"
)

func Example() {
	answer := []byte(`{"cursor": 17, "events": [{"data": "a\tb"}, {"data": {"n": 1}}]}`)
	cursor, _ := jsonpointer.Parse("/cursor").Uint(answer)
	fmt.Println("cursor", cursor)

	value, _ := jsonpointer.Parse("/events").Find(answer)
	events, _ := jsonpointer.ListOf(value)
	data := jsonpointer.Parse("/data")
	for {
		event, ok := events.Next()
		if !ok {
			break
		}
		text, _, _ := data.Text(event, nil)
		fmt.Printf("%q\n", text)
	}
	// Output:
	// cursor 17
	// "a\tb"
	// "{\"n\": 1}"
}
