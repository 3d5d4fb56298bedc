package transport

// The handshake messages that may come after the handshake (RFC 8446 section 4.6).
const (
	messageHead      = 4 // type and size
	newSessionTicket = 4
	keyUpdate        = 24

	ticketLimit = 64 << 10 // bytes of a NewSessionTicket
)

// inMessage tells that a handshake message has begun whose rest has not come.
func (r *records) inMessage() bool { return r.had > 0 || r.ticket > 0 }

// messages handles a record of handshake messages. They may be split over records; nothing else may come in between.
func (r *records) messages(b []byte) error {
	if len(b) == 0 {
		return r.refuse(alertUnexpectedMessage, "the server sent an empty record of handshake messages")
	}
	for len(b) > 0 {
		if r.ticket > 0 {
			n := min(int(r.ticket), len(b))
			r.ticket -= uint32(n)
			b = b[n:]
			continue
		}
		r.head[r.had] = b[0]
		r.had++
		b = b[1:]
		switch r.had {
		case messageHead:
			if err := r.message(); err != nil {
				return err
			}
		case messageHead + 1:
			r.had = 0
			if len(b) > 0 {
				return r.refuse(alertUnexpectedMessage, "the server sent more after a KeyUpdate under the same key")
			}
			return r.updated(r.head[messageHead])
		}
	}
	return nil
}

// message looks at the head of a message. Tickets are skipped: who wants them reads through crypto/tls (sessions.go).
func (r *records) message() error {
	size := uint32(r.head[1])<<16 | uint32(r.head[2])<<8 | uint32(r.head[3])
	switch kind := r.head[0]; {
	case kind == newSessionTicket && size > ticketLimit:
		return r.refuse(alertDecodeError, "the server sent a TLS session ticket of %d bytes, more than %d", size, ticketLimit)
	case kind == newSessionTicket:
		r.had, r.ticket = 0, size
	case kind != keyUpdate:
		return r.refuse(alertUnexpectedMessage, "after the TLS handshake the server sent a handshake message of type %d", kind)
	case size != 1:
		return r.refuse(alertDecodeError, "the server sent a KeyUpdate of %d bytes", size)
	}
	return nil
}

// updated handles a KeyUpdate: what the server sends is under its next key, and if it asks for ours, pending answers. One answer serves
// for all requests that came before it (section 4.6.3).
func (r *records) updated(request byte) error {
	if request > 1 {
		return r.refuse(alertIllegalParameter, "the server sent a KeyUpdate that asks for %d", request)
	}
	r.answer = r.answer || request == 1
	r.in.update(r.suite)
	return nil
}
