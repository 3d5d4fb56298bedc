package transport

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/host/hosttest"
)

// The answers that a conn2 gets from servers of several makes, over real sockets: bodies in both directions that are larger than the
// windows, interim answers, trailers, resets, and streams that go on after others have ended.
func TestConn2AgainstServers(t *testing.T) {
	for name, serve := range map[string]func(t *testing.T) (address string){
		"net/http": func(t *testing.T) string {
			s := httptest.NewUnstartedServer(http.HandlerFunc(answerAnything))
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Start()
			t.Cleanup(s.Close)
			return s.Listener.Addr().String()
		},
		"node": node,
	} {
		t.Run(name, func(t *testing.T) { converse(t, serve(t)) })
	}
}

// bigBody is the size of the large bodies in bytes: more than the windows of a stream.
const bigBody = streamWindow + streamWindow/2

func answerAnything(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/big":
		w.Write(bytes.Repeat([]byte("abcdefgh"), bigBody/8))
	case "/echo":
		w.Header().Set("X-Seen", r.Header.Get("X-Seen")+r.Host)
		io.Copy(w, r.Body)
	case "/early":
		w.WriteHeader(103)
		w.Header().Set("Trailer", "Checksum")
		io.WriteString(w, "early")
		w.Header().Set("Checksum", "1")
	case "/reset":
		flush(w)
		panic(http.ErrAbortHandler)
	case "/refuse":
		w.WriteHeader(413) // before the request's body came
	}
}

// nodeServer is the same for Node.
const nodeServer = `
const server = require('http2').createServer({maxSessionMemory: 1000});
server.on('stream', (s, h) => {
	s.on('error', () => {});
	switch (h[':path']) {
	case '/big': s.respond({':status': 200}); s.end(Buffer.alloc(%d, 'abcdefgh')); break;
	case '/echo': s.respond({':status': 200, 'x-seen': h['x-seen'] + h[':authority']}); s.pipe(s); break;
	case '/early':
		s.additionalHeaders({':status': 103});
		s.respond({':status': 200}, {waitForTrailers: true});
		s.on('wantTrailers', () => s.sendTrailers({checksum: '1'}));
		s.end('early');
		break;
	case '/reset': s.respond({':status': 200}); setImmediate(() => s.destroy(new Error('broken'))); break;
	case '/refuse': s.respond({':status': 413}, {endStream: true}); break;
	default: s.respond({':status': 200}, {endStream: true});
	}
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit()).resume();
`

// node starts a server that ends with the test.
func node(t *testing.T) (address string) {
	c := exec.Command(hosttest.Program(t, "node", "nodejs"), "-e", fmt.Sprintf(nodeServer, bigBody))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		c.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strings.TrimSpace(port))
}

// converse sends requests of every kind on one connection and checks the answers.
func converse(t *testing.T, address string) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	socket.SetDeadline(time.Now().Add(time.Minute))
	c := newClient2(0, 64<<10)
	big := bytes.Repeat([]byte("x"), bigBody)
	ask := func(method, path string, body []byte, head, content, end string) {
		s := &told2{End: "open"}
		c.streams = append(c.streams, s)
		c.open(&outgoing{method: method, scheme: "http", authority: "a.example", path: path, fields: []loadgen.Field{{Name: "X-Seen", Value: "seen-by-"}}, body: body}, s)
		s.inEnd = func() {
			if !strings.HasPrefix(s.Head, head) || string(s.Body) != content || s.End != end {
				t.Errorf("%s %s: %s, body of %d bytes, %s", method, path, s.Head, len(s.Body), s.End)
			}
		}
	}
	// A server may wait for us to read before it reads on.
	writes, written := make(chan []byte, 1000), make(chan struct{})
	defer func() {
		socket.Close()
		close(writes)
		<-written
	}()
	go func() {
		defer close(written)
		for b := range writes {
			socket.Write(b)
		}
	}()
	asked := false
	b := make([]byte, 64<<10)
	for !asked || c.conn2.streams.count > 0 {
		if out := c.take(nil); len(out) > 0 {
			writes <- out
		}
		n, err := socket.Read(b)
		if err != nil {
			t.Fatalf("%v; %d streams are left", err, c.conn2.streams.count)
		}
		if err := c.feed(b[:n], time.Now()); err != nil {
			t.Fatal(err)
		}
		if c.ready() && !asked {
			asked = true
			for range 3 {
				ask("GET", "/big", nil, "HTTP/2.0 200", strings.Repeat("abcdefgh", bigBody/8), "complete")
				ask("POST", "/echo", big, "HTTP/2.0 200", string(big), "complete")
				ask("POST", "/echo", []byte("a"), "HTTP/2.0 200", "a", "complete")
				ask("GET", "/early", nil, "HTTP/2.0 200", "early", "complete")
				ask("GET", "/reset", nil, "HTTP/2.0 200", "", tokenStreamReset)
				ask("POST", "/refuse", big, "HTTP/2.0 413", "", "complete")
				ask("GET", "/", nil, "HTTP/2.0 200", "", "complete")
			}
		}
	}
	for _, s := range c.streams {
		if strings.Contains(s.Head, "X-Seen=") && !strings.Contains(s.Head, "X-Seen=seen-by-a.example") {
			t.Errorf("the request's fields came as %s", s.Head)
		}
	}
	if !c.usable() || c.unsent != 0 {
		t.Errorf("usable %v, %d bodies wait", c.usable(), c.unsent)
	}
}
