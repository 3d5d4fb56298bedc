package loadgen

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"ssebench/scenarios"
)

// Transport brings the bytes of streams. It knows HTTP and nothing of events, stamps or retries. It stamps the time right after
// a read returned and hands the bytes over.
type Transport interface {
	// Lanes are the loops, or shares of goroutines, that streams can be opened on. The slice is fixed for the Transport's life.
	Lanes() []*Lane
	// Open starts a stream on the lane at the instant; an instant in the past means at once. It never blocks and may be called
	// from any goroutine that does not hold the lane.
	Open(l *Lane, r *Request, at time.Time, h StreamHandler) Stream
	// Close ends what is left and waits for all of it. No handler is called after it returned.
	Close() error
	// Wire tells how many bytes all streams together have cost on the link so far, with its headers and those of IP and TCP; zero where
	// nothing is known of it. Any goroutine that holds no lane may call it, also after Close.
	Wire() (received, sent int64)
	// Account tells how the transport measures, so far. Any goroutine that holds no lane may call it, also after Close.
	Account() Account
	// Stalled reports whether what came to one of the transport's own sockets waits, or waited within the last seconds, in a receive buffer that
	// it filled up as far as TCP lets it. It looks at every socket; any goroutine that holds no lane may call it, also after Close.
	Stalled() bool
}

// Account is what a transport knows of its own measuring.
type Account struct {
	TimeOfReceipt string // results.ReceiptKernel or ReceiptRead: what stamps the instants that handlers get
	WireLayer     string // results.WireLoopback or WireEthernet; empty: nothing is known of the wire
	WireHeader    int    // bytes of headers of a segment
	// Of a transport with the kernel's stamps: reads that had one, and that had none and carry the instant after the read.
	Stamped, Unstamped int64
	// StreamLimit is the least SETTINGS_MAX_CONCURRENT_STREAMS of a server on an HTTP/2 connection that streams share; 0: none was set.
	StreamLimit int64
	ClockSteps  int64 // times that the system clock, which the kernel stamps with, was seen to be set
}

// Stream is one subscription's connection, kept over its reopenings.
type Stream interface {
	// Cut ends the stream for good; its handler gets Ended with the token TokenCut, once, and its answer is not heeded. It may be
	// called from any goroutine, with or without the lane held, and more than once.
	Cut(how Cut)
}

// Pacer is a Stream that can read slower than the server writes. What is not read fills the kernel's buffers, or the flow-control window
// of an HTTP/2 stream, and so the server feels it.
type Pacer interface {
	// Pace bounds what is read of the bodies to so many bytes a second, for all further openings too: 0 reads nothing, and less than 0
	// whatever comes, as a new stream does. It may be called from any goroutine that does not hold the lane.
	Pace(bytesPerSecond int64)
}

// Queuer is a StreamHandler that hears when its opening begins to wait for a free place on a connection that streams share, and when it
// no longer does: because it has one, or because it ends.
type Queuer interface {
	// Queued is called with the stream's lane held.
	Queued(waits bool)
}

// Sender is a Stream that messages can be sent on, where its Request asked for a WebSocket.
type Sender interface {
	// Send sends a text message. It returns when the kernel has taken it, or when it waits behind what the kernel has not taken yet: there is
	// no answer to a message. The error, a *Failure, says that it was not sent; while the stream is not open that is so. It may be called from
	// any goroutine that does not hold the lane.
	Send(message []byte) error
}

// Poster is a Stream whose subscriber can send requests of its own beside it, where its own Request asked for no WebSocket.
type Poster interface {
	// Post sends a request and waits until the answer is complete or ctx is done. Over HTTP/2 it is a stream on the connection of the subscriber's
	// own, to the same origin; over HTTP/1.1 it goes over a second connection of the subscriber, which is kept for the next one. One request of a
	// subscriber is under way at a time, and others wait for their turn. Redirects are answers as any other, and nothing is sent twice. The error is
	// a *Failure, or that of ctx; what failed with TokenNotOpen was not sent. Any goroutine that does not hold the lane may call it.
	Post(ctx context.Context, r *Request) (*Answer, error)
}

// Answer is the answer to a request of a Poster.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // its beginning, up to 4 KiB; empty where it is an event stream, which nobody reads to the end
}

// Cut is a way to end a stream from our side.
type Cut int

// The ways to end a stream.
const (
	CutFIN    Cut = iota // orderly: close(2), or RST_STREAM with CANCEL on HTTP/2
	CutRST               // SO_LINGER 0: the peer sees a reset
	CutSilent            // nothing is sent and nothing is read any more
)

// StreamHandler is called with the stream's lane held; b is valid until the call returns.
type StreamHandler interface {
	// Opened is called when the final response's header is complete (redirects followed, 1xx skipped), whatever its status. An
	// error ends the stream; if it is a *Failure its token is the ending's.
	Opened(o Opening) error
	// Bytes is called with body bytes, content of the transfer coding only, and the instant at which they were received: all calls for
	// one read have the same, those for two reads two. Of a WebSocket, each call has one message. An error ends the stream as with Opened.
	Bytes(b []byte, at time.Time) error
	// Ended is called once for each opening. A non-zero answer opens the stream again, with the same Request, at that instant.
	Ended(e Ending) (reopen time.Time)
	// Resume is asked before the stream's request is sent, and adds to it what holds for this opening alone: the last event ID, or a
	// poller's cursor.
	Resume(to *Resumption)
}

// Request is what a Transport sends. Streams that send the same share one, so nobody changes it but for Login.
type Request struct {
	Method string // any whose answer has a body
	URL    *url.URL
	Header []Field // sent in this order after Host; no Host, Connection, Content-Length, Last-Event-ID or cookies among them
	Body   []byte
	Close  bool // a connection for each opening: HTTP/1.1 says Connection: close
	// Jar keeps cookies over openings; nil: none are kept. A Request with one belongs to one stream.
	Jar http.CookieJar
	// Login is sent before the first opening, with the same Jar; it must answer 2xx or 3xx, else the stream fails with
	// login_status_NNN. The transport sets it to nil once it succeeded. A Request with one belongs to one stream.
	Login *Request
	// Upgrade is "websocket" for a stream of messages (RFC 6455), which is opened by a GET over HTTP/1.1 and the status 101; empty: the body of
	// the response is the stream.
	Upgrade string
	// Browser is the number of the browser that the stream is a tab of, from 1 on, which has a few connections to an origin for all its tabs:
	// a request for which there is none waits. 0: the stream has connections of its own. All streams of a browser belong to one lane.
	Browser   int
	WebSocket WebSocket
}

// WebSocket is what a Request says of the WebSocket that it asks for.
type WebSocket struct {
	Compress  bool     // offer permessage-deflate, without context takeover on either side (RFC 7692)
	Limit     int64    // bytes of the longest message that is read; 0: 16 MiB
	Buffers   *Buffers // accounts for messages that have not ended; nil: nothing does
	Subscribe []byte   // sent as a text message once the WebSocket is open; empty: nothing is
}

// Field is a header field. The value's bytes go out as they are.
type Field struct{ Name, Value string }

// Opening tells how a stream was opened. An instant is zero where the step did not happen (a reused connection, no TLS).
type Opening struct {
	Due       time.Time     // the instant that Open or Ended asked for
	DialStart time.Time     // also set where the connection is reused: the moment the transport started on it
	Queued    time.Duration // of the time up to Dialed, what it waited for a free place on the connections of its browser
	Dialed    time.Time
	TLSDone   time.Time
	Requested time.Time // request written
	Headers   time.Time // response header complete
	Status    int
	Header    http.Header
	Protocol  string // "HTTP/1.1", "HTTP/2.0"
	URL       *url.URL
	Remote    string // address and port
}

// Ending tells how a stream ended.
type Ending struct {
	At      time.Time
	Token   string // never empty: TokenEOF for a body that the server ended properly
	Message string // one line for people; empty for TokenEOF and TokenCut
	Opened  bool   // Opened was called and answered nil
	// Of an opening that did not come to Opened; those of others went with it.
	DialStart time.Time // zero: the opening never started
	Requested time.Time // zero: the request was never written
	// Of one that still waited for a free place on the connections of its browser when it was cut: since when, and the token of the limit.
	QueuedAt time.Time
	Limit    string // empty: it did not wait, or for no limit
	// Permanent: opening again cannot help (a refused redirect, an address that may not be loaded).
	Permanent bool
}

// Tokens that every transport uses. The README's index of failures lists them all.
const (
	TokenEOF     = "eof"
	TokenCut     = "cut"
	TokenNotOpen = "not_open" // of Send and Post: the stream is not open, and so nothing was sent
)

// ShowURL is a URL as messages name it: without what is secret in it.
func ShowURL(u *url.URL) string { return scenarios.ShowURL(u) }

// Redactor knows secret values and masks them in texts.
type Redactor = scenarios.Redactor

// IsSecret says whether the value of a header or parameter of that name must not be shown.
func IsSecret(name string) bool { return scenarios.IsSecret(name) }

// Failure is an error with a short stable token, for counting.
type Failure struct {
	Token   string
	Message string
}

func (f *Failure) Error() string { return f.Token + ": " + f.Message }

// SetupFailure is a Failure whose reason is probably how what failed is set up. Where it had worked before, the advice is of no use.
type SetupFailure struct {
	Failure
	Advice string
}

func (f *SetupFailure) Error() string { return f.Failure.Error() + "; " + f.Advice }
func (f *SetupFailure) Unwrap() error { return &f.Failure }
