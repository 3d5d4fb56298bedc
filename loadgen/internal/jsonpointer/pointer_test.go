package jsonpointer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// vectors are texts and pointers into them. What is found is what decoding finds; found says it once
// more for the reader: "-" is nothing.
var vectors = []struct{ pointer, text, found string }{
	{"/a", `{"a":1}`, "1"},
	{"/a", " {\r\n\t\"a\" : 1 }\n", "1"},
	{"/b", `{"a":1}`, "-"},
	{"/a/b/c", `{"a":{"b":{"c":true}}}`, "true"},
	{"/a/b", `{"a":{"b":{"c": [1, 2]}}}`, `{"c": [1, 2]}`},
	{"/a", `{"a":null}`, ""},
	{"/a/b", `{"a":null}`, "-"},
	{"/a", `null`, "-"},
	{"/a", `"a"`, "-"},
	{"/a", `7`, "-"},
	{"/", `{"":1}`, "1"},
	{"//", `{"":{"":2}}`, "2"},

	// The text as a whole.
	{"", `7`, "7"},
	{"", " \u00a0 7 \u2003", "7"},
	{"", ` "a\u0062c" `, "abc"},
	{"", `null`, ""},
	{"", `not JSON`, "not JSON"},
	{"", `"not" JSON`, `"not" JSON`},
	{"", ``, ""},

	// Strings.
	{"/a", `{"a":"x"}`, "x"},
	{"/a", `{"a":"\"\\\/\b\f\n\r\t"}`, "\"\\/\b\f\n\r\t"},
	{"/a", `{"a":"\u00e9\u20AC\ud83d\ude00"}`, "é€😀"},
	{"/a", `{"a":"\ud83d"}`, "\ufffd"},
	{"/a", `{"a":"\ude00\ud83d"}`, "\ufffd\ufffd"},
	{"/a", `{"a":"\ud83d\u0041"}`, "\ufffdA"},
	{"/a", `{"a":"\ud83d\n"}`, "\ufffd\n"},
	{"/a", `{"a":"\u0000"}`, "\x00"},
	{"/a", "{\"a\":\"\xff\xc3(\xe2\x82\"}", "\ufffd\ufffd(\ufffd\ufffd"},
	{"/a", "{\"a\":\"\xed\xa0\x80\"}", "\ufffd\ufffd\ufffd"}, // a surrogate in UTF-8 is no UTF-8
	{"/a", "{\"a\":\"\x7f\u2028\"}", "\x7f\u2028"},
	{"/a", "{\"a\":\"\x1f\"}", "-"},
	{"/a", "{\"a\":\"12345678\n\"}", "-"},
	{"/a", `{"a":"\x"}`, "-"},
	{"/a", `{"a":"\'"}`, "-"},
	{"/a", `{"a":"\u12g4"}`, "-"},
	{"/a", `{"a":"\u123"}`, "-"},
	{"/a", `{"a":"\u`, "-"},
	{"/a", `{"a":"\`, "-"},
	{"/a", `{"a":"x`, "-"},

	// Names.
	{"/a/b", `{"a/b":1,"a":{"b":2}}`, "2"},
	{"/a~1b", `{"a/b":1,"a":{"b":2}}`, "1"},
	{"/m~0n", `{"m~n":3}`, "3"},
	{"/~01", `{"~1":4,"/":5}`, "4"},
	{"/ab", `{"\u0061b":1}`, "1"},
	{`/a\b`, `{"a\b":1}`, "-"},
	{`/a\b`, `{"a\\b":1}`, "1"},
	{"/é", `{"é":1}`, "1"},
	{"/é", `{"\u00e9":1}`, "1"},
	{"/e\u0301", `{"é":1}`, "-"},
	{"/😀", `{"\uD83D\uDE00":1}`, "1"},
	{"/a\ufffd", "{\"a\xff\":1}", "1"},
	{"/a\ufffd", `{"a\ud800":1}`, "1"},
	{"/a", `{"ab":1}`, "-"},
	{"/ab", `{"\u0061":1}`, "-"},
	{"/A", `{"a":1}`, "-"},
	{"/%61", `{"a":1}`, "-"},
	{"/a.b", `{"a":{"b":1}}`, "-"},
	{"/*", `{"a":1}`, "-"},
	{"/#", `[1,2]`, "-"},

	// Of members with one name the last.
	{"/a", `{"a":1,"a":2}`, "2"},
	{"/a", `{"a":1,"\u0061":2}`, "2"},
	{"/a/b", `{"a":{"b":1},"a":{"b":2}}`, "2"},
	{"/a/b", `{"a":{"b":1},"a":{"c":2}}`, "-"},
	{"/a/b", `{"a":{"b":1},"a":7}`, "-"},
	{"/a/b", `{"a":{"b":1},"a":{"b":2,"b":3},"b":4}`, "3"},
	{"/a/0", `{"a":[1],"a":[]}`, "-"},

	// Elements.
	{"/0", `[1,2]`, "1"},
	{"/1", ` [ 1 , 2 ] `, "2"},
	{"/2", `[1,2]`, "-"},
	{"/0", `[]`, "-"},
	{"/-", `[1]`, "-"},
	{"/-1", `[1]`, "-"},
	{"/01", `[1,2]`, "2"}, // taken, though RFC 6901 knows no leading zeros
	{"/+1", `[1,2]`, "2"},
	{"/x", `[1]`, "-"},
	{"/99999999999999999999", `[1]`, "-"},
	{"/0", `{"0":1}`, "1"},
	{"/a/1/0", `{"a":[[1],[2]]}`, "2"},
	{"/0", `[null]`, ""},

	// Numbers.
	{"/0", `[0]`, "0"},
	{"/0", `[-0]`, "-0"},
	{"/0", `[-0.5e-7]`, "-0.5e-7"},
	{"/0", `[1E+2]`, "1E+2"},
	{"/0", `[123456789012345678901234567890]`, "123456789012345678901234567890"},
	{"/0", `[18446744073709551615]`, "18446744073709551615"},
	{"/0", `[18446744073709551616]`, "18446744073709551616"},
	{"/0", `["18446744073709551615"]`, "18446744073709551615"},
	{"/0", `[1e400]`, "1e400"},
	{"/0", `[01]`, "-"},
	{"/0", `[-01]`, "-"},
	{"/0", `[00]`, "-"},
	{"/0", `[+1]`, "-"},
	{"/0", `[-]`, "-"},
	{"/0", `[.5]`, "-"},
	{"/0", `[1.]`, "-"},
	{"/0", `[1.e1]`, "-"},
	{"/0", `[1e]`, "-"},
	{"/0", `[1e+]`, "-"},
	{"/0", `[1e1.5]`, "-"},
	{"/0", `[0x1]`, "-"},
	{"/0", `[1_000]`, "-"},
	{"/0", `[NaN]`, "-"},
	{"/0", `[Infinity]`, "-"},

	// No JSON, before the value or behind it.
	{"/a", ``, "-"},
	{"/a", ` `, "-"},
	{"/a", `{`, "-"},
	{"/a", `{"a"`, "-"},
	{"/a", `{"a":`, "-"},
	{"/a", `{"a":1`, "-"},
	{"/a", `{"a":1,`, "-"},
	{"/a", `{"a":1,}`, "-"},
	{"/a", `{,"a":1}`, "-"},
	{"/a", `{"a":1 "b":2}`, "-"},
	{"/a", `{"a" 1}`, "-"},
	{"/a", `{"a"::1}`, "-"},
	{"/a", `{a:1}`, "-"},
	{"/a", `{'a':1}`, "-"},
	{"/a", `{"a":1}}`, "-"},
	{"/a", `{"a":1} {}`, "-"},
	{"/a", `{"a":1}x`, "-"},
	{"/a", "{\"a\":1}\x00", "-"},
	{"/a", "{\"a\":1}\f", "-"},
	{"/a", "{\"a\":1}\u00a0", "-"},
	{"/a", "\ufeff{\"a\":1}", "-"},
	{"/a", `{"a":1,"b":tru}`, "-"},
	{"/a", `{"a":1,"b":True}`, "-"},
	{"/a", `{"a":1,"b":nul}`, "-"},
	{"/a", `{"a":1,"b":falsey}`, "-"},
	{"/a", `{"a":1,"b":[1,]}`, "-"},
	{"/a", `{"a":1,"b":[,]}`, "-"},
	{"/a", `{"a":1,"b":[1}}`, "-"},
	{"/a", `{"a":1,"b":{"c":1]}`, "-"},
	{"/a", `{"a":1,"b":"` + "\n" + `"}`, "-"},
	{"/a", `{"a":1,"b":undefined}`, "-"},
	{"/a", `{"a":1/**/}`, "-"},
	{"/0", `]`, "-"},
	{"/0", `[`, "-"},
	{"/0", `[1`, "-"},
	{"/0", `[1 2]`, "-"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		found, ok := decodedText(v.pointer, []byte(v.text))
		if !ok {
			found = "-"
		}
		if found != v.found {
			t.Errorf("%q in %q: the vector says %q, decoding finds %q", v.pointer, v.text, v.found, found)
		}
		compare(t, v.pointer, []byte(v.text))
	}
}

// Nesting ends where that of encoding/json ends.
func TestNesting(t *testing.T) {
	for _, depth := range []int{mostNested - 1, mostNested, mostNested + 1} {
		for _, brackets := range []string{"[]", `{"a":}`} {
			closing := brackets[len(brackets)-1:]
			opening := strings.TrimSuffix(brackets, closing)
			inner := map[string]string{"]": "", "}": "0"}[closing]
			text := []byte(strings.Repeat(opening, depth) + inner + strings.Repeat(closing, depth))
			if want := depth <= mostNested; Valid(text) != want {
				t.Errorf("%d × %s: valid is %v, want %v", depth, brackets, !want, want)
			}
			compare(t, "/0", text)
			compare(t, "/a", text)
		}
	}
}

// compare holds everything that is found against what decoding finds.
func compare(t *testing.T, pointer string, text []byte) {
	t.Helper()
	p := Parse(pointer)
	if got, want := Valid(text), json.Valid(text); got != want {
		t.Errorf("%q: valid is %v, want %v", text, got, want)
	}
	raw, ok := p.Find(text)
	wantRaw, wantOK := decodedFind(pointer, text)
	if string(raw) != string(wantRaw) || ok != wantOK {
		t.Errorf("%q in %q: found %q, %v; want %q, %v", pointer, text, raw, ok, wantRaw, wantOK)
	}
	scratch := []byte("kept")
	said, scratch, ok := p.Text(text, scratch)
	wantSaid, wantOK := decodedText(pointer, text)
	if string(said) != wantSaid || ok != wantOK || string(scratch[:4]) != "kept" {
		t.Errorf("%q in %q: text %q, %v; want %q, %v (scratch %q)", pointer, text, said, ok, wantSaid, wantOK, scratch)
	}
	n, ok := p.Uint(text)
	wantN, wantOK := decodedUint(pointer, text)
	if ok != wantOK || ok && n != wantN {
		t.Errorf("%q in %q: number %d, %v; want %d, %v", pointer, text, n, ok, wantN, wantOK)
	}
	if raw != nil && Valid(raw) {
		compareList(t, raw)
	}
}

func compareList(t *testing.T, value []byte) {
	t.Helper()
	want, wantOK := decodedList(value)
	list, ok := ListOf(value)
	if ok != wantOK {
		t.Fatalf("%q: a list is %v, want %v", value, ok, wantOK)
	}
	for i := 0; ok; i++ {
		element, more := list.Next()
		if more != (i < len(want)) || more && string(element) != string(want[i]) {
			t.Fatalf("%q: element %d is %q, %v; want %q", value, i, element, more, want)
		}
		if !more {
			return
		}
	}
}

// FuzzPointer: whatever the text and the pointer, what is found is what decoding finds.
func FuzzPointer(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.pointer, []byte(v.text))
	}
	f.Fuzz(func(t *testing.T, pointer string, text []byte) {
		if pointer != "" && pointer[0] != '/' {
			pointer = "/" + pointer
		}
		compare(t, pointer, text)
	})
}

// data is an event's data as servers write it that name the time of a write to each stream.
func data(payload int) []byte {
	return fmt.Appendf(nil, `{"tb":1767225600123456789,"tw":1767225600123456790,"p":%q}`, strings.Repeat("x", payload))
}

func TestNothingIsAllocated(t *testing.T) {
	plain, escaped := data(40), []byte(`{"s":"\u0031\u0032","list":[{"data":"{\"n\":1}"},{"data":"é"},7]}`)
	tw, s, list, inner := Parse("/tw"), Parse("/s"), Parse("/list"), Parse("/data")
	scratch := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		if n, ok := tw.Uint(plain); !ok || n != 1767225600123456790 {
			t.Error(n, ok)
		}
		if n, ok := s.Uint(escaped); !ok || n != 12 {
			t.Error(n, ok)
		}
		value, _ := list.Find(escaped)
		elements, _ := ListOf(value)
		for {
			element, ok := elements.Next()
			if !ok {
				break
			}
			scratch = scratch[:0]
			_, scratch, _ = inner.Text(element, scratch)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFind(b *testing.B) {
	p := Parse("/tw")
	for _, size := range []int{40, 10_000} {
		text := data(size)
		b.Run(fmt.Sprintf("bytes=%d", len(text)), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := p.Find(text); !ok {
					b.Fatal("nothing was found")
				}
			}
		})
	}
}
