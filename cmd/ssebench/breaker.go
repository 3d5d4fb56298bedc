package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ssebench/loadgen/host"
	"ssebench/results"
	"ssebench/scenarios"
)

// breaker breaks a server as an outage phase says: it shuts the bundled server's door, and runs restart commands.
type breaker struct {
	server string // base URL of the bundled server
}

// newBreaker finds the bundled server's address; a server of somebody else's has no door.
func newBreaker(p *scenarios.Plan) (*breaker, error) {
	b := &breaker{}
	if p.Reference {
		u, err := url.Parse(p.Target.URL)
		if err != nil {
			return nil, err
		}
		b.server = u.Scheme + "://" + u.Host
	}
	return b, nil
}

// ShutDoor implements loadgen.Breaker.
func (b *breaker) ShutDoor(ctx context.Context, o *scenarios.OutagePlan) error {
	if b.server == "" {
		return errors.New("only the bundled server has a door to shut")
	}
	text := fmt.Sprintf("door=%s,shut=%s", o.Door, o.Shut)
	if o.RetryAfter > 0 {
		text += fmt.Sprintf(",retry-after=%d", int(o.RetryAfter.Seconds()))
	}
	if o.Cut == 0 {
		text += ",end"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, b.server+"/admin/door", strings.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", results.UserAgent)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the bundled server's door: %w", err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("the bundled server's door: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the bundled server did not shut its door: %s: %s", answer.Status, strings.TrimSpace(string(said)))
	}
	return nil
}

// Restart implements loadgen.Breaker.
func (b *breaker) Restart(ctx context.Context, command []string, dir string) error {
	return host.Run(ctx, command, dir)
}
