package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"golang.org/x/net/http2"
)

var errEnded = errors.New("the server ended it")

// sampled says whether a stream is of the sample.
func sampled(stream int) bool { return stream%61 == 1 }

// url is that of the streams.
func (c *clientConfig) url() string {
	scheme := "http"
	if c.Protocol == secure {
		scheme = "https"
	}
	return scheme + "://" + c.Server.Streams + "/events"
}

// request is the one that the engine sends too.
func (c *clientConfig) request(stream int) (*http.Request, error) {
	url := c.url()
	if sampled(stream) {
		url += exact
	}
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Cache-Control", "no-store")
	r.Header.Set("Accept-Encoding", "identity")
	return r, nil
}

// httpClient is net/http as its users have it, for streams that each need a connection.
func (c *clientConfig) httpClient() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: insecure()}}
}

// scan reads lines of a body until it ends.
func (c *clientConfig) scan(stream int, body io.Reader, t *tally) {
	s := bufio.NewScanner(body)
	for s.Scan() {
		if data, ok := bytes.CutPrefix(s.Bytes(), []byte("data: ")); ok {
			at, own := written(data)
			if c.Objects {
				at, own = decoded(data), sampled(stream)
			}
			t.event(stream, at, own)
		}
	}
	t.end(ending(s.Err()))
}

// ending gives a proper end its name.
func ending(err error) error {
	if err == nil {
		return errEnded
	}
	return err
}

// openNetHTTP is a goroutine and a bufio.Scanner for each stream.
func openNetHTTP(c *clientConfig, t *tally, opened func()) error {
	client := c.httpClient()
	room := make(chan struct{}, inFlight)
	for i := range c.Streams {
		room <- struct{}{}
		go func() {
			r, err := c.request(i)
			if err != nil {
				t.end(err)
				return
			}
			resp, err := client.Do(r)
			<-room
			if err == nil && resp.StatusCode != 200 {
				err = fmt.Errorf("status %s", resp.Status)
			}
			if err != nil {
				t.end(err)
				return
			}
			opened()
			c.scan(i, resp.Body, t)
		}()
	}
	return nil
}

// openXNet is x/net's Transport, a goroutine and a bufio.Scanner for each stream, and mostStreams of them on a connection.
func openXNet(c *clientConfig, t *tally, opened func()) error {
	transport := &http2.Transport{AllowHTTP: true, DisableCompression: true}
	for first := 0; first < c.Streams; first += mostStreams {
		conn, err := net.Dial("tcp", c.Server.Streams)
		if err != nil {
			return err
		}
		shared, err := transport.NewClientConn(conn)
		if err != nil {
			return err
		}
		// What answers it stands behind the server's SETTINGS, without which a connection takes fewer streams.
		if err := shared.Ping(context.Background()); err != nil {
			return err
		}
		for i := first; i < min(first+mostStreams, c.Streams); i++ {
			go func() {
				r, err := c.request(i)
				if err != nil {
					t.end(err)
					return
				}
				resp, err := shared.RoundTrip(r)
				if err == nil && resp.StatusCode != 200 {
					err = fmt.Errorf("status %s", resp.Status)
				}
				if err != nil {
					t.end(err)
					return
				}
				opened()
				c.scan(i, resp.Body, t)
			}()
		}
	}
	return nil
}

// insecure trusts the server's self-signed certificate, for all clients alike.
func insecure() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }
