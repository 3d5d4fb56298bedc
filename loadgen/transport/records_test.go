package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"ssebench/loadgen"
)

// inSteps are the sizes of the pieces that tests feed.
var inSteps = []int{1, 3, 7, 1 << 20}

func TestRecordsThatAreFine(t *testing.T) {
	times := func(n int, f func() string) (s string) {
		for range n {
			s += f()
		}
		return s
	}
	for name, c := range map[string]struct {
		write func(a *author) string
		end   error
	}{
		"several":      {func(a *author) string { return a.data("one ") + a.data("two") }, nil},
		"padded":       {func(a *author) string { return a.inner("one \x17\x00\x00\x00") + a.data("two") }, nil},
		"of a version": {func(a *author) string { a.minor = 1; return a.data("one two") }, nil},
		"some empty": {func(a *author) string {
			return a.data("one ") + times(barrenLimit, func() string { return a.data("") }) + a.data("two")
		}, nil},
		"empty again": {func(a *author) string {
			empty := func() string { return a.data("") }
			return times(barrenLimit, empty) + a.data("one ") + times(barrenLimit, empty) + a.data("two")
		}, nil},
		"close_notify": {func(a *author) string {
			return a.data("one two") + a.record(typeAlert, closeNotify) + "what is ignored"
		}, io.EOF},
		"user_canceled": {func(a *author) string { return a.data("one ") + a.record(typeAlert, "\x01\x5a") + a.data("two") }, nil},
		"tickets": {func(a *author) string {
			return a.record(typeHandshake, ticket(200)+ticket(0)+ticket(5)) + a.data("one two")
		}, nil},
		"a ticket in pieces": {func(a *author) string {
			k := ticket(200)
			return a.record(typeHandshake, k[:2]) + a.record(typeHandshake, k[2:90]) + a.record(typeHandshake, k[90:]) + a.data("one two")
		}, nil},
		"the largest ticket": {func(a *author) string {
			k := ticket(ticketLimit)
			return times(4, func() string { p := k[:recordPlain]; k = k[recordPlain:]; return a.record(typeHandshake, p) }) + a.record(typeHandshake, k) + a.data("one two")
		}, nil},
		"a KeyUpdate": {func(a *author) string { return a.data("one ") + a.update(tellsUpdate) + a.data("two") }, nil},
		"many KeyUpdates": {func(a *author) string {
			return a.data("one ") + times(barrenLimit, func() string { return a.update(asksUpdate) }) + a.data("two")
		}, nil},
		"one after a ticket": {func(a *author) string { return a.data("one ") + a.update(ticket(9)+tellsUpdate) + a.data("two") }, nil},
		"a KeyUpdate in pieces": {func(a *author) string {
			return a.data("one ") + a.record(typeHandshake, asksUpdate[:1]) + a.record(typeHandshake, asksUpdate[1:4]) + a.update(asksUpdate[4:]) + a.data("two")
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for id := range suites {
				for _, step := range inSteps {
					r, a := pair(id)
					var got plainText
					if err := feedIn(r, c.write(a), step, &got); got.String() != "one two" || err != c.end || r.torn != nil {
						t.Errorf("by %d: got %q and %v, want %v", step, got.String(), err, c.end)
					}
				}
			}
		})
	}
}

func TestTheLargestRecord(t *testing.T) {
	for _, inner := range []string{
		strings.Repeat("x", recordPlain) + "\x17",
		"x\x17" + strings.Repeat("\x00", recordPlain-1),
	} {
		for _, step := range []int{1000, 1 << 20} {
			r, a := pair(tls.TLS_AES_128_GCM_SHA256)
			var got plainText
			if err := feedIn(r, a.inner(inner)+a.inner(inner), step, &got); err != nil || got.Len() != 2*strings.Count(inner, "x") {
				t.Errorf("%d bytes, %v", got.Len(), err)
			}
		}
	}
}

// Each of these comes after one good record, and ends the connection with the alert.
func TestRecordsThatAreRefused(t *testing.T) {
	empty := func(kind byte, n int) func(a *author) string {
		return func(a *author) (s string) {
			for range n {
				s += a.record(kind, "")
			}
			return s
		}
	}
	for name, c := range map[string]struct {
		write func(a *author) string
		alert uint8
		says  string
	}{
		"change_cipher_spec":   {func(*author) string { return "\x14\x03\x03\x00\x01\x01" }, alertUnexpectedMessage, "in the clear, of type 20"},
		"an alert, clear":      {func(*author) string { return "\x15\x03\x03\x00\x02\x02\x28" }, alertUnexpectedMessage, "in the clear, of type 21"},
		"a handshake, clear":   {func(*author) string { return "\x16\x03\x03\x00\x05" + asksUpdate }, alertUnexpectedMessage, "in the clear, of type 22"},
		"an unknown outside":   {func(*author) string { return "\x63\x03\x03\x00\x01\x01" }, alertUnexpectedMessage, "in the clear, of type 99"},
		"HTTP":                 {func(*author) string { return "HTTP/1.1 400 Bad Request\r\n\r\n" }, alertUnexpectedMessage, "in the clear, of type 72"},
		"too large":            {func(*author) string { return "\x17\x03\x03\x41\x01" }, alertRecordOverflow, "16641 bytes"},
		"too large inside":     {func(a *author) string { return a.data(strings.Repeat("x", recordPlain+1)) }, alertRecordOverflow, "16386 bytes inside"},
		"too much padding":     {func(a *author) string { return a.inner("x\x17" + strings.Repeat("\x00", recordPlain)) }, alertRecordOverflow, "16386 bytes inside"},
		"an unknown inside":    {func(a *author) string { return a.record(99, "x") }, alertUnexpectedMessage, "unknown type 99"},
		"ccs inside":           {func(a *author) string { return a.record(20, "\x01") }, alertUnexpectedMessage, "unknown type 20"},
		"padding only":         {func(a *author) string { return a.inner("\x00\x00\x00") }, alertUnexpectedMessage, "padding only"},
		"nothing inside":       {func(a *author) string { return a.inner("") }, alertUnexpectedMessage, "padding only"},
		"no room for a tag":    {func(*author) string { return "\x17\x03\x03\x00\x0f0123456789abcde" }, alertBadRecordMAC, "does not open"},
		"no body":              {func(*author) string { return "\x17\x03\x03\x00\x00" }, alertBadRecordMAC, "does not open"},
		"changed":              {func(a *author) string { s := []byte(a.data("x")); s[6] ^= 1; return string(s) }, alertBadRecordMAC, "does not open"},
		"with another header":  {func(a *author) string { s := []byte(a.data("x")); s[2] ^= 1; return string(s) }, alertBadRecordMAC, "does not open"},
		"a second time":        {func(a *author) string { a.seq--; return a.data("x") }, alertBadRecordMAC, "does not open"},
		"one left out":         {func(a *author) string { a.seq++; return a.data("x") }, alertBadRecordMAC, "does not open"},
		"too many empty":       {empty(typeApplication, barrenLimit+1), alertUnexpectedMessage, "without data"},
		"an empty alert":       {empty(typeAlert, 1), alertDecodeError, "alert of 0 bytes"},
		"a long alert":         {func(a *author) string { return a.record(typeAlert, "\x01\x00\x00") }, alertDecodeError, "alert of 3 bytes"},
		"no handshake message": {empty(typeHandshake, 1), alertUnexpectedMessage, "empty record of handshake"},
		"a ClientHello":        {func(a *author) string { return a.record(typeHandshake, "\x01\x00\x00\x00") }, alertUnexpectedMessage, "message of type 1"},
		"a CertificateRequest": {func(a *author) string { return a.record(typeHandshake, "\x0d\x00\x00\x00") }, alertUnexpectedMessage, "message of type 13"},
		"a long ticket":        {func(a *author) string { return a.record(typeHandshake, ticket(ticketLimit + 1)[:100]) }, alertDecodeError, "ticket of 65537 bytes"},
		"data inside a ticket": {func(a *author) string { return a.record(typeHandshake, ticket(100)[:50]) + a.data("x") }, alertUnexpectedMessage, "type 23 inside a handshake message"},
		"alert inside a head": {func(a *author) string {
			return a.record(typeHandshake, asksUpdate[:3]) + a.record(typeAlert, closeNotify)
		}, alertUnexpectedMessage, "type 21 inside a handshake message"},
		"a long KeyUpdate":    {func(a *author) string { return a.record(typeHandshake, "\x18\x00\x00\x02\x00\x00") }, alertDecodeError, "KeyUpdate of 2 bytes"},
		"a strange KeyUpdate": {func(a *author) string { return a.record(typeHandshake, "\x18\x00\x00\x01\x02") }, alertIllegalParameter, "asks for 2"},
		"more after one":      {func(a *author) string { return a.record(typeHandshake, asksUpdate+ticket(3)) }, alertUnexpectedMessage, "more after a KeyUpdate"},
		"the old key":         {func(a *author) string { return a.record(typeHandshake, asksUpdate) + a.data("x") }, alertBadRecordMAC, "does not open"},
		"a new key unasked":   {func(a *author) string { a.next(); return a.data("x") }, alertBadRecordMAC, "does not open"},
		"a fatal alert":       {func(a *author) string { return a.record(typeAlert, "\x02\x74") }, alertCloseNotify, "certificate required"},
		"a warning":           {func(a *author) string { return a.record(typeAlert, "\x01\x28") }, alertCloseNotify, "handshake failure"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, step := range inSteps {
				r, a := pair(tls.TLS_AES_128_GCM_SHA256)
				var got plainText
				err := feedIn(r, a.data("good")+c.write(a), step, &got)
				var f *loadgen.Failure
				if !errors.As(err, &f) || f.Token != tokenTLSRecord || !strings.Contains(f.Message, c.says) {
					t.Fatalf("by %d: %v", step, err)
				}
				if got.String() != "good" || r.alert != c.alert {
					t.Errorf("by %d: got %q, alert %d, want %d", step, got.String(), r.alert, c.alert)
				}
			}
		})
	}
}

// Each KeyUpdate that asks for ours gets it, several at once one for all, and it asks for nothing.
func TestKeyUpdateIsAnswered(t *testing.T) {
	r, a := pair(tls.TLS_AES_128_GCM_SHA256)
	server, _ := pair(tls.TLS_AES_128_GCM_SHA256)
	server.in.secret = r.out.secret
	for i, c := range []struct {
		come    []string
		answers int
	}{{[]string{tellsUpdate}, 0}, {[]string{asksUpdate}, 1}, {[]string{asksUpdate, tellsUpdate, asksUpdate}, 1}, {nil, 0}} {
		for _, message := range c.come {
			if err := feedIn(r, a.update(message), 3, noSink{}); err != nil {
				t.Fatal(err)
			}
		}
		before := server.in.secret
		b := r.pending(nil)
		if err := feedIn(server, string(b), 3, noSink{}); err != nil {
			t.Fatal(err)
		}
		if (len(b) > 0) != (c.answers > 0) || (server.in.secret != before) != (c.answers > 0) || server.in.secret != r.out.secret || server.answer {
			t.Errorf("%d: answered with %d bytes", i, len(b))
		}
	}
	before := server.in.secret
	if err := feedIn(r, a.update(asksUpdate), 3, noSink{}); err != nil {
		t.Fatal(err)
	}
	b, err := r.seal(nil, []byte("GET"))
	if err != nil {
		t.Fatal(err)
	}
	var got plainText
	if err := feedIn(server, string(b), 3, &got); err != nil || got.String() != "GET" || server.in.secret == before {
		t.Errorf("%v: the answer does not come before the next request %q", err, got.String())
	}
}

// A sequence number that would wrap ends the connection, in both directions.
func TestSequenceLimit(t *testing.T) {
	r, a := pair(tls.TLS_AES_128_GCM_SHA256)
	r.in.seq, a.seq, r.out.seq = sequenceLimit-1, sequenceLimit-1, sequenceLimit-1
	var got plainText
	if err := feedIn(r, a.data("last"), 9, &got); err != nil || got.String() != "last" {
		t.Errorf("got %q, %v", got.String(), err)
	}
	if err := feedIn(r, a.data("x"), 9, &got); failureOf(err).Token != tokenTLSRecord {
		t.Error(err)
	}
	if _, err := r.seal(nil, []byte("last")); err != nil {
		t.Error(err)
	}
	if b, err := r.seal(nil, []byte("x")); !errors.Is(err, errSequence) {
		t.Errorf("%q, %v", b, err)
	}
	if b := r.goodbye([]byte("before")); string(b) != "before" {
		t.Errorf("%q", b)
	}
}

// The sink's error ends the feeding, and no buffer is kept.
func TestSinkThatRefuses(t *testing.T) {
	stop := fmt.Errorf("enough")
	for _, step := range inSteps {
		r, a := pair(tls.TLS_AES_256_GCM_SHA384)
		calls := 0
		err := feedIn(r, a.data("one")+a.data("two"), step, sinkFunc(func([]byte) error { calls++; return stop }))
		if err != stop || calls != 1 || r.torn != nil {
			t.Errorf("%v after %d calls", err, calls)
		}
	}
}

type sinkFunc func(b []byte) error

func (f sinkFunc) plain(b []byte) error { return f(b) }
