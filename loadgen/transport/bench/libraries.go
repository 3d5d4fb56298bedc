package main

import (
	"context"
	"fmt"
	"net/http"

	r3labs "github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"
)

// openGoSSE is tmaxmax/go-sse: a Connection for each stream.
func openGoSSE(c *clientConfig, t *tally, opened func()) error {
	room := make(chan struct{}, inFlight)
	client := &gosse.Client{HTTPClient: c.httpClient(), Backoff: gosse.Backoff{MaxRetries: -1}, ResponseValidator: func(r *http.Response) error {
		<-room
		if r.StatusCode != 200 {
			return fmt.Errorf("status %s", r.Status)
		}
		opened()
		return nil
	}}
	for i := range c.Streams {
		room <- struct{}{}
		r, err := c.request(i)
		if err != nil {
			return err
		}
		conn := client.NewConnection(r)
		conn.SubscribeMessages(func(e gosse.Event) {
			at, own := written(e.Data)
			t.event(i, at, own)
		})
		go func() { t.end(ending(conn.Connect())) }()
	}
	return nil
}

// openR3labs is r3labs/sse: a Client for each stream.
func openR3labs(c *clientConfig, t *tally, opened func()) error {
	room := make(chan struct{}, inFlight)
	connection := c.httpClient()
	for i := range c.Streams {
		room <- struct{}{}
		request, err := c.request(i)
		if err != nil {
			return err
		}
		client := r3labs.NewClient(request.URL.String())
		client.Connection = connection
		client.ResponseValidator = func(_ *r3labs.Client, r *http.Response) error {
			<-room
			if r.StatusCode != 200 {
				return fmt.Errorf("status %s", r.Status)
			}
			opened()
			return nil
		}
		go func() {
			t.end(ending(client.SubscribeRawWithContext(context.Background(), func(e *r3labs.Event) {
				at, own := written(e.Data)
				t.event(i, at, own)
			})))
		}()
	}
	return nil
}
