package transport

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcome is all that can be seen of a record layer after it was fed.
type outcome struct {
	Text   string
	Err    string
	Alert  uint8
	Torn   int
	Seq    uint64
	Answer bool
}

func outcomeOf(id uint16, pieces ...string) outcome {
	r, _ := pair(id)
	var o outcome
	var got plainText
	var err error
	for _, p := range pieces {
		if err = feedIn(r, p, len(p), &got); err != nil {
			break
		}
	}
	o.Text, o.Alert, o.Torn, o.Seq, o.Answer = got.String(), r.alert, len(r.torn), r.in.seq, r.answer
	o.Err = fmt.Sprint(err)
	return o
}

// compose writes the records that a program asks for, and what is to be understood of them: two bytes for each.
func (a *author) compose(program []byte) (in, text string, proper bool) {
	proper = true
	for ; len(program) >= 2; program = program[2:] {
		n := int(program[1])
		switch program[0] % 9 {
		case 0:
			s := strings.Repeat(string('a'+program[1]%26), n)
			in, text = in+a.data(s), text+s
		case 1:
			s := strings.Repeat("L", n*66) // up to more than fits
			in, text = in+a.data(s), text+s
			proper = proper && n*66 <= recordPlain
		case 2:
			in, text = in+a.inner("p\x17"+strings.Repeat("\x00", n)), text+"p"
		case 3:
			in += a.record(typeHandshake, ticket(n))
		case 4:
			k := ticket(n + 2)
			in += a.record(typeHandshake, k[:n+3]) + a.record(typeHandshake, k[n+3:])
		case 5:
			in += a.update("\x18\x00\x00\x01" + string(rune(program[1]&1)))
		case 6:
			in += a.record(program[1], closeNotify)
			if program[1] == typeApplication {
				text += closeNotify
			}
			proper = false
		case 7:
			in += string(program[1:2])
			proper = false
		case 8:
			zeros := strings.Repeat("\x00", n%3)
			in += a.inner(zeros + string(program[1:2]))
			if program[1] == typeApplication {
				text += zeros
			}
			proper = false
		}
	}
	return in, text, proper
}

// FuzzRecords proves that splits never change what is understood, whatever comes; that what is written properly is understood; and that
// what was changed on the way is not.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x00\x05\x02\x03\x03\x40\x05\x01\x00\x07"), uint16(1), uint16(3), uint32(0), false)
	f.Add([]byte("\x04\x10\x05\x00\x01\xf0\x00\x01\x06\x15"), uint16(9), uint16(300), uint32(0), true)
	f.Add([]byte("\x00\x05\x07\x17\x07\x03\x07\x03\x07\x00\x07\x00"), uint16(2), uint16(2), uint32(99), false)
	f.Add([]byte("\x08\x00\x08\x01\x08\x02"), uint16(0), uint16(0), uint32(0), false)
	f.Fuzz(func(t *testing.T, program []byte, first, second uint16, flip uint32, large bool) {
		id := tls.TLS_AES_128_GCM_SHA256
		if large {
			id = tls.TLS_AES_256_GCM_SHA384
		}
		_, a := pair(id)
		in, text, proper := a.compose(program[:min(len(program), 40)])
		if flip > 0 && len(in) > 0 {
			b := []byte(in)
			b[int(flip/8)%len(b)] ^= 1 << (flip % 8)
			in, proper = string(b), false
		}
		want := outcomeOf(id, in)
		i := int(first) % (len(in) + 1)
		j := i + int(second)%(len(in)-i+1)
		for _, pieces := range [][]string{inPieces(in, 1), {in[:i], in[i:j], in[j:]}} {
			if d := cmp.Diff(want, outcomeOf(id, pieces...)); d != "" {
				t.Fatalf("%q in pieces, %d and %d:\n%s", in, i, j, d)
			}
		}
		barren := want.Alert == alertUnexpectedMessage && strings.Contains(want.Err, "without data")
		if proper && !barren && (want.Text != text || want.Err != "<nil>" || want.Torn > 0) {
			t.Fatalf("%d bytes, want %d: %+v", len(want.Text), len(text), want)
		}
		if !strings.HasPrefix(text, want.Text) {
			t.Fatalf("%q was understood, %q written", want.Text, text)
		}
	})
}

// FuzzSeal proves that what is sealed, with updates of the key in between, is understood by the other end.
func FuzzSeal(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), uint8(3), uint16(40_000), false)
	f.Fuzz(func(t *testing.T, text []byte, updates uint8, long uint16, large bool) {
		id := tls.TLS_AES_128_GCM_SHA256
		if large {
			id = tls.TLS_AES_256_GCM_SHA384
		}
		client, server := pair(id)
		other, _ := pair(id)
		other.in.secret, other.out.secret = client.out.secret, client.in.secret
		var got plainText
		var want bytes.Buffer
		dst := []byte("before")
		for i := range 1 + int(updates)%5 {
			plain := append(bytes.Repeat([]byte{byte(i)}, int(long)), text...)
			want.Write(plain)
			var err error
			if dst, err = client.seal(dst, plain); err != nil {
				t.Fatal(err)
			}
			if err := feedIn(client, server.update(asksUpdate), 1000, &got); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				dst = client.pending(dst)
			}
		}
		dst = client.goodbye(dst)
		if !bytes.HasPrefix(dst, []byte("before")) {
			t.Fatal("what was there is gone")
		}
		if err := feedIn(other, string(dst[len("before"):]), 1<<20, &got); err == nil || err.Error() != "EOF" {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Fatalf("%d bytes understood, %d sealed", got.Len(), want.Len())
		}
	})
}
