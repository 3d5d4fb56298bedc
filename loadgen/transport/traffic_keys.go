package transport

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"hash"
	"math"
)

// suite is a cipher suite of TLS 1.3 that our record layer has.
type suite struct {
	hash       func() hash.Hash
	secretSize int
	keySize    int
}

var suites = map[uint16]*suite{
	tls.TLS_AES_128_GCM_SHA256: {sha256.New, sha256.Size, 16},
	tls.TLS_AES_256_GCM_SHA384: {sha512.New384, sha512.Size384, 32},
}

// expand is HKDF-Expand-Label of RFC 8446 section 7.1 with an empty context.
func (s *suite) expand(secret []byte, label string, size int) []byte {
	label = "tls13 " + label
	info := append([]byte{byte(size >> 8), byte(size), byte(len(label))}, label...)
	return must(hkdf.Expand(s.hash, secret[:s.secretSize], string(append(info, 0)), size))
}

// aead makes the key that protects records under a secret, and its initial nonce.
func (s *suite) aead(secret []byte) (cipher.AEAD, []byte) {
	block := must(aes.NewCipher(s.expand(secret, "key", s.keySize)))
	return must(cipher.NewGCM(block)), s.expand(secret, "iv", nonceSize)
}

// must is for what fails only on sizes that we do not use.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const nonceSize = 12

// direction is what protects the records of one direction (RFC 8446 sections 5.2, 5.3 and 7.3).
type direction struct {
	aead   cipher.AEAD // nil: to be made of the secret
	seq    uint64      // of the next record
	iv     [nonceSize]byte
	nonce  [nonceSize]byte // of the record at hand: here, since what an AEAD is called with is on the heap
	secret [sha512.Size384]byte
}

// sequenceLimit is how many records one key may protect; then the sequence number would wrap.
const sequenceLimit = math.MaxUint64

// advance makes the key if there is none, and the nonce of the next record.
func (d *direction) advance(s *suite) error {
	if d.seq == sequenceLimit {
		return errSequence
	}
	if d.aead == nil {
		var iv []byte
		d.aead, iv = s.aead(d.secret[:])
		copy(d.iv[:], iv)
	}
	d.nonce = d.iv
	low := d.nonce[nonceSize-8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)^d.seq)
	d.seq++
	return nil
}

var errSequence = errors.New("the TLS connection has no sequence number left")

// update goes on to the next secret (RFC 8446 section 7.2).
func (d *direction) update(s *suite) {
	copy(d.secret[:], s.expand(d.secret[:], "traffic upd", s.secretSize))
	d.aead, d.seq = nil, 0
}
