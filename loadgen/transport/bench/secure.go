package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"time"
)

// secureStreams are streams over crypto/tls.
type secureStreams struct {
	mu      sync.Mutex
	streams []secureStream
}

type secureStream struct {
	*tls.Conn
	own bool // it gets the time of its own write
}

func serveSecure(l net.Listener) (*secureStreams, error) {
	certificate, err := selfSigned()
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	s := new(secureStreams)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.open(tls.Server(c, config))
		}
	}()
	return s, nil
}

// open makes a stream of a connection; the goroutine ends with that.
func (s *secureStreams) open(c *tls.Conn) {
	var request []byte
	buf := make([]byte, 2048)
	for !bytes.HasSuffix(request, []byte("\r\n\r\n")) {
		n, err := c.Read(buf)
		if err != nil {
			c.Close()
			return
		}
		request = append(request, buf[:n]...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := c.Write([]byte(responseHead)); err != nil {
		c.Close()
		return
	}
	s.streams = append(s.streams, secureStream{c, bytes.Contains(request, []byte(exact))})
}

// broadcast implements broadcaster. A stream whose client left is closed.
func (s *secureStreams) broadcast(t *text) error {
	t.chunk()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.begin()
	kept := s.streams[:0]
	for _, stream := range s.streams {
		if _, err := stream.Write(t.bytes(stream.own)); err != nil {
			stream.Close()
			continue
		}
		kept = append(kept, stream)
	}
	s.streams = kept
	return nil
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
