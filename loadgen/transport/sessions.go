package transport

import (
	"crypto/tls"
	"sync"
	"time"
)

// sessions has the TLS session tickets of a Transport's streams. A stream's first connection is a new subscriber's and does not resume;
// the ones after it do, where there is a ticket.
//
// A ticket of TLS 1.3 comes after the handshake, in records that our own record layer skips. So now and then one connection to a host
// without a ticket stays with crypto/tls, to collect one for all.
type sessions struct {
	cache tls.ClientSessionCache

	mu    sync.Mutex
	hosts map[string]*collection
}

// collection says when the next connection to a host may try to collect a ticket. Servers without tickets are tried at ever longer
// intervals.
type collection struct {
	next  time.Time
	pause time.Duration
}

// collectPause is the first of these intervals: more than a ticket takes.
const collectPause = time.Second

// sessionHosts is how many hosts have a ticket at most.
const sessionHosts = 64

func newSessions(c *tls.Config) *sessions {
	s := &sessions{hosts: make(map[string]*collection)}
	if !c.SessionTicketsDisabled {
		if s.cache = c.ClientSessionCache; s.cache == nil {
			s.cache = tls.NewLRUClientSessionCache(sessionHosts)
		}
	}
	return s
}

// view is the cache as one handshake sees it.
func (s *sessions) view(resume bool) tls.ClientSessionCache {
	if s.cache == nil || resume {
		return s.cache
	}
	return unresumed{s.cache}
}

// unresumed takes tickets and gives none.
type unresumed struct{ tls.ClientSessionCache }

func (unresumed) Get(string) (*tls.ClientSessionState, bool) { return nil, false }

// shook is told what became of a handshake, and says whether its connection is to collect a ticket.
func (s *sessions) shook(host string, resume, resumed bool, at time.Time) (collect bool) {
	if s.cache == nil {
		return false
	}
	ticket, have := s.cache.Get(host)
	have = have && ticket != nil
	if have && resume && !resumed {
		s.cache.Put(host, nil) // the server does not want it any more
		have = false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.hosts[host]
	if have {
		delete(s.hosts, host)
		return false
	}
	if c == nil {
		c = &collection{pause: collectPause}
		s.hosts[host] = c
	}
	if at.Before(c.next) {
		return false
	}
	c.next = at.Add(c.pause)
	c.pause *= 2
	return true
}
