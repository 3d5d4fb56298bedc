package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssebench/loadgen"
)

// heardFrames is a messageSink that writes down what it gets.
type heardFrames struct{ lines []string }

func (h *heardFrames) message(b []byte, text, compressed bool) error {
	h.lines = append(h.lines, fmt.Sprintf("message %q text=%v compressed=%v", short(b), text, compressed))
	return nil
}

func (h *heardFrames) control(opcode byte, b []byte) error {
	h.lines = append(h.lines, fmt.Sprintf("control %x %q", opcode, b))
	return nil
}

func short(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%s… %d bytes", b[:8], len(b))
	}
	return string(b)
}

// readFrames feeds pieces, and gives what was heard and the token of the failure.
func readFrames(pieces ...string) []string {
	r := frameReader{limit: 70_000, deflate: true}
	var h heardFrames
	for _, piece := range pieces {
		if err := r.feed([]byte(piece), &h); err != nil {
			r.release()
			if f, ok := errors.AsType[*loadgen.Failure](err); ok {
				return append(h.lines, f.Token)
			}
			return append(h.lines, err.Error())
		}
	}
	if r.torn != nil {
		h.lines = append(h.lines, "torn")
		r.release()
	}
	return h.lines
}

// longFrame is the header of a frame that is not the last of its message.
func longFrame(opcode byte, size uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{opcode, 127}, size)
}

// Messages that have not ended are accounted for over all WebSockets, and no more once they have, or their stream has.
func TestFramesOfAllStreams(t *testing.T) {
	b := &loadgen.Buffers{Limit: 300 << 10}
	begin := func() (r *frameReader, err error) {
		r = &frameReader{limit: 1 << 20, buffers: b}
		return r, r.feed(append(longFrame(opText, 200<<10), make([]byte, 150<<10)...), &heardFrames{})
	}
	one, err := begin()
	if err != nil || b.Held() == 0 {
		t.Fatalf("held %d: %v", b.Held(), err)
	}
	two, err := begin()
	if f, ok := errors.AsType[*loadgen.Failure](err); !ok || f.Token != loadgen.TokenBufferLimit {
		t.Fatalf("the second: %v", err)
	}
	two.release()
	if err := one.feed(make([]byte, 50<<10), &heardFrames{}); err != nil || b.Held() == 0 {
		t.Errorf("the rest of the frame: held %d: %v", b.Held(), err)
	}
	if err := one.feed([]byte{bitFin | opContinuation, 0}, &heardFrames{}); err != nil || b.Held() != 0 {
		t.Errorf("its end: held %d: %v", b.Held(), err)
	}
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("x", 300)
	huge := strings.Repeat("y", 65536)
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"text":                      {"\x81\x02hi", []string{`message "hi" text=true compressed=false`}},
		"empty":                     {"\x81\x00\x82\x00", []string{`message "" text=true compressed=false`, `message "" text=false compressed=false`}},
		"16 bits":                   {"\x81\x7e\x01\x2c" + long, []string{`message "xxxxxxxx… 300 bytes" text=true compressed=false`}},
		"64 bits":                   {"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + huge, []string{`message "yyyyyyyy… 65536 bytes" text=false compressed=false`}},
		"compressed":                {"\xc1\x01a", []string{`message "a" text=true compressed=true`}},
		"fragments":                 {"\x01\x01a\x00\x01b\x80\x01c", []string{`message "abc" text=true compressed=false`}},
		"compressed fragments":      {"\x41\x01a\x80\x01c", []string{`message "ac" text=true compressed=true`}},
		"a ping in between":         {"\x01\x01a\x89\x02hi\x80\x01c", []string{`control 9 "hi"`, `message "ac" text=true compressed=false`}},
		"control":                   {"\x89\x00\x8a\x01x\x88\x02\x03\xe8", []string{`control 9 ""`, `control a "x"`, `control 8 "\x03\xe8"`}},
		"the end inside":            {"\x81\x02hi\x81\x05he", []string{`message "hi" text=true compressed=false`, "torn"}},
		"the end between fragments": {"\x01\x01a", []string{"torn"}},
		"a reserved bit":            {"\xa1\x00", []string{"ws_frame"}},
		"masked":                    {"\x81\x81abcdx", []string{"ws_frame"}},
		"unknown opcode":            {"\x83\x00", []string{"ws_frame"}},
		"unknown control":           {"\x8b\x00", []string{"ws_frame"}},
		"not the shortest, 16":      {"\x81\x7e\x00\x7d", []string{"ws_frame"}},
		"not the shortest, 64":      {"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", []string{"ws_frame"}},
		"the highest bit":           {"\x81\x7f\x80\x00\x00\x00\x00\x01\x00\x00", []string{"ws_frame"}},
		"nothing to continue":       {"\x80\x00", []string{"ws_frame"}},
		"a message in a message":    {"\x01\x01a\x81\x01b", []string{"ws_frame"}},
		"a fragmented ping":         {"\x09\x00", []string{"ws_frame"}},
		"a long ping":               {"\x89\x7e\x00\x7e" + long[:126], []string{"ws_frame"}},
		"a compressed ping":         {"\xc9\x00", []string{"ws_frame"}},
		"a compressed continuation": {"\x01\x01a\xc0\x01b", []string{"ws_frame"}},
		"too long":                  {"\x81\x7f\x00\x00\x00\x00\x00\x02\x00\x00", []string{"ws_too_long"}},
		"too long by fragments":     {"\x01\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + huge + "\x80\x7e\xff\xff", []string{"ws_too_long"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, pieces := range [][]string{{c.in}, inPieces(c.in, 1), inPieces(c.in, 2)} {
				if d := cmp.Diff(c.want, readFrames(pieces...)); d != "" {
					t.Errorf("in %d pieces:\n%s", len(pieces), d)
				}
			}
		})
	}
}

// What a client writes is what the reader would read, but for the mask.
func TestAppendFrame(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 125, 126, 65535, 65536} {
		payload := []byte(strings.Repeat("0123456789", n/10+1)[:n])
		frame := appendFrame([]byte("before"), opText, slices.Clone(payload))[len("before"):]
		head := headSize(frame)
		key := frame[head : head+4]
		body := frame[head+4:]
		for i := range body {
			body[i] ^= key[i&3]
		}
		if frame[0] != bitFin|opText || frame[1]&bitMasked == 0 || string(body) != string(payload) {
			t.Errorf("%d bytes: head %x, payload %q", n, frame[:head], short(body))
		}
		plain := append(slices.Clone(frame[:head]), body...)
		plain[1] &^= bitMasked
		if got := readFrames(string(plain)); len(got) != 1 || !strings.HasPrefix(got[0], "message") {
			t.Errorf("%d bytes: %q", n, got)
		}
	}
}

// FuzzFrames proves that splits never change the outcome, whatever comes.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x81\x02hi\x01\x01a\x89\x02hi\x80\x01c\x88\x02\x03\xe8"), uint16(1), uint16(3))
	f.Add([]byte("\x81\x7e\x00\x80"+strings.Repeat("z", 128)+"\xc1\x01a"), uint16(2), uint16(1))
	f.Fuzz(func(t *testing.T, in []byte, first, second uint16) {
		want := readFrames(string(in))
		i := int(first) % (len(in) + 1)
		j := i + int(second)%(len(in)-i+1)
		for _, pieces := range [][]string{inPieces(string(in), 1), {string(in[:i]), string(in[i:j]), string(in[j:])}} {
			if d := cmp.Diff(want, readFrames(pieces...)); d != "" {
				t.Fatalf("%q in %q:\n%s", in, pieces, d)
			}
		}
	})
}
