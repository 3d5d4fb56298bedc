package transport

import "time"

// carriage is what sockets cost on the link, in bytes: with the headers of the link, of IP and of TCP, retransmissions, and pure ACKs.
type carriage struct{ received, sent int64 }

func (c *carriage) add(o carriage) {
	c.received += o.received
	c.sent += o.sent
}

// The bytes of headers with each segment, as an observer of the link would count them.
const (
	headerEthernet   = 14
	headerIPv4       = 20
	headerIPv6       = 40
	headerTCP        = 20
	headerTimestamps = 12 // the option, padded (RFC 7323 appendix A)
)

// headers is of what a connection's segments are on the link.
type headers struct {
	segment    int64 // of a segment: of the link, IP and TCP
	syn        int64 // what a SYN has beyond that
	reset      int64 // of an RST that answers a segment for which there is no socket any more: it has no options
	timestamps bool
	loopback   bool
}

// newHeaders says what the segments of a connection are. The kernel aligns the options of a SYN to words of four bytes: the MSS, the window
// scale and, where it does not fill up the timestamps', SACK permitted.
func newHeaders(ipv6, loopback, timestamps, scaled, sack bool) headers {
	l := headers{segment: headerIPv4 + headerTCP, syn: 4, timestamps: timestamps, loopback: loopback}
	if ipv6 {
		l.segment = headerIPv6 + headerTCP
	}
	if !loopback {
		l.segment += headerEthernet
	}
	l.reset = l.segment
	if timestamps {
		l.segment += headerTimestamps
	}
	if scaled {
		l.syn += 4
	}
	if sack && !timestamps {
		l.syn += 4
	}
	return l
}

// tcpState is a state of a TCP connection, as far as it matters for what is still to come when the socket is closed.
type tcpState int

const (
	tcpOpen   tcpState = iota
	tcpHalf            // the peer's FIN has come
	tcpReset           // we send RST: that was asked for, or the socket still had bytes that nobody had read
	tcpClosed          // nothing is left to be said
)

// manner is how we close a connection.
type manner uint8

const (
	byFIN   manner = iota
	byAlert        // the alert that ends TLS was sent before, which the peer answers
	byRST
)

// lastWords is the least that a peer over TLS says when it is told the end: a record with close_notify. Servers that end their answer first
// say a few bytes more.
const lastWords = 24

// farDelay is the round trip from which on a peer's FIN has left before our RST comes: it says its last words and closes at once.
const farDelay = 200 * time.Microsecond

// farewell is the closing exchange, which comes after the last look at a socket, as far as it can be known by then; h is a segment's header, r
// an RST's:
//
//	the peer's FIN has come      sent h (our FIN, with the ACK of theirs)   received h (its ACK)
//	ours is the first            sent 2h (our FIN, the ACK of theirs)       received h (their FIN, with the ACK of ours)
//	we reset                     sent h (RST)                               received 0
//	the peer reset, or it is over                                           nothing
//
// So a peer is taken to close within its delay of ACKs (40 ms on Linux) after our FIN; one that takes longer sends an ACK more, and one that
// goes on sending gets an RST for each segment. With TLS that is the rule, since who gets an alert has something to say, and the other side
// is closed by then:
//
//	the peer's FIN has come      sent h (our FIN)                           received 2r (for the alert, and for our FIN)
//	its RST has come, too        sent 0                                     received r - h (the RST was counted as a segment)
//	ours is the first            sent h + r (our FIN; RST)                  received h + its last words
//	the same, from afar          sent h + 2r (an RST for its FIN, too)      received 2h + its last words
func (l headers) farewell(s tcpState, how manner, delay time.Duration) carriage {
	switch {
	case s == tcpReset:
		return carriage{0, l.segment}
	case how == byAlert && s == tcpHalf:
		return carriage{2 * l.reset, l.segment}
	case how == byAlert && s == tcpClosed:
		return carriage{l.reset - l.segment, 0}
	case how == byAlert && delay < farDelay:
		return carriage{l.segment + lastWords, l.segment + l.reset}
	case how == byAlert:
		return carriage{2*l.segment + lastWords, l.segment + 2*l.reset}
	case s == tcpHalf:
		return carriage{l.segment, l.segment}
	case s == tcpOpen:
		return carriage{l.segment, 2 * l.segment}
	}
	return carriage{}
}

// segments is a counter of segments as it must have been, where the kernel keeps 32 bits of it: so many bytes needed that many segments of
// the given size at the least.
func segments(counter uint32, bytes uint64, size uint32) int64 {
	n, least := uint64(counter), bytes/uint64(max(size, 1))
	if least > n {
		const wrap = 1 << 32
		n += (least - n + wrap - 1) / wrap * wrap
	}
	return int64(n)
}
