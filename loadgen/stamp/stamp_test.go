package stamp

import (
	"bytes"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"
)

var sample = Mark{Run: 2821109907455, Publisher: 3, Topic: 41, Seq: 123456, Due: 1767225600123456789, Sent: 1767225600123999999}

func TestRoundTripAtEverySize(t *testing.T) {
	for size := range 3000 {
		b := Append(nil, &sample, size)
		if len(b) != size && size > 120 {
			t.Fatalf("size %d: %d bytes", size, len(b))
		}
		m, intact, rest, ok := Next(b)
		if !ok || !intact || m != sample || len(rest) != 0 {
			t.Fatalf("size %d: %+v intact=%v ok=%v rest=%q", size, m, intact, ok, rest)
		}
	}
}

func TestSurvivesEncodings(t *testing.T) {
	b := string(Append(nil, &sample, 200))
	quoted, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{string(quoted), url.QueryEscape(b), url.PathEscape(b), html.EscapeString(b), "x=" + b + "&y", "ssb1." + b} {
		if m, intact, _, ok := Next([]byte(s)); !ok || !intact || m != sample {
			t.Errorf("%q: %+v intact=%v ok=%v", s, m, intact, ok)
		}
	}
}

func TestSeveralMarksInOneEvent(t *testing.T) {
	var batch []byte
	for i := range 5 {
		m := sample
		m.Seq = uint64(i + 1)
		batch = append(Append(append(batch, `{"d":"`...), &m, 100), `"},`...)
	}
	var got []uint64
	for rest := batch; ; {
		m, intact, r, ok := Next(rest)
		if !ok {
			break
		}
		if !intact {
			t.Errorf("mark %d: filler not intact", m.Seq)
		}
		got, rest = append(got, m.Seq), r
	}
	if len(got) != 5 || got[0] != 1 || got[4] != 5 {
		t.Fatalf("got %v", got)
	}
}

// Every single damaged character is either in the mark, which is then unreadable, or in the filler, which is then corrupt.
func TestEveryDamagedByteIsNoticed(t *testing.T) {
	whole := Append(nil, &sample, 160)
	corrupt, unreadable := 0, 0
	for i := range whole {
		b := bytes.Clone(whole)
		if b[i]++; b[i] == 'z'+1 {
			b[i] = 'a'
		}
		m, intact, _, ok := Next(b)
		switch {
		case ok && intact:
			t.Errorf("damage at %d not noticed", i)
		case ok && m != sample:
			t.Errorf("damage at %d: wrong mark %+v", i, m)
		case ok:
			corrupt++
		default:
			unreadable++
		}
	}
	if corrupt == 0 || unreadable == 0 || corrupt+unreadable != len(whole) {
		t.Errorf("corrupt %d unreadable %d of %d", corrupt, unreadable, len(whole))
	}
}

func TestTruncatedFillerIsCorrupt(t *testing.T) {
	whole := Append(nil, &sample, 160)
	if m, intact, rest, ok := Next(whole[:len(whole)-1]); !ok || intact || m != sample || len(rest) == 0 {
		t.Errorf("%+v intact=%v ok=%v rest=%q", m, intact, ok, rest)
	}
}

func FuzzNext(f *testing.F) {
	f.Add(Append(nil, &sample, 100))
	f.Add([]byte(strings.Repeat("ssb1.", 50)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for rest, n := b, 0; ; n++ {
			_, _, r, ok := Next(rest)
			if !ok {
				return
			}
			if len(r) >= len(rest) || n > len(b) {
				t.Fatal("no progress")
			}
			rest = r
		}
	})
}

func BenchmarkNext(b *testing.B) {
	data := Append([]byte(`{"price":12.5,"mark":"`), &sample, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, ok := Next(data); !ok {
			b.Fatal("no mark")
		}
	}
}
