package publish

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"

	"ssebench/loadgen"
)

// What an answer of Redis to AUTH, SELECT, PING or PUBLISH can be, at most: an error or a status is a line, and nothing else is long.
const (
	longestReply  = 64 << 10 // bytes of a line or of a bulk string
	mostElements  = 64       // of an array
	deepestNested = 4        // arrays in arrays
)

// replies is a connection to Redis that lets through only what its answers can be: the client library takes the lengths in them at their
// word, and allocates before it reads.
type replies struct {
	net.Conn
	where string
	check replyCheck
}

func (r *replies) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if wrong := r.check.feed(b[:n]); wrong != "" {
		return 0, fail("hook_redis_protocol", "%s does not answer as Redis does (%s); check the address", r.where, wrong)
	}
	return n, err
}

// replyCheck follows the answers of Redis in the protocol RESP2, fed in any splits.
type replyCheck struct {
	line []byte // of a header, so far
	left int    // bytes of a bulk string that are still to come, its line end included
	open []int  // elements that are still to come, of each array that is open
}

// feed takes the next bytes and says what no answer of Redis has; empty: nothing.
func (c *replyCheck) feed(b []byte) (wrong string) {
	for len(b) > 0 {
		if c.left > 0 {
			n := min(c.left, len(b))
			c.left -= n
			b = b[n:]
			if c.left == 0 {
				c.ended()
			}
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			end = len(b) - 1
		}
		c.line = append(c.line, b[:end+1]...)
		complete := b[end] == '\n'
		b = b[end+1:]
		switch {
		case !bytes.ContainsRune([]byte("+-:$*"), rune(c.line[0])):
			return fmt.Sprintf("an answer starts with %q", c.line[0])
		case len(c.line) > longestReply:
			return fmt.Sprintf("a line of more than %d bytes", longestReply)
		case !complete:
		default:
			if wrong := c.header(string(bytes.TrimRight(c.line, "\r\n"))); wrong != "" {
				return wrong
			}
			c.line = c.line[:0]
		}
	}
	return ""
}

// header takes a complete line.
func (c *replyCheck) header(line string) (wrong string) {
	if line[0] != '$' && line[0] != '*' {
		c.ended()
		return ""
	}
	n, err := strconv.Atoi(line[1:])
	switch {
	case err != nil || n < -1:
		return fmt.Sprintf("the length %q", clip(line[1:], 40))
	case line[0] == '$' && n > longestReply:
		return fmt.Sprintf("a string of %d bytes", n)
	case line[0] == '*' && n > mostElements:
		return fmt.Sprintf("an array of %d elements", n)
	case line[0] == '*' && len(c.open) == deepestNested:
		return fmt.Sprintf("arrays in arrays, more than %d deep", deepestNested)
	case line[0] == '$' && n >= 0:
		c.left = n + len("\r\n")
	case line[0] == '*' && n > 0:
		c.open = append(c.open, n)
	default:
		c.ended()
	}
	return ""
}

// ended closes an element, and the arrays that are complete with it.
func (c *replyCheck) ended() {
	for len(c.open) > 0 {
		last := len(c.open) - 1
		if c.open[last]--; c.open[last] > 0 {
			return
		}
		c.open = c.open[:last]
	}
}

// dial connects to Redis, with TLS where the address asks for it.
func (h *redisHook) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := dialer(h.config.Allow, h.config.Timeout).DialContext(ctx, network, address)
	if err != nil || !h.secure {
		return h.guarded(c), err
	}
	config := h.config.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	secured := tls.Client(c, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return h.guarded(secured), nil
}

func (h *redisHook) guarded(c net.Conn) net.Conn {
	if c == nil {
		return nil
	}
	return &replies{Conn: c, where: h.where}
}

// asFailure finds a failure that a call ended with as it is.
func asFailure(err error) *loadgen.Failure {
	f, _ := errors.AsType[*loadgen.Failure](err)
	return f
}
