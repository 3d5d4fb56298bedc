package reference

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// plainly says an event of id, type and data as the format's description does.
func plainly(id, typ string, data []byte) string {
	var b strings.Builder
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	if typ != "" {
		fmt.Fprintf(&b, "event: %s\n", typ)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r", "\n")
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(&b, "data: %s\n", line)
	}
	return b.String() + "\n"
}

// The quick ways write whole words and blocks without a look at each byte's
// place: every length, with line ends anywhere and room of every size, has to
// give the plain answer, and no byte behind the room may change.
func TestAppendEventKeepsToItsRoom(t *testing.T) {
	letters := []byte(strings.Repeat("the quick brown fox jumps over the lazy dog; ", 60))
	guards := bytes.Repeat([]byte{0xa5}, 4<<10)
	arena := bytes.Clone(guards)
	check := func(id, typ string, data []byte, room int) {
		t.Helper()
		want := plainly(id, typ, data)
		copy(arena, guards)
		got, err := AppendEvent(arena[:0:room], &Event{ID: id, Type: typ, Data: data})
		if err != nil || string(got) != want {
			t.Fatalf("id %q, type %q, %d bytes of data %q, room %d: %q, %v", id, typ, len(data), data, room, got, err)
		}
		if !bytes.Equal(arena[room:], guards[room:]) {
			t.Fatalf("id %q, type %q, data %q, room %d: bytes behind it were written", id, typ, data, room)
		}
	}
	for n := range 20 {
		for m := range 20 {
			data := letters[:(n*m)%70]
			full := len(plainly(string(letters[:n]), string(letters[:m]), data))
			for room := max(0, full-3); room < full+80; room += 7 {
				check(string(letters[:n]), string(letters[:m]), data, room)
			}
		}
	}
	for n := 0; n < 1200; n += 1 + n/100 {
		for _, end := range []string{"", "\n", "\r", "\r\n", "\t", "\n\n"} {
			for _, at := range []int{0, n / 3, max(0, n-17), n} {
				data := append(append(append([]byte{}, letters[:at]...), end...), letters[at:n]...)
				full := len(plainly("1", "a", data))
				for _, room := range []int{0, full, full + 1, full + 200} {
					check("1", "a", data, room)
				}
			}
		}
	}
	for _, length := range []int{0, 1, 7, 15, 16, 17, 49, 255, 256, 257, 300} {
		data := bytes.Repeat(append(letters[:length:length], '\n'), 1+2000/(length+1))
		full := len(plainly("", "", data))
		if full < len(arena) {
			check("", "t", data, full+9)
		}
		check("", "", data[:min(len(data), 1500)], 1000)
	}
}

// What is refused is refused at every place of an id and a type.
func TestAppendEventRefusesAnywhere(t *testing.T) {
	for n := 1; n < 20; n++ {
		for at := range n {
			for c := range byte(0x20) {
				name := bytes.Repeat([]byte("x"), n)
				name[at] = c
				buf := make([]byte, 0, 200)
				_, err := AppendEvent(buf, &Event{ID: string(name), Data: []byte("d")})
				if bad := c == 0 || c == '\n' || c == '\r'; bad != (err != nil) {
					t.Fatalf("id %q: %v", name, err)
				}
				_, err = AppendEvent(buf, &Event{Type: string(name), Data: []byte("d")})
				if bad := c == '\n' || c == '\r'; bad != (err != nil) {
					t.Fatalf("type %q: %v", name, err)
				}
			}
		}
	}
}
