package transport

import (
	"bytes"
	"crypto/cipher"
	"crypto/tls"
	"strings"
)

// author writes the records of a server, and those that no server may send.
type author struct {
	suite  *suite
	secret []byte
	seq    uint64
	minor  byte // of the version in headers
	aead   cipher.AEAD
	iv     []byte
}

// pair makes a record layer and the author whom it listens to.
func pair(suiteID uint16) (*records, *author) {
	s := suites[suiteID]
	secrets := &trafficSecrets{
		server: bytes.Repeat([]byte{7}, s.secretSize),
		client: bytes.Repeat([]byte{9}, s.secretSize),
	}
	a := &author{suite: s, secret: secrets.server, minor: 3}
	a.aead, a.iv = s.aead(a.secret)
	return newRecords(&tls.ConnectionState{CipherSuite: suiteID}, secrets), a
}

// inner is a record with everything given that is inside: content, type and padding.
func (a *author) inner(b string) string {
	size := len(b) + a.aead.Overhead()
	header := []byte{typeApplication, 3, a.minor, byte(size >> 8), byte(size)}
	nonce := bytes.Clone(a.iv)
	for i := range 8 {
		nonce[nonceSize-8+i] ^= byte(a.seq >> (56 - 8*i))
	}
	a.seq++
	return string(a.aead.Seal(header, nonce, []byte(b), header))
}

func (a *author) record(kind byte, content string) string {
	return a.inner(content + string([]byte{kind}))
}

func (a *author) data(content string) string { return a.record(typeApplication, content) }

// update is a record with a KeyUpdate; what follows is under the next key.
func (a *author) update(message string) string {
	s := a.record(typeHandshake, message)
	a.next()
	return s
}

func (a *author) next() {
	a.secret = a.suite.expand(a.secret, "traffic upd", a.suite.secretSize)
	a.aead, a.iv = a.suite.aead(a.secret)
	a.seq = 0
}

const (
	asksUpdate  = "\x18\x00\x00\x01\x01"
	tellsUpdate = "\x18\x00\x00\x01\x00"
	closeNotify = "\x01\x00"
)

func ticket(size int) string {
	return string([]byte{newSessionTicket, byte(size >> 16), byte(size >> 8), byte(size)}) + strings.Repeat("t", size)
}

// plainText keeps what it is told.
type plainText struct{ strings.Builder }

func (p *plainText) plain(b []byte) error {
	p.Write(b)
	return nil
}

// noSink forgets what it is told.
type noSink struct{}

func (noSink) plain([]byte) error { return nil }

// feedIn feeds a copy of the bytes in pieces.
func feedIn(r *records, in string, step int, sink plainSink) error {
	for b := []byte(in); len(b) > 0; {
		n := min(step, len(b))
		if err := r.open(b[:n], sink); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
