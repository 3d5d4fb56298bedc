package transport

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
)

// crossing makes a handshake in memory and gives both ends: what the server writes afterwards is appended to wire.
func crossing(b *testing.B, wire *[]byte) (server *tls.Conn, below *shim, secrets *trafficSecrets) {
	certificate, roots := selfSigned()
	near, far := net.Pipe()
	end := &switching{Conn: far}
	server = tls.Server(end, &tls.Config{Certificates: []tls.Certificate{certificate}, SessionTicketsDisabled: true, DynamicRecordSizingDisabled: true})
	shaken := make(chan error, 1)
	go func() { shaken <- server.Handshake() }()
	below, secrets = &shim{socket: near}, new(trafficSecrets)
	below.conn = tls.Client(below, &tls.Config{RootCAs: roots, ServerName: "sse.example", KeyLogWriter: secrets})
	if err := below.conn.Handshake(); err != nil {
		b.Fatal(err)
	}
	if err := <-shaken; err != nil {
		b.Fatal(err)
	}
	below.socket, end.wire = nil, wire
	return server, below, secrets
}

// switching is a connection whose writes can be kept instead.
type switching struct {
	net.Conn
	wire *[]byte
}

func (s *switching) Write(b []byte) (int, error) {
	if s.wire == nil {
		return s.Conn.Write(b)
	}
	*s.wire = append(*s.wire, b...)
	return len(b), nil
}

// BenchmarkSecure opens events, one to a record, by our record layer, by crypto/tls over memory, and by a plain tls.Conn with a buffer.
func BenchmarkSecure(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		event := []byte(strings.Repeat("x", size))
		for _, way := range []string{"ours", "memory", "plain"} {
			b.Run(fmt.Sprintf("%s %d", way, size), func(b *testing.B) {
				const batch = 100
				var wire []byte
				server, below, secrets := crossing(b, &wire)
				var layer recordLayer = below
				if state := below.conn.ConnectionState(); way == "ours" {
					r := newRecords(&state, secrets)
					if r == nil {
						b.Fatal("no record layer")
					}
					layer = r
				}
				buffer := make([]byte, 4096)
				b.SetBytes(int64(batch * size))
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					wire = wire[:0]
					for range batch {
						if _, err := server.Write(event); err != nil {
							b.Fatal(err)
						}
					}
					b.StartTimer()
					if way != "plain" {
						if err := layer.open(wire, noSink{}); err != nil {
							b.Fatal(err)
						}
						continue
					}
					below.fed = wire
					for left := batch * size; left > 0; {
						n, err := below.conn.Read(buffer)
						if err != nil {
							b.Fatal(err)
						}
						left -= n
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/event")
			})
		}
	}
}

// BenchmarkHandshake is both sides of a handshake, in memory, with the curves that we offer and with Go's.
func BenchmarkHandshake(b *testing.B) {
	certificate, roots := selfSigned()
	for name, offered := range map[string][]tls.CurveID{"ours": curves, "Go's": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				near, far := net.Pipe()
				shaken := make(chan error, 1)
				go func() {
					server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{certificate}, SessionTicketsDisabled: true})
					shaken <- server.Handshake()
				}()
				client := tls.Client(near, &tls.Config{RootCAs: roots, ServerName: "sse.example", CurvePreferences: offered})
				if err := client.Handshake(); err != nil {
					b.Fatal(err)
				}
				if err := <-shaken; err != nil {
					b.Fatal(err)
				}
				near.Close()
				far.Close()
			}
		})
	}
}
