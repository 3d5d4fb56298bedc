package reference

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAppendEvent(t *testing.T) {
	tests := []struct {
		name string
		e    Event
		want string
	}{
		{"nothing", Event{}, "\n"},
		{"all", Event{Comment: "c", ID: "1", Type: "t", Retry: 1500 * time.Millisecond, Data: []byte("d")}, ": c\nid: 1\nevent: t\nretry: 1500\ndata: d\n\n"},
		{"empty data is dispatched", Event{Data: []byte{}}, "data: \n\n"},
		{"reset id", Event{ResetID: true}, "id\n\n"},
		{"LF", Event{Data: []byte("a\nb\n")}, "data: a\ndata: b\ndata: \n\n"},
		{"CR", Event{Data: []byte("a\rb\r")}, "data: a\ndata: b\ndata: \n\n"},
		{"CRLF", Event{Data: []byte("a\r\nb\r\n")}, "data: a\ndata: b\ndata: \n\n"},
		{"mixed", Event{Data: []byte("\r\n\n\r\r\na\n\rb")}, "data: \ndata: \ndata: \ndata: \ndata: a\ndata: \ndata: b\n\n"},
		{"leading space and colon", Event{Data: []byte(" :a"), Type: " t"}, "event:  t\ndata:  :a\n\n"},
		{"comment lines", Event{Comment: "a\r\nb\rc\nd\n"}, ": a\n: b\n: c\n: d\n:\n\n"},
	}
	for _, tt := range tests {
		got, err := AppendEvent([]byte("before"), &tt.e)
		if err != nil || string(got) != "before"+tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestAppendEventRefuses(t *testing.T) {
	tests := []struct {
		e      Event
		field  string
		offset int
		err    error
	}{
		{Event{ID: "a\x00"}, "id", 1, ErrID},
		{Event{ID: "\n"}, "id", 0, ErrID},
		{Event{ID: "ab\r"}, "id", 2, ErrID},
		{Event{Type: "a\rb\n"}, "event", 1, ErrType},
		{Event{Type: "ab\n\r"}, "event", 2, ErrType},
		{Event{Retry: -1}, "retry", 0, ErrRetry},
	}
	for _, tt := range tests {
		tt.e.Comment, tt.e.Data = "c", []byte("d")
		got, err := AppendEvent([]byte("before"), &tt.e)
		var e *EncodeError
		if !errors.As(err, &e) || e.Field != tt.field || e.Offset != tt.offset || !errors.Is(err, tt.err) || string(got) != "before" {
			t.Errorf("%+v: %q, %v", tt.e, got, err)
		}
	}
}

func TestAppendEventAllocatesNothing(t *testing.T) {
	e := &Event{Comment: "c", ID: "1", Type: "t", Retry: time.Second, Data: []byte("a\nb\r\nc")}
	buf := make([]byte, 0, 1<<10)
	if n := testing.AllocsPerRun(100, func() { buf, _ = AppendEvent(buf[:0], e) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

// FuzzAppendEvent holds the encoder against a plain reading of the format.
func FuzzAppendEvent(f *testing.F) {
	f.Add("1", "t", []byte("a\r\nb\n\rc\r"))
	f.Fuzz(func(t *testing.T, id, typ string, data []byte) {
		b, err := AppendEvent(nil, &Event{ID: id, Type: typ, Data: data})
		if bad := strings.ContainsAny(id, "\x00\r\n") || strings.ContainsAny(typ, "\r\n"); bad != (err != nil) {
			t.Fatalf("id %q, type %q: %v", id, typ, err)
		}
		if err != nil {
			return
		}
		var gotID, gotType string
		var lines []string
		for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n\n"), "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "id":
				gotID = value
			case "event":
				gotType = value
			case "data":
				lines = append(lines, value)
			}
		}
		want := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
		if gotID != id || gotType != typ || (data != nil && strings.Join(lines, "\n") != string(want)) {
			t.Fatalf("%q: id %q, type %q, data %q", b, gotID, gotType, lines)
		}
	})
}
