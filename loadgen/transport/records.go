package transport

import (
	"bytes"
	"crypto/fips140"
	"crypto/tls"
	"io"

	"ssebench/loadgen"
)

// The types of records and the alerts that we send (RFC 8446 sections 5.1 and 6).
const (
	typeAlert       = 21
	typeHandshake   = 22
	typeApplication = 23

	alertCloseNotify       = 0
	alertUnexpectedMessage = 10
	alertBadRecordMAC      = 20
	alertRecordOverflow    = 22
	alertIllegalParameter  = 47
	alertDecodeError       = 50
	alertInternalError     = 80
	alertUserCanceled      = 90
)

// barrenLimit bounds the records in a row that carry no data.
const barrenLimit = 16

// records is the record layer of TLS 1.3 with AES-GCM, from the first record after the handshake on (RFC 8446 section 5). Between two
// calls it has a kilobyte, most of it the key that opens; a buffer only while a read ended inside a record.
type records struct {
	suite  *suite
	in     direction
	out    direction
	torn   []byte // the start of a record whose rest has not come, borrowed; nil: none
	ticket uint32 // bytes of a NewSessionTicket that are still to be skipped
	head   [messageHead + 1]byte
	had    uint8 // bytes of head
	barren uint8 // records since the last one with data
	sealed uint8 // calls of seal, up to seldom
	alert  uint8 // that ends the connection
	answer bool  // a KeyUpdate is to be answered
}

// newRecords takes over after a handshake of TLS 1.3; nil where it agreed on something that our record layer does not have, or may not do:
// where FIPS 140-3 is enforced, crypto/tls alone may choose nonces.
func newRecords(state *tls.ConnectionState, secrets *trafficSecrets) *records {
	s := suites[state.CipherSuite]
	if s == nil || len(secrets.server) != s.secretSize || len(secrets.client) != s.secretSize || fips140.Enforced() {
		return nil
	}
	r := &records{suite: s}
	copy(r.in.secret[:], secrets.server)
	copy(r.out.secret[:], secrets.client)
	return r
}

// refuse ends the connection for what the server did. goodbye tells it.
func (r *records) refuse(alert uint8, format string, args ...any) *loadgen.Failure {
	r.alert = alert
	return fail(tokenTLSRecord, format, args...)
}

func (r *records) open(b []byte, sink plainSink) error {
	for len(b) > 0 {
		if r.torn != nil {
			rest, err := r.mend(b, sink)
			if err != nil {
				return err
			}
			b = rest
			continue
		}
		if len(b) < recordHeader {
			r.torn = append(borrowBuffer(recordHeader), b...)
			return nil
		}
		size, err := r.header(b)
		if err != nil {
			return err
		}
		if len(b) < size {
			r.torn = append(borrowBuffer(size), b...)
			return nil
		}
		if err := r.record(b[:size], sink); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// mend goes on with a record whose start came before.
func (r *records) mend(b []byte, sink plainSink) (rest []byte, err error) {
	if len(r.torn) < recordHeader {
		if b = r.fill(b, recordHeader); len(r.torn) < recordHeader {
			return b, nil
		}
		size, err := r.header(r.torn)
		if err != nil {
			r.release()
			return nil, err
		}
		if size > cap(r.torn) {
			short := r.torn
			r.torn = append(borrowBuffer(size), short...)
			returnBuffer(short)
		}
	}
	size := recordHeader + recordSize(r.torn)
	if b = r.fill(b, size); len(r.torn) == size {
		err = r.record(r.torn, sink)
		r.release()
	}
	return b, err
}

// fill takes bytes until size of the torn record are there.
func (r *records) fill(b []byte, size int) (rest []byte) {
	n := min(size-len(r.torn), len(b))
	r.torn = append(r.torn, b[:n]...)
	return b[n:]
}

func (r *records) release() {
	returnBuffer(r.torn)
	r.torn = nil
}

// header checks the header of a record and gives the size of both. What comes in the clear after the handshake is refused, a
// change_cipher_spec too (RFC 8446 section 5). The version is not looked at (section 5.1).
func (r *records) header(b []byte) (size int, err error) {
	size = recordSize(b)
	switch {
	case b[0] != typeApplication:
		return 0, r.refuse(alertUnexpectedMessage, "after the TLS handshake the server sent a record in the clear, of type %d", b[0])
	case size > recordPlain+recordExpansion:
		return 0, r.refuse(alertRecordOverflow, "the server sent a TLS record of %d bytes, more than %d", size, recordPlain+recordExpansion)
	}
	return recordHeader + size, nil
}

// record opens a record in place and hands on what it says.
func (r *records) record(b []byte, sink plainSink) error {
	if err := r.in.advance(r.suite); err != nil {
		return r.refuse(alertInternalError, "%v", err)
	}
	inner, err := r.in.aead.Open(b[recordHeader:recordHeader], r.in.nonce[:], b[recordHeader:], b[:recordHeader])
	if err != nil {
		return r.refuse(alertBadRecordMAC, "the server sent a TLS record that its key does not open")
	}
	if len(inner) > recordPlain+1 {
		return r.refuse(alertRecordOverflow, "the server sent a TLS record with %d bytes inside, more than %d", len(inner), recordPlain+1)
	}
	// The type is the last byte that is not zero: what follows is padding (section 5.4).
	inner = bytes.TrimRight(inner, "\x00")
	if len(inner) == 0 {
		return r.refuse(alertUnexpectedMessage, "the server sent a TLS record of padding only")
	}
	content, kind := inner[:len(inner)-1], inner[len(inner)-1]
	if r.inMessage() && kind != typeHandshake {
		return r.refuse(alertUnexpectedMessage, "the server sent a TLS record of type %d inside a handshake message", kind)
	}
	if kind == typeApplication && len(content) > 0 {
		r.barren = 0
		return sink.plain(content)
	}
	if r.barren++; r.barren > barrenLimit {
		return r.refuse(alertUnexpectedMessage, "the server sent more than %d TLS records in a row without data", barrenLimit)
	}
	switch kind {
	case typeApplication:
		return nil
	case typeHandshake:
		return r.messages(content)
	case typeAlert:
		return r.alerted(content)
	}
	return r.refuse(alertUnexpectedMessage, "the server sent a TLS record of the unknown type %d", kind)
}

// alerted handles an alert. Its level means nothing (RFC 8446 section 6): all but two end the connection for a reason.
func (r *records) alerted(b []byte) error {
	if len(b) != 2 {
		return r.refuse(alertDecodeError, "the server sent a TLS alert of %d bytes", len(b))
	}
	switch b[1] {
	case alertCloseNotify:
		return io.EOF
	case alertUserCanceled: // close_notify follows
		return nil
	}
	return fail(tokenTLSRecord, "the server ended the connection with a TLS alert: %v", tls.AlertError(b[1]))
}
