package transport

import "slices"

// seldom is how many times a connection may send before its key for that is kept. A stream sends one request and then listens for
// hours; a connection that polls, or carries HTTP/2, sends again and again.
const seldom = 2

func (r *records) seal(dst, plain []byte) (_ []byte, err error) {
	dst = r.pending(dst)
	for len(plain) > 0 {
		n := min(len(plain), recordPlain)
		if dst, err = r.wrap(dst, typeApplication, plain[:n]); err != nil {
			return nil, err
		}
		plain = plain[n:]
	}
	if r.sealed < seldom {
		r.sealed++
		r.out.aead = nil
	}
	return dst, nil
}

// wrap appends one record.
func (r *records) wrap(dst []byte, kind byte, content []byte) ([]byte, error) {
	if err := r.out.advance(r.suite); err != nil {
		return nil, err
	}
	size := len(content) + 1 + r.out.aead.Overhead()
	dst = slices.Grow(dst, recordHeader+size)
	start := len(dst)
	dst = append(dst, typeApplication, 3, 3, byte(size>>8), byte(size)) // the version of TLS 1.2 (RFC 8446 section 5.1)
	header := dst[start:]
	dst = append(append(dst, content...), kind)
	return r.out.aead.Seal(dst[:start+recordHeader], r.out.nonce[:], dst[start+recordHeader:], header), nil
}

// pending implements recordLayer: it answers a KeyUpdate with ours, the last record under the old key. If that cannot be sealed, nothing
// else can either, and seal says so.
func (r *records) pending(dst []byte) []byte {
	if !r.answer {
		return dst
	}
	r.answer = false
	with, err := r.wrap(dst, typeHandshake, []byte{keyUpdate, 0, 0, 1, 0})
	if err != nil {
		return dst
	}
	r.out.update(r.suite)
	return with
}

func (r *records) goodbye(dst []byte) []byte {
	r.release()
	level := byte(2)
	if r.alert == alertCloseNotify {
		level = 1
	}
	with, err := r.wrap(dst, typeAlert, []byte{level, r.alert})
	if err != nil {
		return dst // the end of the connection says it too
	}
	return with
}
