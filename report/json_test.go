package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"ssebench/results"
)

func TestJSONIsTheDocument(t *testing.T) {
	for _, sample := range []func() (*results.Header, []*results.Interval){quickstart, troubled, observed} {
		d := fold(t, sample)
		d.Warnings = append(d.Warnings, results.Warning{Token: "x", Message: `quotes " and \ and , [ { in a long message that does not fit on the line of its object at all, at all`})
		var out, compact bytes.Buffer
		if err := JSON(&out, d); err != nil {
			t.Fatal(err)
		}
		if err := json.Compact(&compact, out.Bytes()); err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		want, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if compact.String() != string(want) {
			t.Errorf("got  %s\nwant %s", compact.String(), want)
		}
		back, err := results.Read(&out)
		if err != nil || back.Run.ID != d.Run.ID {
			t.Errorf("read back: %v", err)
		}
	}
}

func TestJSONPutsARowOnALine(t *testing.T) {
	var out bytes.Buffer
	if err := JSON(&out, fold(t, quickstart)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"{\n  \"format\": \"ssebench/1\",\n",
		"\n    \"deliveries.lost\": {\"kind\": \"counter\", \"unit\": \"1\", \"value\": 0},\n",
		"\n      [2500000000, 1800, 5000,",
		"\n  \"warnings\": []\n}\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
