package transport

// plainSink takes what a secure connection decrypted; b lies in the buffer that was fed and is valid until the call returns.
type plainSink interface{ plain(b []byte) error }

// secure is TLS on a connection of a loop, after the handshake. It knows no socket: it is fed what was read and gives what is to be
// written. Only the loop that owns the connection calls it.
type secure struct {
	recordLayer
	asked bool // for a client certificate, in the handshake
}

// recordLayer is our own where it can be (records.go), and crypto/tls elsewhere (shim.go).
type recordLayer interface {
	// open takes ciphertext in any splits and hands on what it says. It decrypts in place. After an error it must not be called again:
	// io.EOF is the server's close_notify, a *loadgen.Failure what had to be refused, everything else is the sink's.
	open(b []byte, sink plainSink) error
	// seal appends the records that carry plain.
	seal(dst, plain []byte) ([]byte, error)
	// pending appends what the protocol itself has to send. It is to be asked after each open.
	pending(dst []byte) []byte
	// goodbye appends the alert that ends the connection: what was refused if something was, else close_notify. It is the last call.
	goodbye(dst []byte) []byte
}

// The sizes of a record (RFC 8446 section 5).
const (
	recordHeader    = 5        // type, version, size
	recordPlain     = 16 << 10 // content, at most
	recordExpansion = 256      // type, padding and tag, at most
	recordMost      = recordHeader + recordPlain + recordExpansion
)

// recordSize is the size of the record behind a header.
func recordSize(header []byte) int { return int(header[3])<<8 | int(header[4]) }
