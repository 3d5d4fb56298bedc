package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"runtime"
	"time"
)

// The protocols that the server speaks.
const (
	plain  = "http1.1"
	secure = "https" // HTTP/1.1 over TLS 1.3
	frames = "h2c"
)

// serverConfig is what the server is told.
type serverConfig struct {
	Protocol string
	Batch    int  // events that go into one write; 0 is 1
	Objects  bool // data is objects that differ from stream to stream, see newObjects
	Apart    bool // HTTP/2: a write for each frame, not one for all frames of a connection
}

// serverAnswer says where the server is.
type serverAnswer struct {
	Streams string // host:port of the streams
	Publish string // host:port for publications
	PID     int
}

// broadcaster writes to all streams that are open. Only the hub's goroutine calls it.
type broadcaster interface{ broadcast(t *text) error }

// serve is the server: one thread that writes, and whatever it takes to accept. It ends with its input.
func serve(in io.Reader, out io.Writer) error {
	lines := json.NewDecoder(in)
	var c serverConfig
	if err := lines.Decode(&c); err != nil {
		return fmt.Errorf("server configuration: %w", err)
	}
	l, err := listen()
	if err != nil {
		return err
	}
	var b broadcaster
	switch c.Protocol {
	case plain:
		b, err = servePlain(l)
	case secure:
		b, err = serveSecure(l)
	case answers:
		b = serveAnswers(l)
	case frames:
		b, err = serveFrames(l, c.Apart)
	default:
		err = fmt.Errorf("no protocol %q", c.Protocol)
	}
	if err != nil {
		return err
	}
	p, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := &hub{streams: b, layOut: newText, batch: max(c.Batch, 1), queue: make(chan publication, 2*max(c.Batch, 1)), failed: make(chan error, 1)}
	if c.Objects {
		h.layOut = newObjects
	}
	go h.run()
	go h.listen(p)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var never any
		_ = lines.Decode(&never) // the end of the input
	}()
	if err := json.NewEncoder(out).Encode(serverAnswer{Streams: l.Addr().String(), Publish: p.Addr().String(), PID: pid}); err != nil {
		return err
	}
	select {
	case err := <-h.failed:
		return err
	case <-ended:
		return nil
	}
}

// publication is an event's data before the time of writing is added. Size, where larger, is what it is padded to.
type publication struct {
	data []byte
	size int
}

// hub gathers publications into writes.
type hub struct {
	streams broadcaster
	layOut  func([]publication) *text
	batch   int
	queue   chan publication
	failed  chan error
}

// listen takes publications: length and size (four bytes each, big-endian) and the data. A byte answers each of them once it is in the
// queue, which is short: a server that cannot keep up shows its publisher.
func (h *hub) listen(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			h.fail(err)
			return
		}
		go func() {
			defer c.Close()
			var head [8]byte
			for {
				if _, err := io.ReadFull(c, head[:]); err != nil {
					return
				}
				p := publication{data: make([]byte, binary.BigEndian.Uint32(head[:])), size: int(binary.BigEndian.Uint32(head[4:]))}
				if _, err := io.ReadFull(c, p.data); err != nil {
					return
				}
				h.queue <- p
				if _, err := c.Write(head[:1]); err != nil {
					return
				}
			}
		}()
	}
}

// run is the goroutine that writes, on a thread of its own. What does not fill a batch goes out when nothing follows for a while.
func (h *hub) run() {
	runtime.LockOSThread()
	var gathered []publication
	for {
		var leftover <-chan time.Time
		if len(gathered) > 0 {
			leftover = time.After(500 * time.Millisecond)
		}
		select {
		case p := <-h.queue:
			gathered = append(gathered, p)
			if len(gathered) < h.batch {
				continue
			}
		case <-leftover:
		}
		if err := h.streams.broadcast(h.layOut(gathered)); err != nil {
			h.fail(err)
			return
		}
		gathered = gathered[:0]
	}
}

func (h *hub) fail(err error) {
	select {
	case h.failed <- err:
	default:
	}
}
