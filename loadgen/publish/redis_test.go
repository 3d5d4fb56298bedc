package publish

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/go-cmp/cmp"

	"ssebench/loadgen/host/hosttest"
)

// These tests need a real Redis: apt-get install redis-server

// redisServer starts a redis-server that keeps nothing. stop ends it; the test's end does so too.

func redisServer(t *testing.T, address string, args ...string) (stop func()) {
	t.Helper()
	program := hosttest.Program(t, "redis-server", "redis-server")
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	// The shell ends the server when its input ends: also when a test that hangs is ended from outside.
	script := `"$@" & server=$!; cat > /dev/null; kill $server; wait $server`
	args = append([]string{"-c", script, "sh", program, "--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)
	var said strings.Builder
	cmd := exec.Command("sh", args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		in.Close()
		_ = cmd.Wait() // 143: it was terminated
	})
	t.Cleanup(stop)
	for end := time.Now().Add(20 * time.Second); !answers(address); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			stop()
			t.Fatalf("redis-server does not answer: %s", said.String())
		}
	}
	return stop
}

func answers(address string) bool {
	conn, err := redis.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer conn.Close()
	var said redis.Error // it wants a password, which is an answer too
	_, err = conn.Do("PING")
	return err == nil || errors.As(err, &said)
}

// vacant is an address on which nobody listens. It is outside of the usual ephemeral range, where a client that dials it again

// and again can meet itself.

func vacant(t *testing.T) string {
	t.Helper()
	for range 100 {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000)))
		if err == nil {
			defer ln.Close()
			return ln.Addr().String()
		}
	}
	t.Fatal("no vacant port")
	return ""
}

// subscribe gives the messages of the channels, as "channel message".

func subscribe(t *testing.T, address string, channels ...any) <-chan string {
	t.Helper()
	conn, err := redis.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := redis.PubSubConn{Conn: conn}
	if err := s.Subscribe(channels...); err != nil {
		t.Fatal(err)
	}
	for range channels {
		if _, ok := s.Receive().(redis.Subscription); !ok {
			t.Fatal("no subscription")
		}
	}
	messages := make(chan string, 10_000)
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			switch m := s.Receive().(type) {
			case redis.Message:
				messages <- m.Channel + " " + string(m.Data)
			case error:
				close(messages)
				return
			}
		}
	})
	t.Cleanup(func() {
		conn.Close()
		reader.Wait()
	})
	return messages
}

func newRedis(t *testing.T, c Redis) Hook {
	t.Helper()
	h, err := NewRedis(c)
	return must(t, h, err)
}

func TestRedisPublishes(t *testing.T) {
	address := vacant(t)
	redisServer(t, address)
	messages := subscribe(t, address, "room-t0", "room-t1", "room-t2", "room-t3")
	h := newRedis(t, Redis{Address: address, Channel: "room-{{.Topic}}", Body: `["{{.Event}}",{{json .Payload}},{{.Seq}}]`})
	var all sync.WaitGroup
	for topic := range 4 {
		all.Go(func() {
			for seq := range uint64(100) {
				if err := h.Publish(t.Context(), event(fmt.Sprint("t", topic), seq, "a\nb")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	next := map[string]int{}
	for range 400 {
		m := <-messages
		channel, body, _ := strings.Cut(m, " ")
		if want := fmt.Sprintf(`["news","a\nb",%d]`, next[channel]); body != want {
			t.Errorf("%s: %s, want %s", channel, body, want)
		}
		next[channel]++
	}
	if w := h.Warnings(); w != nil {
		t.Errorf("warnings: %v", w)
	}
}

func TestRedisTellsOfDeafChannels(t *testing.T) {
	address := vacant(t)
	redisServer(t, address)
	subscribe(t, address, "heard")
	h := newRedis(t, Redis{Address: "redis://" + address + "/3", Channel: "{{.Topic}}"})
	publishAll(t, h, event("heard", 1, "x"), event("deaf", 1, "x"), event("deaf", 2, "x"))
	want := []Warning{{"hook_redis_unheard", fmt.Sprintf(
		`2 of 3 messages had no subscriber on Redis at %s, channel "{{.Topic}}"; check that the server subscribes to it`, address)}}
	if diff := cmp.Diff(want, h.Warnings()); diff != "" {
		t.Error(diff)
	}
}

// After a restart of Redis the connections from before cost no event.

func TestRedisRestarts(t *testing.T) {
	address := vacant(t)
	stop := redisServer(t, address)
	h := newRedis(t, Redis{Address: address, Channel: "c"})
	h.(*redisHook).trust = 0
	// As many idle connections as there are calls at once.
	conns := make([]redis.Conn, 5)
	for i := range conns {
		conn, err := h.(*redisHook).pool.GetContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = conn
	}
	for _, conn := range conns {
		conn.Close()
	}
	if n := h.(*redisHook).pool.IdleCount(); n != len(conns) {
		t.Fatalf("%d idle connections", n)
	}
	stop()
	wantFailure(t, h.Publish(t.Context(), event("t", 1, "x")), "hook_redis_refused")
	redisServer(t, address)
	for seq := range uint64(10) {
		publishAll(t, h, event("t", seq, "x"))
	}
}

// The pool is bounded, and a call that finds no connection free waits no longer than its timeout.

func TestRedisOverTLS(t *testing.T) {
	plain := vacant(t)
	redisServer(t, plain)
	// Borrowed from httptest: a certificate for 127.0.0.1 and who signed it.
	web := httptest.NewTLSServer(nil)
	web.Close()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: web.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			outside, err := ln.Accept()
			if err != nil {
				return
			}
			inside, err := net.Dial("tcp", plain)
			if err != nil {
				t.Error(err)
				return
			}
			go func() {
				defer outside.Close()
				_, _ = io.Copy(outside, inside)
			}()
			go func() {
				defer inside.Close()
				_, _ = io.Copy(inside, outside)
			}()
		}
	}()
	address := "rediss://" + ln.Addr().String()
	wantFailure(t, newRedis(t, Redis{Address: address, Channel: "c"}).Publish(t.Context(), event("t", 1, "x")),
		"hook_redis_tls", "not signed by a known authority")
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	publishAll(t, newRedis(t, Redis{Address: address, Channel: "c", TLS: &tls.Config{RootCAs: roots}}), event("t", 1, "x"))
}

func TestRedisDefaults(t *testing.T) {
	for address, want := range map[string]string{"redis.local": "redis.local:6379", "::1": "[::1]:6379", "[::1]:7": "[::1]:7", "redis://a/1": "a:6379"} {
		h := newRedis(t, Redis{Address: address, Channel: "c"})
		if got := h.(*redisHook).where; got != "the hook's Redis at "+want {
			t.Errorf("%s: %s", address, got)
		}
	}
	if !errors.Is(newRedis(t, Redis{Address: "a", Channel: "c"}).Close(context.Background()), nil) {
		t.Error("Close of a hook that was never used")
	}
}
