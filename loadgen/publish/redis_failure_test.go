package publish

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRedisPasswords(t *testing.T) {
	address := vacant(t)
	redisServer(t, address, "--requirepass", "s3cr3t", "--user", "quiet", "on", ">hush", "+@all", "-publish", "allchannels")
	open := vacant(t)
	redisServer(t, open)
	for name, c := range map[string]struct {
		address string
		token   string
		want    []string
	}{
		"right":           {"redis://:s3cr3t@" + address, "", nil},
		"right with user": {"redis://default:s3cr3t@" + address + "/0", "", nil},
		"none":            {address, "hook_redis_auth", []string{address, "wants a password", "NOAUTH", "redis://:PASSWORD@HOST:PORT"}},
		"wrong":           {"redis://:wr0ngs3cr3t@" + address, "hook_redis_auth", []string{address, "refused the password", "WRONGPASS"}},
		"not wanted":      {"redis://:s3cr3t@" + open, "hook_redis_auth", []string{open, "refused the password"}},
		"no permission":   {"redis://quiet:hush@" + address, "hook_redis_permission", []string{address, "NOPERM", "the right to PUBLISH"}},
		"no such db":      {"redis://" + open + "/999", "hook_redis_error", []string{"DB index is out of range"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newRedis(t, Redis{Address: c.address, Channel: "c"})
			err := h.Publish(t.Context(), event("t", 1, "x"))
			if c.token == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			failure := wantFailure(t, err, c.token, c.want...)
			for _, hidden := range []string{"s3cr3t", "hush"} {
				if strings.Contains(failure.Message, hidden) {
					t.Errorf("%q shows the password", failure.Message)
				}
			}
		})
	}
}

func TestRedisNetworkFailures(t *testing.T) {
	hang := make(chan struct{})
	nobody := vacant(t)
	for name, c := range map[string]struct {
		address string
		answer  func(net.Conn)
		config  Redis
		token   string
		want    []string
	}{
		"nobody there": {address: nobody, token: "hook_redis_refused", want: []string{"the hook's Redis at " + nobody, "nothing listens there"}},
		"no such host": {address: "no-such-host.invalid", token: "hook_redis_dns", want: []string{"no-such-host.invalid:6379"}},
		"never answers": {
			answer: func(net.Conn) { <-hang }, config: Redis{Timeout: 100 * time.Millisecond},
			token: "hook_redis_timeout", want: []string{"no answer within 100ms"},
		},
		"closes": {answer: func(net.Conn) {}, token: "hook_redis_eof", want: []string{"closed the connection"}},
		"resets": {
			answer: func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
			token:  "hook_redis_reset", want: []string{"reset the connection"},
		},
		"no Redis": {
			answer: func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n") },
			token:  "hook_redis_protocol", want: []string{"does not answer as Redis does"},
		},
		"refused address": {
			address: "203.0.113.7", config: Redis{Allow: func(a netip.Addr) error { return fmt.Errorf("%s is far away", a) }},
			token: "address_refused", want: []string{"203.0.113.7:6379", "is far away"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := c.config
			config.Address, config.Channel = c.address, "c"
			if c.answer != nil {
				config.Address = answering(t, c.answer)
			}
			wantFailure(t, newRedis(t, config).Publish(t.Context(), event("t", 1, "x")), c.token, c.want...)
		})
	}
	close(hang)
}

func TestRedisIsCutOff(t *testing.T) {
	h := newRedis(t, Redis{Address: vacant(t), Channel: "c"})
	wantFailure(t, h.Publish(canceled(), event("t", 1, "x")), "hook_canceled", "the run ended")
}

func TestRedisConnectionsAreBounded(t *testing.T) {
	hang := make(chan struct{})
	var accepted sync.WaitGroup
	accepted.Add(2)
	address := answering(t, func(net.Conn) {
		accepted.Done() // more than two would panic
		<-hang
	})
	h := newRedis(t, Redis{Address: address, Channel: "c", MaxInFlight: 2, Timeout: time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	errs := make(chan error, 5)
	for seq := range uint64(5) {
		all.Go(func() { errs <- h.Publish(ctx, event("t", seq, "x")) })
	}
	accepted.Wait()
	cancel()
	all.Wait()
	close(hang)
	for range 5 {
		wantFailure(t, <-errs, "hook_canceled")
	}
}

func TestRedisMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		config Redis
		want   []string
	}{
		"no address":      {Redis{Channel: "c"}, []string{"is no host:port"}},
		"no channel":      {Redis{Address: "h:1"}, []string{"channel is empty"}},
		"other scheme":    {Redis{Address: "http://h:1", Channel: "c"}, []string{`"http://h:1" is no redis:// URL`}},
		"no URL":          {Redis{Address: "redis://:s3cr3t%@h", Channel: "c"}, []string{"is no redis:// URL", "escape"}},
		"user alone":      {Redis{Address: "redis://me@h", Channel: "c"}, []string{"a user and no password"}},
		"password alone":  {Redis{Address: ":s3cr3t@h:1", Channel: "c"}, []string{"is no host:port", "redis://:PASSWORD@"}},
		"database":        {Redis{Address: "redis://h/x", Channel: "c"}, []string{`the database "x"`}},
		"field, channel":  {Redis{Address: "h:1", Channel: "{{.Chan}}"}, []string{"the hook's channel uses .Chan"}},
		"field, body":     {Redis{Address: "h:1", Channel: "c", Body: "{{.Data}}"}, []string{"the hook's body uses .Data"}},
		"port is missing": {Redis{Address: "h:", Channel: "c"}, []string{"is no host:port"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := NewRedis(c.config)
			wantMistake(t, h, err, c.want...)
			if strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("%v shows the password", err)
			}
		})
	}
}
