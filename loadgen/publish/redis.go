package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"ssebench/loadgen"
)

// Redis sends a PUBLISH for each event. Channel and Body are templates.
type Redis struct {
	// Address is host:port, or a URL: redis://user:password@host:port/db, and rediss:// for TLS.
	Address string
	Channel string
	Body    string        // default {{.Payload}}
	Timeout time.Duration // of a call, its connecting included; default 10 s
	// Allow may refuse an address that Address leads to; nil: all are fine.
	Allow func(netip.Addr) error
	// MaxInFlight bounds the connections; a call that finds none free waits for one, within its timeout. Default 256.
	MaxInFlight int
	// TLS settings of rediss; nil: the system's.
	TLS *tls.Config
}

type redisHook struct {
	config        Redis
	channel, body *text
	where         string // how messages name the server
	secrets       loadgen.Redactor
	secure        bool // with TLS
	pool          redis.Pool
	trust         time.Duration // how long an idle connection is taken to be alive

	count, unheard atomic.Int64
}

// NewRedis checks the configuration and connects to nobody.
func NewRedis(c Redis) (Hook, error) {
	c.Timeout = orDefault(c.Timeout, defaultTimeout)
	c.MaxInFlight = orDefault(c.MaxInFlight, defaultInFlight)
	h := &redisHook{config: c, trust: time.Second}
	h.secrets.AddText(c.Address)
	address, options, err := h.parseAddress()
	if err != nil {
		return nil, err
	}
	if c.Channel == "" {
		return nil, errors.New("the hook's redis channel is empty; name the channel that the server subscribes to")
	}
	if h.channel, err = parseText("channel", c.Channel); err != nil {
		return nil, err
	}
	if h.body, err = parseText("body", orDefault(c.Body, "{{.Payload}}")); err != nil {
		return nil, err
	}
	h.where = "the hook's Redis at " + address
	h.pool = redis.Pool{
		MaxIdle:   c.MaxInFlight,
		MaxActive: c.MaxInFlight,
		Wait:      true,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialContext(ctx, "tcp", address, options...)
		},
		// After a restart of Redis all idle connections are dead: a PING finds out, and takes the place of a failed event.
		TestOnBorrowContext: func(ctx context.Context, conn redis.Conn, lastUsed time.Time) error {
			if time.Since(lastUsed) < h.trust {
				return nil
			}
			_, err := redis.DoContext(conn, ctx, "PING")
			return err
		},
	}
	return h, nil
}

func (h *redisHook) parseAddress() (address string, options []redis.DialOption, err error) {
	c := &h.config
	address = c.Address
	options = []redis.DialOption{
		redis.DialContextFunc(h.dial),
		redis.DialReadTimeout(c.Timeout),
		redis.DialWriteTimeout(c.Timeout),
	}
	if strings.Contains(c.Address, "://") {
		u, err := url.Parse(c.Address)
		if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" {
			return "", nil, fmt.Errorf("the hook's redis address %q is no redis:// URL with a host; escape what is special in its password", showTarget(c.Address))
		}
		address = u.Host
		if password, ok := u.User.Password(); ok {
			options = append(options, redis.DialPassword(password), redis.DialUsername(u.User.Username()))
		} else if u.User != nil {
			return "", nil, fmt.Errorf("the hook's redis address has a user and no password; write redis://:PASSWORD@%s", u.Host)
		}
		if db := strings.Trim(u.Path, "/"); db != "" {
			n, err := strconv.Atoi(db)
			if err != nil || n < 0 {
				return "", nil, fmt.Errorf("the hook's redis address names the database %q, which is no number", db)
			}
			options = append(options, redis.DialDatabase(n))
		}
		h.secure = u.Scheme == "rediss"
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), "6379")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" || strings.ContainsAny(host, "@/ ") {
		return "", nil, fmt.Errorf("the hook's redis address %q is no host:port; write for example 127.0.0.1:6379 or redis://:PASSWORD@127.0.0.1:6379", showText("://" + c.Address)[3:])
	}
	return address, options, nil
}

// Publish sends the message and waits for the answer.
func (h *redisHook) Publish(parent context.Context, ev *loadgen.Event) error {
	f := fieldsOf(ev)
	channel, failure := h.channel.render(f)
	if failure != nil {
		return failure
	}
	body, failure := h.body.render(f)
	if failure != nil {
		return failure
	}
	ctx, cancel := context.WithTimeout(parent, h.config.Timeout)
	defer cancel()
	receivers, err := h.publish(ctx, channel, body)
	if err != nil {
		if failure := cutOff(parent, h.where); failure != nil {
			return failure
		}
		return h.explain(err)
	}
	h.count.Add(1)
	if receivers == 0 {
		h.unheard.Add(1)
	}
	return nil
}

func (h *redisHook) publish(ctx context.Context, channel, body string) (receivers int, err error) {
	conn, err := h.pool.GetContext(ctx)
	if err != nil {
		return 0, err
	}
	receivers, err = redis.Int(redis.DoContext(conn, ctx, "PUBLISH", channel, body))
	return receivers, errors.Join(err, conn.Close())
}

func (h *redisHook) explain(err error) error {
	var said redis.Error
	if errors.As(err, &said) {
		text := clip(h.secrets.Redact(string(said)), 200)
		code, _, _ := strings.Cut(text, " ")
		switch {
		case code == "NOAUTH":
			return fail("hook_redis_auth", "%s wants a password (%s); put it into the address: redis://:PASSWORD@HOST:PORT", h.where, text)
		case code == "WRONGPASS", strings.Contains(text, "AUTH"), strings.Contains(text, "invalid password"):
			return fail("hook_redis_auth", "%s refused the password (%s); check it in the hook's address", h.where, text)
		case code == "NOPERM":
			return fail("hook_redis_permission", "%s forbids it (%s); give the user the right to PUBLISH to the channel", h.where, text)
		}
		return fail("hook_redis_error", "%s answered %q; see its log", h.where, text)
	}
	if failure := asFailure(err); failure != nil {
		return failure
	}
	if strings.Contains(err.Error(), "redigo: unexpected") || strings.Contains(err.Error(), "redigo: bad") || strings.Contains(err.Error(), "redigo: long") {
		return fail("hook_redis_protocol", "%s does not answer as Redis does; check the address", h.where)
	}
	return explainNetwork(err, "hook_redis_", h.where, h.config.Timeout)
}

func (h *redisHook) Close(context.Context) error { return h.pool.Close() }

// Warnings tell of messages that nobody was subscribed to. They are no failures: so it is while the server restarts, and in a
// cluster the subscribers of other nodes are not counted.
func (h *redisHook) Warnings() []Warning {
	unheard := h.unheard.Load()
	if unheard == 0 {
		return nil
	}
	return []Warning{{"hook_redis_unheard", fmt.Sprintf("%d of %d messages had no subscriber on %s, channel %q; check that the server subscribes to it",
		unheard, h.count.Load(), strings.TrimPrefix(h.where, "the hook's "), h.config.Channel)}}
}
