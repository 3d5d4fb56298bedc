package publish

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Answers that no Redis gives end the call with a token; nothing is allocated that they ask for, and nothing nests without end.
func TestRedisAnswersAreBounded(t *testing.T) {
	for name, answer := range map[string]string{
		"a string as long as can be": "$9223372036854775807\r\n",
		"a string that is too long":  "$65537\r\n",
		"an array as long as can be": "*2147483647\r\n",
		"an array that is too long":  "*65\r\n",
		"a length beyond 64 bits":    "$99999999999999999999\r\n",
		"a negative length":          "$-2\r\n",
		"no length":                  "$\r\n",
		"arrays in arrays, endless":  strings.Repeat("*1\r\n", 1<<16),
		"an error, endless":          "-" + strings.Repeat("x", 1<<20),
		"a header, endless":          "$" + strings.Repeat("0", 1<<20),
		"a map of RESP3":             "%2\r\n+a\r\n:1\r\n",
		"a push of RESP3":            ">1\r\n+a\r\n",
		"a big number of RESP3":      "(3492890328409238509324850943850943825024385\r\n",
		"an answer without a type":   "OK\r\n",
		"an empty line":              "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			address := answering(t, func(c net.Conn) { fmt.Fprint(c, answer) })
			h := newRedis(t, Redis{Address: address, Channel: "c", Timeout: 5 * time.Second})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			wantFailure(t, h.Publish(t.Context(), event("t", 1, "x")), "hook_redis_protocol", "does not answer as Redis does")
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
				t.Errorf("%d bytes were allocated", grown)
			}
		})
	}
}

// What Redis answers passes, in any splits, and an answer's end is known.
func TestRedisAnswersPass(t *testing.T) {
	for _, answer := range []string{
		"+OK\r\n", ":3\r\n", "-ERR wrong\r\n", "$-1\r\n", "$0\r\n\r\n", "$5\r\nab\r\nc\r\n", "*-1\r\n", "*0\r\n",
		"*2\r\n$1\r\na\r\n*2\r\n:1\r\n+b\r\n", "+PONG\r\n:1\r\n", "$65536\r\n" + strings.Repeat("x", 65536) + "\r\n",
	} {
		for size := range 4 {
			var c replyCheck
			for i, n := 0, max(1, len(answer)*size/3); i < len(answer); i += n {
				if wrong := c.feed([]byte(answer[i:min(i+n, len(answer))])); wrong != "" {
					t.Errorf("%.20q: %s", answer, wrong)
				}
			}
			if len(c.line) > 0 || c.left > 0 || len(c.open) > 0 {
				t.Errorf("%.20q is not complete: %d bytes of a line, %d to come, arrays %v", answer, len(c.line), c.left, c.open)
			}
		}
	}
}

// scripted is a connection that answers what it was given.
type scripted struct {
	net.Conn
	rest []byte
}

func (s *scripted) Read(b []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, net.ErrClosed
	}
	n := copy(b[:min(len(b), 7)], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
func (*scripted) Write(b []byte) (int, error)      { return len(b), nil }
func (*scripted) Close() error                     { return nil }
func (*scripted) SetReadDeadline(time.Time) error  { return nil }
func (*scripted) SetWriteDeadline(time.Time) error { return nil }

// FuzzRedisReplies shows that no answer brings the client library down or makes it allocate, and that splits do not matter.
func FuzzRedisReplies(f *testing.F) {
	for _, s := range []string{"+OK\r\n:1\r\n", "$5\r\nhello\r\n", "*2\r\n$-1\r\n*1\r\n:7\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "$9223372036854775807\r\n", "-ERR\r\n%1\r\n"} {
		f.Add([]byte(s), uint16(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		var whole, split replyCheck
		i := int(at) % (len(in) + 1)
		want, got := whole.feed(in), split.feed(in[:i])
		if got == "" {
			got = split.feed(in[i:])
		}
		if want != got {
			t.Fatalf("whole: %q, split at %d: %q", want, i, got)
		}
		conn := redis.NewConn(&replies{Conn: &scripted{rest: in}, where: "it"}, time.Second, time.Second)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 100 {
			if _, err := conn.Receive(); err != nil && conn.Err() != nil {
				break
			}
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > uint64(64*len(in)+16<<20) {
			t.Fatalf("%d bytes were allocated for %d", grown, len(in))
		}
	})
}
