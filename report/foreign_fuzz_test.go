package report

import (
	"bytes"
	"strings"
	"testing"

	"ssebench/results"
)

// FuzzForeignDocuments shows that every document that can be read can be rendered, beside itself too, and that no control character of
// what is in it reaches a terminal.
func FuzzForeignDocuments(f *testing.F) {
	for _, sample := range []func() (*results.Header, []*results.Interval){quickstart, outages} {
		d, err := results.Fold(sample())
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		if err := JSON(&b, d); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"format":"ssebench/1","run":{"scenario":"a\u001b[31mb"},"metrics":{"connections.failed":{"kind":"counter","by":{"\u0007":3}}},"warnings":[{"token":"x","message":"\u001b]0;x\u0007"}]}`))
	f.Add([]byte(`{"format":"ssebench/1","metrics":{"fanout.latency":{"kind":"histogram","count":9}},"thresholds":[{"expression":"\u001b[2J"}],"outages":[{}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := results.Read(bytes.NewReader(in))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Text(&out, d, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := Compare(&out, []*results.Document{d, d}); err != nil {
			return // that they cannot be compared is said
		}
		if i := strings.IndexFunc(out.String(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }); i >= 0 {
			t.Fatalf("a control character in %q", out.String()[max(i-20, 0):i+1])
		}
	})
}
