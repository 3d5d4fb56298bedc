package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"ssebench/loadgen/sse/ssetest"
)

const vectorFolder = "../../loadgen/sse/testdata"

func loadVectors(t *testing.T) []ssetest.Vector {
	t.Helper()
	vectors, err := ssetest.Load(vectorFolder)
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

// object is one line of decode or listen --json.
type object struct {
	Event *struct {
		Type string `json:"type"`
		Data string `json:"data"`
		ID   string `json:"id"`
		At   string `json:"at"`
	} `json:"event"`
	Comment   *string `json:"comment"`
	Retry     *int64  `json:"retry"`
	Open      *any    `json:"open"`
	Reconnect *struct {
		Delay       int64  `json:"delay_ms"`
		LastEventID string `json:"last_event_id"`
	} `json:"reconnect"`
	Error *struct {
		Token   string `json:"token"`
		Message string `json:"message"`
	} `json:"error"`
	End *struct {
		LastEventID string `json:"last_event_id"`
		Retry       *int64 `json:"retry"`
		Discarded   bool   `json:"discarded"`
		Events      int    `json:"events"`
		Token       string `json:"token"`
	} `json:"end"`
}

// readObjects reads lines of objects and what of them a vector tells: events, comments and retries.
func readObjects(t *testing.T, lines string) (all []object, outcomes []ssetest.Outcome) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var o object
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&o); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, o)
		switch {
		case o.Event != nil:
			outcomes = append(outcomes, ssetest.Outcome{Kind: "event", Type: o.Event.Type, Data: o.Event.Data, ID: o.Event.ID})
		case o.Comment != nil:
			outcomes = append(outcomes, ssetest.Outcome{Kind: "comment", Text: *o.Comment})
		case o.Retry != nil:
			outcomes = append(outcomes, ssetest.Outcome{Kind: "retry", Millis: *o.Retry})
		}
	}
	return all, outcomes
}

// shown is what of a vector's outcomes a browser shows.
func shown(outcomes []ssetest.Outcome) []ssetest.Outcome {
	var valid []ssetest.Outcome
	for _, o := range outcomes {
		o.Type, o.Data, o.ID, o.Text = text([]byte(o.Type)), text([]byte(o.Data)), text([]byte(o.ID)), text([]byte(o.Text))
		valid = append(valid, o)
	}
	return valid
}

func TestDecodeVectors(t *testing.T) {
	for _, v := range loadVectors(t) {
		if v.Last != "" {
			continue // decode has no stream before its own
		}
		for _, chunk := range []int{0, 1, 2, 3} {
			t.Run(fmt.Sprintf("%s/%d", v.Name, chunk), func(t *testing.T) {
				args := []string{"decode"}
				if chunk > 0 {
					args = append(args, "--chunk", strconv.Itoa(chunk))
				}
				if v.Limit > 0 {
					args = append(args, "--limit", strconv.FormatInt(v.Limit, 10))
				}
				var out, errors strings.Builder
				code := run(t.Context(), args, strings.NewReader(v.In), &out, &errors)
				all, got := readObjects(t, out.String())
				if want := shown(v.Out); !reflect.DeepEqual(got, want) {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
				end := all[len(all)-1].End
				if end == nil {
					t.Fatalf("the last line is no end:\n%s", out.String())
				}
				var retry *int64
				for _, o := range v.Out {
					if o.Kind == "retry" {
						retry = &o.Millis
					}
				}
				if end.LastEventID != text([]byte(v.LastID)) || end.Discarded != v.Discarded || !reflect.DeepEqual(end.Retry, retry) {
					t.Errorf("end %+v, want %q, %v, %t", *end, v.LastID, retry, v.Discarded)
				}
				var failure string
				if len(all) > 1 && all[len(all)-2].Error != nil {
					failure = all[len(all)-2].Error.Token
				}
				if failure != v.Error || (code == exitFailed) != (v.Error != "") || (code == 0) != (v.Error == "") {
					t.Errorf("error %q, exit code %d, want %q; %s", failure, code, v.Error, errors.String())
				}
			})
		}
	}
}
