package transport

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssebench/loadgen"
)

// parsed is all that a parser tells.
type parsed struct {
	Status int
	Proto  string
	Header http.Header
	Heads  int
	Body   string
	Token  string // of the failure, or of end; empty: a complete response
	Keep   bool
}

func (p *parsed) head(status int, proto string, h http.Header, _ time.Time) error {
	p.Status, p.Proto, p.Header = status, proto, h
	p.Heads++
	return nil
}

func (p *parsed) body(b []byte, _ time.Time) error {
	if len(b) == 0 {
		return errors.New("empty body slice")
	}
	p.Body += string(b)
	return nil
}

// parse feeds a whole connection in pieces and ends it.
func parse(limit int, pieces ...string) (out parsed) {
	var p responseParser
	p.reset(limit)
	var err error
	for _, piece := range pieces {
		if err = p.feed([]byte(piece), time.Time{}, &out); err != nil {
			break
		}
	}
	if err == nil {
		err = p.end()
	}
	var f *loadgen.Failure
	switch {
	case err == nil:
		out.Keep = p.keep
	case errors.As(err, &f):
		out.Token = f.Token
	default:
		out.Token = err.Error()
	}
	return out
}

func inPieces(s string, n int) (out []string) {
	for len(s) > n {
		out, s = append(out, s[:n]), s[n:]
	}
	return append(out, s)
}

// sameInAnySplit parses the input whole, by 1, 2 and 3 bytes and at every split point.
func sameInAnySplit(t *testing.T, limit int, in string) parsed {
	t.Helper()
	want := parse(limit, in)
	check := func(how string, got parsed) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q %s differs from whole:\n%s", in, how, d)
		}
	}
	for n := 1; n <= 3; n++ {
		check(fmt.Sprint("by ", n), parse(limit, inPieces(in, n)...))
	}
	if len(in) < 1000 {
		for i := range in {
			check(fmt.Sprint("split at ", i), parse(limit, in[:i], in[i:]))
		}
	}
	return want
}

func TestResponse(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	long := strings.Repeat("x", 600)
	for name, c := range map[string]struct {
		in   string
		want parsed // Header and Heads are not compared
	}{
		"close-delimited":              {ok + "\r\nabc", parsed{200, "HTTP/1.1", nil, 0, "abc", "", false}},
		"close-delimited, empty":       {ok + "\r\n", parsed{200, "HTTP/1.1", nil, 0, "", "", false}},
		"bare LF in the head":          {"HTTP/1.1 200 OK\nA: b\n\nabc", parsed{200, "HTTP/1.1", nil, 0, "abc", "", false}},
		"no reason phrase":             {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", parsed{200, "HTTP/1.1", nil, 0, "a", "", true}},
		"empty reason phrase":          {"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na", parsed{200, "HTTP/1.1", nil, 0, "a", "", true}},
		"length":                       {ok + "Content-Length: 3\r\n\r\nabc", parsed{200, "HTTP/1.1", nil, 0, "abc", "", true}},
		"length, surplus":              {ok + "Content-Length: 3\r\n\r\nabcd", parsed{200, "HTTP/1.1", nil, 0, "abc", "", false}},
		"length 0":                     {ok + "Content-Length: 0\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "", "", true}},
		"length twice the same":        {ok + "Content-Length: 3\r\nContent-Length: 3, 3\r\n\r\nabc", parsed{200, "HTTP/1.1", nil, 0, "abc", "", true}},
		"lengths that differ":          {ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", parsed{Token: tokenContentLength}},
		"length with a sign":           {ok + "Content-Length: +3\r\n\r\nabc", parsed{Token: tokenContentLength}},
		"length empty":                 {ok + "Content-Length:\r\n\r\nabc", parsed{Token: tokenContentLength}},
		"length beyond 63 bits":        {ok + "Content-Length: 9223372036854775808\r\n\r\n", parsed{Token: tokenContentLength}},
		"length, truncated":            {ok + "Content-Length: 4\r\n\r\nabc", parsed{200, "HTTP/1.1", nil, 0, "abc", tokenBodyTruncated, false}},
		"Connection: close":            {ok + "Connection: a, Close\r\nContent-Length: 0\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "", "", false}},
		"HTTP/1.0":                     {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", parsed{200, "HTTP/1.0", nil, 0, "a", "", false}},
		"HTTP/1.0 keep-alive":          {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na", parsed{200, "HTTP/1.0", nil, 0, "a", "", true}},
		"HTTP/1.0 knows no chunks":     {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", parsed{200, "HTTP/1.0", nil, 0, "0\r\n", "", false}},
		"chunked":                      {ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "abc", "", true}},
		"chunked, any case":            {ok + "transfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "01234567890123456789", "", true}},
		"chunked wins over a length":   {ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbc\r\n0\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "bc", "", true}},
		"chunk extensions":             {ok + "Transfer-Encoding: chunked\r\n\r\n3 ;a=\"b;c\"\r\nabc\r\n0;x\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "abc", "", true}},
		"leading zeros":                {ok + "Transfer-Encoding: chunked\r\n\r\n0003\r\nabc\r\n000\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "abc", "", true}},
		"trailers":                     {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "", "", true}},
		"malformed trailer":            {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nA b\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenChunkMalformed, false}},
		"trailers too large":           {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: " + long + "\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenHeaderTooLarge, false}},
		"chunked, no last chunk":       {ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", parsed{200, "HTTP/1.1", nil, 0, "a", tokenBodyTruncated, false}},
		"chunked, end inside a chunk":  {ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nabc", parsed{200, "HTTP/1.1", nil, 0, "abc", tokenBodyTruncated, false}},
		"chunked, end after 0":         {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenBodyTruncated, false}},
		"chunk size no hex":            {ok + "Transfer-Encoding: chunked\r\n\r\ng\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenChunkMalformed, false}},
		"chunk size empty":             {ok + "Transfer-Encoding: chunked\r\n\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenChunkMalformed, false}},
		"chunk size negative":          {ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenChunkMalformed, false}},
		"chunk size too long":          {ok + "Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenChunkMalformed, false}},
		"chunk line too long":          {ok + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", chunkLineLimit) + "\r\na\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenChunkMalformed, false}},
		"chunk line with a bare LF":    {ok + "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "", tokenChunkMalformed, false}},
		"chunk longer than its size":   {ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nabcd\r\n", parsed{200, "HTTP/1.1", nil, 0, "a", tokenChunkMalformed, false}},
		"chunk shorter than its size":  {ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nab\r\n0\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "ab\r\n", tokenChunkMalformed, false}},
		"gzip, chunked":                {ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", parsed{Token: tokenTransferEncoding}},
		"chunked twice":                {ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", parsed{Token: tokenTransferEncoding}},
		"204":                          {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", parsed{204, "HTTP/1.1", nil, 0, "", "", true}},
		"304":                          {"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", parsed{304, "HTTP/1.1", nil, 0, "", "", true}},
		"1xx skipped":                  {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + ok + "Content-Length: 1\r\n\r\na", parsed{200, "HTTP/1.1", nil, 0, "a", "", true}},
		"1xx without end":              {strings.Repeat("HTTP/1.1 103\r\n\r\n", interimLimit+1), parsed{Token: tokenInterimLimit}},
		"101":                          {"HTTP/1.1 101 Switching Protocols\r\n\r\n", parsed{Token: tokenSwitching}},
		"folded":                       {ok + "A: b\r\n c\r\n\r\n", parsed{Token: tokenHeaderFolded}},
		"folded with a tab":            {ok + "A: b\r\n\tc\r\n\r\n", parsed{Token: tokenHeaderFolded}},
		"folded first":                 {ok + " A: b\r\n\r\n", parsed{Token: tokenHeaderFolded}},
		"junk in the header":           {ok + "junk\r\n\r\n", parsed{Token: tokenHeaderMalformed}},
		"space before the colon":       {ok + "A : b\r\n\r\n", parsed{Token: tokenHeaderMalformed}},
		"no name":                      {ok + ": b\r\n\r\n", parsed{Token: tokenHeaderMalformed}},
		"NUL in a value":               {ok + "A: b\x00\r\n\r\n", parsed{Token: tokenHeaderMalformed}},
		"CR in a value":                {ok + "A: b\rc\r\n\r\n", parsed{Token: tokenHeaderMalformed}},
		"raw bytes in a value":         {ok + "A: \xff\xfe ü\r\nContent-Length: 0\r\n\r\n", parsed{200, "HTTP/1.1", nil, 0, "", "", true}},
		"header too large":             {ok + "A: " + long + "\r\n\r\n", parsed{Token: tokenHeaderTooLarge}},
		"header too large, many":       {ok + strings.Repeat("A: b\r\n", 100) + "\r\n", parsed{Token: tokenHeaderTooLarge}},
		"header too large, with 1xx":   {strings.Repeat("HTTP/1.1 103\r\nLink: "+long[:200]+"\r\n\r\n", 5) + ok + "\r\n", parsed{Token: tokenHeaderTooLarge}},
		"status line without an end":   {"HTTP/1.1 200 " + long, parsed{Token: tokenHeaderTooLarge}},
		"status line of another kind":  {"SSH-2.0-OpenSSH_9.2\r\n", parsed{Token: tokenStatusLine}},
		"HTTP/2's preface":             {"\x00\x00\x12\x04\x00\x00\x00\x00\x00", parsed{Token: tokenStatusLine}},
		"HTTP/2 in a status line":      {"HTTP/2 200\r\n\r\n", parsed{Token: tokenStatusLine}},
		"leading blank line":           {"\r\n" + ok + "\r\n", parsed{Token: tokenStatusLine}},
		"two spaces before the status": {"HTTP/1.1  200 OK\r\n\r\n", parsed{Token: tokenStatusLine}},
		"four digits":                  {"HTTP/1.1 2000\r\n\r\n", parsed{Token: tokenStatusLine}},
		"status 099":                   {"HTTP/1.1 099 x\r\n\r\n", parsed{Token: tokenStatusLine}},
		"status 600":                   {"HTTP/1.1 600 x\r\n\r\n", parsed{Token: tokenStatusLine}},
		"no digits":                    {"HTTP/1.1 2x0 OK\r\n\r\n", parsed{Token: tokenStatusLine}},
		"nothing":                      {"", parsed{Token: tokenNoResponse}},
		"half a status line":           {"HTTP/1.1 20", parsed{Token: tokenHeadTruncated}},
		"half a header":                {ok + "A: b\r\n", parsed{Token: tokenHeadTruncated}},
		"only 1xx":                     {"HTTP/1.1 100 Continue\r\n\r\n", parsed{Token: tokenHeadTruncated}},
	} {
		t.Run(name, func(t *testing.T) {
			got := sameInAnySplit(t, 600, c.in)
			heads := 1
			if c.want.Status == 0 {
				heads = 0
			}
			if got.Heads != heads {
				t.Errorf("%d heads, want %d", got.Heads, heads)
			}
			got.Header, got.Heads = nil, 0
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestHeaderFields(t *testing.T) {
	got := sameInAnySplit(t, 512, "HTTP/1.1 200 OK\r\ncontent-TYPE:  text/event-stream \t\r\nX-A:\r\nx-a: 2\r\nÄ: 1\r\n\r\n")
	if got.Token != tokenHeaderMalformed {
		t.Errorf("a name that is no token: %+v", got)
	}
	got = sameInAnySplit(t, 512, "HTTP/1.1 200 OK\r\ncontent-TYPE:  text/event-stream \t\r\nX-A:\r\nx-a: 2\r\n\r\n")
	want := http.Header{"Content-Type": {"text/event-stream"}, "X-A": {"", "2"}}
	if d := cmp.Diff(want, got.Header); d != "" {
		t.Error(d)
	}
}

// A stream's parser must not keep its header's memory, nor a line buffer.
func TestParserIsSmallOnceTheBodyRuns(t *testing.T) {
	var p responseParser
	var out parsed
	p.reset(defaultHeadLimit)
	for _, b := range inPieces("HTTP/1.1 200 OK\r\nA: "+strings.Repeat("x", 10_000)+"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", 7) {
		if err := p.feed([]byte(b), time.Time{}, &out); err != nil {
			t.Fatal(err)
		}
	}
	if out.Body != "a" || p.part != nil {
		t.Errorf("body %q, kept %+v", out.Body, p.part)
	}
}

// A body is handed over without copies or allocations.
func TestBodyDoesNotAllocate(t *testing.T) {
	var p responseParser
	p.reset(defaultHeadLimit)
	var sink sinkOfSlices
	if err := p.feed([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), time.Time{}, &sink); err != nil {
		t.Fatal(err)
	}
	b := []byte("5\r\nhello\r\n6\r\nworld!\r\n")
	n := testing.AllocsPerRun(100, func() {
		sink.got = sink.got[:0]
		if err := p.feed(b, time.Time{}, &sink); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(sink.got) != 2 || &sink.got[0][0] != &b[3] || &sink.got[1][0] != &b[13] {
		t.Errorf("%q are not slices of what was fed", sink.got)
	}
}

type sinkOfSlices struct{ got [][]byte }

func (s *sinkOfSlices) head(int, string, http.Header, time.Time) error { return nil }

func (s *sinkOfSlices) body(b []byte, _ time.Time) error {
	s.got = append(s.got, b)
	return nil
}

func BenchmarkResponseBody(b *testing.B) {
	var p responseParser
	p.reset(defaultHeadLimit)
	var sink discardSink
	if err := p.feed([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), time.Time{}, sink); err != nil {
		b.Fatal(err)
	}
	chunk := []byte("64\r\n" + strings.Repeat("x", 100) + "\r\n")
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		if err := p.feed(chunk, time.Time{}, sink); err != nil {
			b.Fatal(err)
		}
	}
}

type discardSink struct{}

func (discardSink) head(int, string, http.Header, time.Time) error { return nil }
func (discardSink) body([]byte, time.Time) error                   { return nil }
