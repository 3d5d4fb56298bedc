package transport

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzResponse proves that splits never change the outcome, whatever the input, and that a failure leaves nothing unbounded.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd",
		"HTTP/1.0 200\nConnection: keep-alive\n\nabc", "HTTP/1.1 204 x\r\n\r\n", "HTTP/1.1 200 OK\r\n a\r\n\r\n", "SSH",
	} {
		f.Add([]byte(s), uint16(1), uint16(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, first, second uint16) {
		want := parse(256, string(in))
		i := int(first) % (len(in) + 1)
		j := i + int(second)%(len(in)-i+1)
		for _, pieces := range [][]string{inPieces(string(in), 1), {string(in[:i]), string(in[i:j]), string(in[j:])}} {
			if d := cmp.Diff(want, parse(256, pieces...)); d != "" {
				t.Fatalf("%q in %q:\n%s", in, pieces, d)
			}
		}
	})
}

// FuzzWellFormed composes responses and compares with what net/http reads from them.
func FuzzWellFormed(f *testing.F) {
	f.Add(uint8(0), uint8(0), "Content-Type", "text/event-stream", []byte("data: 1\n\n"), uint8(3))
	f.Add(uint8(1), uint8(1), "X", "y", []byte("abc"), uint8(1))
	f.Add(uint8(2), uint8(2), "Set-Cookie", "a=b", []byte(""), uint8(9))
	f.Fuzz(func(t *testing.T, framing, status uint8, name, value string, body []byte, step uint8) {
		switch http.CanonicalHeaderKey(name) {
		case "Transfer-Encoding", "Content-Length", "Connection", "Trailer":
			return
		}
		if _, _, err := fieldLine([]byte(name + ":" + value + "x")); err != nil || strings.ContainsAny(value, "\r\n") {
			return
		}
		in := compose(framing, status, name, value, body, int(step)%7+1)
		got := sameInAnySplit(t, defaultHeadLimit, in)
		r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(in)), nil)
		if err != nil {
			t.Fatalf("net/http: %v\n%q", err, in)
		}
		content, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatalf("net/http: %v\n%q", err, in)
		}
		want := parsed{Status: r.StatusCode, Proto: r.Proto, Header: r.Header, Heads: 1, Body: string(content), Keep: got.Keep}
		// net/http moves the framing fields elsewhere.
		maps.DeleteFunc(got.Header, func(k string, _ []string) bool { return k == "Transfer-Encoding" || k == "Content-Length" })
		r.Header.Del("Content-Length")
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q:\n%s", in, d)
		}
		if want := framing%3 != 2 || !bodied(r.StatusCode); got.Keep != want {
			t.Fatalf("%q: keep is %v", in, got.Keep)
		}
	})
}

func bodied(status int) bool { return status != 204 && status != 304 }

// compose writes a response: chunked in steps, with a length, or up to the close.
func compose(framing, status uint8, name, value string, body []byte, step int) string {
	var b bytes.Buffer
	code := []int{200, 204, 304, 404, 503}[int(status)%5]
	fmt.Fprintf(&b, "HTTP/1.1 %d Some Reason\r\n%s: %s\r\n", code, name, value)
	if !bodied(code) {
		b.WriteString("\r\n")
		return b.String()
	}
	switch framing % 3 {
	case 0:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		for c := range slices.Chunk(body, step) {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(c), c)
		}
		b.WriteString("0\r\n\r\n")
	case 1:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	case 2:
		fmt.Fprintf(&b, "\r\n%s", body)
	}
	return b.String()
}
