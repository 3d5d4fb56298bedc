//go:build !race

package transport

import (
	"crypto/tls"
	"runtime"
	"strings"
	"testing"
)

// Under the race detector a sync.Pool forgets at random.
func TestOpeningRecordsAllocatesNothing(t *testing.T) {
	const records = 200
	for id := range suites {
		for _, size := range []int{1, 100, recordPlain} {
			for _, step := range []int{1 << 20, size/2 + 10} {
				r, a := pair(id)
				var all [][]byte
				for range records + 2 {
					all = append(all, []byte(a.data(strings.Repeat("x", size))))
				}
				if n := testing.AllocsPerRun(records, func() {
					b := all[0]
					all = all[1:]
					for len(b) > 0 {
						n := min(step, len(b))
						if err := r.open(b[:n], noSink{}); err != nil {
							t.Fatal(err)
						}
						b = b[n:]
					}
				}); n != 0 {
					t.Errorf("%s, %d bytes by %d: %v allocations a record", tls.CipherSuiteName(id), size, step, n)
				}
			}
		}
	}
}

// heapInUse is the memory of objects that are reachable.
func heapInUse() int64 {
	for range 3 { // a sync.Pool survives two collections
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What a connection keeps: after its request and a first event, and after events of 40 KB, inside of which reads ended.
func TestMemoryOfAnIdleConnection(t *testing.T) {
	const connections, most = 2000, 1200 // bytes each
	for id := range suites {
		layers := make([]*records, connections)
		authors := make([]*author, connections)
		for i := range authors {
			_, authors[i] = pair(id)
		}
		empty := heapInUse()
		each := func(event string, step int) float64 {
			for i, r := range layers {
				if r == nil {
					r, _ = pair(id)
					layers[i] = r
					if _, err := r.seal(nil, []byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
						t.Fatal(err)
					}
				}
				for at := 0; at < len(event); at += recordPlain {
					if err := feedIn(r, authors[i].data(event[at:min(at+recordPlain, len(event))]), step, noSink{}); err != nil {
						t.Fatal(err)
					}
				}
			}
			return float64(heapInUse()-empty) / connections
		}
		idle := each(strings.Repeat("x", 100), 1<<20)
		after := each(strings.Repeat("x", 40_000), 9_999)
		t.Logf("%s: %.0f bytes, after events of 40 KB %.0f", tls.CipherSuiteName(id), idle, after)
		if idle > most || after > most {
			t.Errorf("%s: %.0f bytes, after events of 40 KB %.0f, want at most %d", tls.CipherSuiteName(id), idle, after, most)
		}
		runtime.KeepAlive(layers)
		runtime.KeepAlive(authors)
	}
}

func TestFramesDoNotAllocate(t *testing.T) {
	var sink quietSink
	r := frameReader{limit: 1 << 20}
	in := []byte("\x81\x05hello\x89\x00\x01\x01a\x80\x01c")
	if n := testing.AllocsPerRun(1000, func() {
		if r.feed(in, &sink) != nil || r.feed(in[:3], &sink) != nil || r.feed(in[3:7], &sink) != nil {
			t.Fatal("refused")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

type quietSink struct{}

func (*quietSink) message([]byte, bool, bool) error { return nil }
func (*quietSink) control(byte, []byte) error       { return nil }
