package transport

import (
	"crypto/tls"
	"time"
)

// plainSink takes what a secure connection decrypted; b lies in the buffer that was fed and is valid until the call returns.
type plainSink interface{ plain(b []byte) error }

// secure is TLS on a connection of a loop. A stream whose URL asks for TLS is still given to a goroutine: see loops.open.
type secure struct{}

func (s *secure) open([]byte, plainSink) error         { return nil }
func (s *secure) seal(_, plain []byte) ([]byte, error) { return plain, nil }
func (s *secure) pending(dst []byte) []byte            { return dst }
func (s *secure) goodbye(dst []byte) []byte            { return dst }

type handshaker struct{}

func (h *handshaker) handshake(int, string, bool, time.Time, <-chan struct{}) (s *secure, state tls.ConnectionState, received, sent int64, err error) {
	return nil, state, 0, 0, fail(tokenTLSHandshake, "a redirect from http to https is not followed on a loop; use engine %s", EngineGoroutines)
}
