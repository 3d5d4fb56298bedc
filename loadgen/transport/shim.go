package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// shim is the connection below a tls.Conn. During the handshake it passes on to the socket. Afterwards it is a recordLayer: the tls.Conn
// reads from what was fed and writes into memory, and learns of a drained read by an error that it takes for temporary.
//
// It never gives more than what is left of the record at hand. So nothing is stranded in the tls.Conn when our own record layer takes
// over, and its buffer is as large as its largest record and no larger.
type shim struct {
	conn   *tls.Conn
	socket io.ReadWriter // nil: the handshake is over
	fed    []byte        // not read by conn yet
	out    []byte        // written by conn and not taken yet
	head   [recordHeader]byte
	had    int // bytes of head that were read
	left   int // bytes of the record behind a whole head

	received, sent int64 // by the socket
}

// drained is what Read gives after everything that was fed. A tls.Conn goes on after a temporary net.Error.
type drained struct{}

func (drained) Error() string   { return "nothing more was fed" }
func (drained) Timeout() bool   { return true }
func (drained) Temporary() bool { return true }

// Read implements net.Conn.
func (s *shim) Read(p []byte) (n int, err error) {
	n = s.left
	if s.had < recordHeader {
		n = recordHeader - s.had
	}
	if n, err = s.read(p[:min(len(p), n)]); n == 0 {
		return 0, err
	}
	if s.had < recordHeader {
		s.had += copy(s.head[s.had:], p[:n])
		s.left = recordSize(s.head[:]) // of a whole head
	} else {
		s.left -= n
	}
	if s.had == recordHeader && s.left == 0 {
		s.had = 0
	}
	return n, err
}

func (s *shim) read(p []byte) (int, error) {
	if s.socket != nil {
		n, err := s.socket.Read(p)
		s.received += int64(n)
		return n, err
	}
	if len(s.fed) == 0 {
		return 0, drained{}
	}
	n := copy(p, s.fed)
	s.fed = s.fed[n:]
	return n, nil
}

// Write implements net.Conn. In memory it takes everything: a tls.Conn would not get over an error.
func (s *shim) Write(p []byte) (int, error) {
	if s.socket != nil {
		n, err := s.socket.Write(p)
		s.sent += int64(n)
		return n, err
	}
	s.out = append(s.out, p...)
	return len(p), nil
}

func (s *shim) open(b []byte, sink plainSink) error {
	s.fed = b
	plain := borrowBuffer(recordMost)
	defer returnBuffer(plain)
	for {
		n, err := s.conn.Read(plain[:cap(plain)])
		if n > 0 {
			if err := sink.plain(plain[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
		case err == drained{}:
			return nil
		case errors.Is(err, io.EOF):
			return io.EOF
		default:
			return fail(tokenTLSRecord, "%v", err)
		}
	}
}

func (s *shim) seal(dst, plain []byte) ([]byte, error) {
	_, err := s.conn.Write(plain)
	return s.pending(dst), err
}

func (s *shim) pending(dst []byte) []byte {
	dst = append(dst, s.out...)
	s.out = nil
	return dst
}

// goodbye implements recordLayer. After a failure conn has written its alert already, and closing does nothing.
func (s *shim) goodbye(dst []byte) []byte {
	s.conn.CloseWrite()
	return s.pending(dst)
}

// The rest of net.Conn: nothing that crypto/tls needs.

func (s *shim) Close() error                     { return nil }
func (s *shim) LocalAddr() net.Addr              { return nil }
func (s *shim) RemoteAddr() net.Addr             { return nil }
func (s *shim) SetDeadline(time.Time) error      { return nil }
func (s *shim) SetReadDeadline(time.Time) error  { return nil }
func (s *shim) SetWriteDeadline(time.Time) error { return nil }
