package sse_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"unicode/utf8"

	"ssebench/loadgen/sse"
)

// FuzzFeed holds the parser against the plain reading of the standard, on any bytes, cut anywhere, under any limit. An
// input may stand for many: times repeats its middle, so that events outgrow buffers.
func FuzzFeed(f *testing.F) {
	for i, v := range loadVectors(f) {
		f.Add([]byte(v.In), v.Last, uint16(v.Limit), uint64(i), byte(0))
		f.Add([]byte(v.In), v.Last, uint16(0), uint64(i), byte(i))
	}
	f.Fuzz(func(t *testing.T, in []byte, last string, limit uint16, seed uint64, times byte) {
		if len(in) > 1<<12 || len(last) > 1<<10 {
			return
		}
		random := rand.New(rand.NewPCG(seed, 0))
		stream := string(in)
		if n := len(in); n > 0 {
			from := random.IntN(n)
			to := from + random.IntN(n-from)
			for range times {
				stream = stream[:to] + string(in[from:to]) + stream[to:]
			}
		}
		if len(stream) > 1<<15 {
			stream = stream[:1<<15]
		}
		want := interpret(stream, last, int64(limit))
		check := func(how string, pieces ...string) {
			t.Helper()
			if got := replay(t, last, int64(limit), pieces...); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: got\n%swant\n%sstream %q, last %q, limit %d", how, got, want, stream, last, limit)
			}
		}
		check("whole", stream)
		check("bytes", chunks(stream, 1)...)
		check("two bytes", chunks(stream, 2)...)
		for _, most := range []int{4, 64, 2048} {
			var pieces []string
			for rest := stream; rest != ""; {
				n := min(random.IntN(most+1), len(rest))
				pieces, rest = append(pieces, rest[:n]), rest[n:]
			}
			check("pieces of random sizes", pieces...)
		}
	})
}

// FuzzValidUTF8 holds AppendValidUTF8 against the decoder's steps as the Encoding standard has them.
func FuzzValidUTF8(f *testing.F) {
	for _, v := range loadVectors(f) {
		f.Add([]byte(v.In))
	}
	for _, c := range decodings {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got := string(sse.AppendValidUTF8([]byte("x"), in))
		if want := "x" + decode(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if !utf8.ValidString(got) {
			t.Errorf("%q: %q is not valid", in, got)
		}
	})
}
