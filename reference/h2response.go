package reference

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/net/http2"
)

// h2response is the http.ResponseWriter of a stream. One goroutine uses it.
type h2response struct {
	st     *h2stream
	header http.Header
	status int
	sent   bool // the head
	taken  bool // a subscriber has the stream
	body   bytes.Buffer
}

func (w *h2response) Header() http.Header { return w.header }

func (w *h2response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *h2response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body.Write(b)
	if w.body.Len() > 64<<10 {
		return len(b), w.FlushError()
	}
	return len(b), nil
}

// mayWait reports whether the stream has a goroutine of its own, and not the
// reader of its connection.
func (w *h2response) mayWait() bool { return w.st.room != nil }

// SetReadDeadline is there for http.ResponseController: the body is here
// already, under a deadline of its own.
func (w *h2response) SetReadDeadline(time.Time) error { return nil }

// FlushError writes what was written so far; it waits for the client's windows.
func (w *h2response) FlushError() error {
	w.WriteHeader(http.StatusOK)
	c := w.st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	w.head(false)
	return w.drain(false)
}

// head writes the head. The lock is held.
func (w *h2response) head(end bool) {
	if w.sent || w.st.gone {
		return
	}
	w.sent = true
	w.st.conn.appendHeaders(w.st.id, h2Fields(w.status, w.header), end)
}

// drain writes the body. The lock is held but while it waits.
func (w *h2response) drain(end bool) error {
	st := w.st
	c := st.conn
	for {
		if st.gone {
			return context.Canceled
		}
		n := int(min(int64(w.body.Len()), st.window, c.window))
		if len(c.out) > h2Pending {
			n = 0
		}
		if n == w.body.Len() {
			if n > 0 || end {
				c.out = appendDataFrames(c.out, w.body.Next(n), c.frame, st.id, end)
			}
			st.window -= int64(n)
			c.window -= int64(n)
			w.push()
			return nil
		}
		if n > 0 {
			c.out = appendDataFrames(c.out, w.body.Next(n), c.frame, st.id, false)
			st.window -= int64(n)
			c.window -= int64(n)
		}
		w.push()
		if st.room == nil { // on the reader's goroutine, which must not wait
			return context.Canceled
		}
		if !st.gone {
			st.room.Wait()
		}
	}
}

// push writes the connection's frames, with the lock given up meanwhile.
func (w *h2response) push() {
	c := w.st.conn
	c.mu.Unlock()
	c.flushBatch()
	c.mu.Lock()
}

// finish ends the answer.
func (w *h2response) finish() {
	w.WriteHeader(http.StatusOK)
	st := w.st
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !w.sent && w.status != http.StatusNoContent && w.status != http.StatusNotModified && w.header.Get("Content-Length") == "" {
		w.header.Set("Content-Length", strconv.Itoa(w.body.Len()))
	}
	if !w.sent && w.body.Len() == 0 {
		w.head(true)
		w.push()
	} else {
		w.head(false)
		if w.drain(true) != nil {
			if !st.gone {
				c.resetLocked(st.id, http2.ErrCodeInternal)
			}
			return
		}
	}
	if !st.gone {
		c.forget(st.id, st)
	}
}
