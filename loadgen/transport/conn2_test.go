package transport

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"ssebench/loadgen"
)

func TestConn2Begins(t *testing.T) {
	inAnySplit(t, func(t *testing.T, step int) {
		c, s := newClient2(step, 64<<10), newServer2()
		if c.ready() || c.room() != 0 || !c.usable() {
			t.Error("a new connection does not wait for SETTINGS")
		}
		if d := cmp.Diff(c.said(), []string{
			"SETTINGS false ENABLE_PUSH=0 INITIAL_WINDOW_SIZE=4194304 MAX_HEADER_LIST_SIZE=65536",
			"WINDOW_UPDATE 1073676289",
		}); d != "" {
			t.Error(d)
		}
		s.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 2})
		c.serve(s.taken())
		if !c.ready() || c.room() != 2 {
			t.Errorf("room for %d", c.room())
		}
		first := c.get()
		second := c.get()
		if c.room() != 0 || !c.usable() || first.id != 1 || second.id != 3 {
			t.Errorf("room for %d after streams %d and %d", c.room(), first.id, second.id)
		}
		if d := cmp.Diff(c.said(), []string{"SETTINGS true", "HEADERS 1", "HEADERS 3"}); d != "" {
			t.Error(d)
		}
		c.cancel(1)
		c.cancel(1)
		if c.room() != 1 {
			t.Errorf("room for %d", c.room())
		}
		if d := cmp.Diff(c.said(), []string{"RST_STREAM 1 CANCEL"}); d != "" {
			t.Error(d)
		}
		// The server lowers and raises its limit.
		s.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0})
		c.serve(s.taken())
		if c.room() != 0 {
			t.Errorf("room for %d", c.room())
		}
		s.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 9})
		c.serve(s.taken())
		if c.room() != 8 || first.End != "open" || second.End != "open" {
			t.Errorf("room for %d", c.room())
		}
	})
}

func TestConn2RunsOutOfIDs(t *testing.T) {
	c, _ := begun(0, 0)
	c.next = largestStream
	if c.room() != 1 || !c.usable() {
		t.Fatalf("room for %d", c.room())
	}
	if s := c.get(); s.id != largestStream || c.room() != 0 || c.usable() {
		t.Errorf("stream %d, room for %d", s.id, c.room())
	}
}

// What a request looks like to a server.
func TestConn2Requests(t *testing.T) {
	c, _ := begun(0, 0)
	long := strings.Repeat("\xff\x80 ", 9000)
	for _, r := range []*outgoing{
		{method: "GET", scheme: "https", authority: "a.example", path: "/", fields: []loadgen.Field{{Name: "Last-Event-ID", Value: "\xe2\x82\xac"}, {Name: "x", Value: long}, {Name: "X", Value: long}}},
		{method: "POST", scheme: "http", authority: "b.example", path: "/p", body: []byte("abc")},
		{method: "POST", scheme: "http", authority: "b.example", path: "/q"},
	} {
		c.open(r, new(told2))
	}
	f := http2.NewFramer(nil, bytes.NewReader(c.take(nil)))
	f.ReadMetaHeaders = hpack.NewDecoder(largestTable, nil)
	var got []string
	for {
		in, err := f.ReadFrame()
		if err != nil {
			break
		}
		switch in := in.(type) {
		case *http2.MetaHeadersFrame:
			line := fmt.Sprintf("%d %t", in.StreamID, in.StreamEnded())
			for _, h := range in.Fields {
				line += " " + h.Name + "=" + h.Value
				if h.Sensitive {
					line += " sensitive"
				}
			}
			got = append(got, line)
		case *http2.DataFrame:
			got = append(got, fmt.Sprintf("%d %t %s", in.StreamID, in.StreamEnded(), in.Data()))
		}
	}
	if d := cmp.Diff(got, []string{
		"1 true :method=GET :scheme=https :authority=a.example :path=/ last-event-id=\xe2\x82\xac x=" + long + " x=" + long,
		"3 false :method=POST :scheme=http :authority=b.example :path=/p content-length=3",
		"3 true abc",
		"5 true :method=POST :scheme=http :authority=b.example :path=/q content-length=0",
	}); d != "" {
		t.Error(d)
	}
}

// One encoder serves several connections, so it may keep nothing of what it sent on one for another, whatever tables servers allow.
func TestConn2RequestsStandAlone(t *testing.T) {
	codec := newCodec2(1000)
	r := &outgoing{method: "GET", scheme: "http", authority: "a.example", path: "/", fields: []loadgen.Field{{Name: "X-Own", Value: "value"}}}
	for _, size := range []uint32{largestTable, 0} {
		c := &client2{conn2: newConn2(codec)}
		s := newServer2()
		s.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: size})
		c.serve(s.taken())
		c.written = nil
		c.open(r, new(told2))
		c.open(r, new(told2))
		f := http2.NewFramer(nil, bytes.NewReader(c.take(nil)))
		f.ReadMetaHeaders = hpack.NewDecoder(size, nil)
		for range 2 {
			got, err := f.ReadFrame()
			if err != nil {
				t.Fatalf("table of %d bytes: %v", size, err)
			}
			fields := got.(*http2.MetaHeadersFrame).RegularFields()
			if len(fields) != 1 || fields[0].Name != "x-own" || fields[0].Value != "value" {
				t.Errorf("%v", fields)
			}
		}
	}
}
