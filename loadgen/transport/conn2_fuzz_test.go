package transport

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
)

// FuzzConn2 proves that splits never change what comes of a server's frames, whatever they are, and that nothing is left behind.
func FuzzConn2(f *testing.F) {
	for _, k := range conversations {
		s := newServer2()
		k.serve(s)
		if b := s.taken(); len(b) < 2000 {
			f.Add(b, uint16(1), uint16(3))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, first, second uint16) {
		want := fuzzed(in)
		i := int(first) % (len(in) + 1)
		j := i + int(second)%(len(in)-i+1)
		bytewise := make([][]byte, len(in))
		for n := range in {
			bytewise[n] = in[n : n+1]
		}
		for _, pieces := range [][][]byte{bytewise, {in[:i], in[i:j], in[j:]}} {
			if d := cmp.Diff(want, fuzzed(pieces...)); d != "" {
				t.Fatalf("%q in %q:\n%s", in, pieces, d)
			}
		}
	})
}

// fuzzed tells what comes of pieces that a server sends after the requests of five streams.
func fuzzed(pieces ...[]byte) (out []string) {
	c, _ := begun(0, 3, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 5})
	c.open(&outgoing{method: "POST", scheme: "http", authority: "a", path: "/", body: []byte("hello world")}, &told2{End: "open"})
	c.said()
	c.get()
	c.streams[2].inHead = func() error { return errors.New("enough") }
	c.streams[1].inHead = func() error { c.cancel(1); return nil }
	c.streams[0].inEnd = func() {
		if c.room() > 0 {
			c.get()
		}
	}
	for _, p := range pieces {
		c.serve(p)
	}
	for _, s := range c.streams {
		out = append(out, s.String())
	}
	out = append(out, c.said()...)
	if c.err != nil {
		out = append(out, c.err.Error())
	}
	out = append(out, c.closed(nil).Error())
	for _, s := range c.streams {
		out = append(out, s.End)
	}
	if c.conn2.streams.count != 0 || len(c.kept) > frameHeadSize+largestFrame || c.unsent != 0 {
		out = append(out, "something is left")
	}
	return out
}
