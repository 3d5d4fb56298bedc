package loadgen

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"

	"ssebench/loadgen/stamp"
)

// unread counts the events in which a lane did not find what it looked for, and keeps what the first of them looks like.
type unread struct {
	count int64
	first []byte
	how   string // how a mark is hidden in it; empty: none was found
	tries int
}

// The limits of what is looked at: so much of an event, of so many events, and so much of it in a message.
const (
	mostSampled = 2 << 10
	mostTries   = 8
	mostQuoted  = 120
)

// add counts an event. A server may greet its subscribers first, so an event with a hidden mark takes the place of the first.
func (u *unread) add(data []byte) {
	u.count++
	if u.how != "" || u.tries == mostTries {
		return
	}
	u.tries++
	sample := data[:min(len(data), mostSampled)]
	if u.how = hidden(sample); u.how != "" || u.count == 1 {
		u.first = append(u.first[:0], sample...)
	}
}

// merge adds what another lane saw.
func (u *unread) merge(o *unread) {
	if o.count > 0 && (u.count == 0 || u.how == "" && o.how != "") {
		u.first, u.how = o.first, o.how
	}
	u.count += o.count
}

// quote returns the start of the first event as a message shows it.
func (u *unread) quote() string { return quoteStart(u.first) }

// quoteStart returns the start of a text in quotes.
func quoteStart(text []byte) string {
	if len(text) > mostQuoted {
		return fmt.Sprintf("%q…", text[:mostQuoted])
	}
	return fmt.Sprintf("%q", text)
}

var (
	base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}`)
	hexRun    = regexp.MustCompile(`(?:[0-9a-fA-F]{2}){40,}`)
)

// hidden says in which disguise the data holds a mark that cannot be read; empty: none was found.
func hidden(data []byte) string {
	joined := bytes.Join(bytes.Fields(data), nil)
	lower := bytes.ToLower(joined)
	switch {
	case isMarked(joined):
		return "its mark is broken by white space"
	case isMarked(lower):
		return "its mark is in upper case"
	case bytes.Contains(lower, []byte("ssb1.")):
		return "its mark is damaged"
	}
	for _, run := range hexRun.FindAll(joined, -1) {
		if decoded, err := hex.AppendDecode(nil, run); err == nil && bytes.Contains(decoded, []byte("ssb1.")) {
			return "its mark is in hexadecimal"
		}
	}
	for _, run := range base64Run.FindAll(joined, -1) {
		coding := base64.RawStdEncoding
		if bytes.ContainsAny(run, "-_") {
			coding = base64.RawURLEncoding
		}
		decoded, _ := coding.AppendDecode(nil, run[:len(run)/4*4]) // the sample may end in the midst of it
		if bytes.Contains(decoded, []byte("ssb1.")) {
			return "its mark is in base64"
		}
		if bytes.Contains(inflate(decoded), []byte("ssb1.")) {
			return "its mark is compressed, in base64"
		}
	}
	return ""
}

func isMarked(data []byte) bool {
	_, _, _, ok := stamp.Next(data)
	return ok
}

// inflate returns the start of what gzip or zlib compressed; nil where neither did.
func inflate(data []byte) []byte {
	var r io.Reader
	var err error
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		r, err = gzip.NewReader(bytes.NewReader(data))
	default:
		r, err = zlib.NewReader(bytes.NewReader(data))
	}
	if err != nil {
		return nil
	}
	start, _ := io.ReadAll(io.LimitReader(r, mostSampled)) // what came before an error is enough
	return start
}

// unreadOf adds up what the lanes saw. The run's load is over, or the lanes are held.
func (r *run) unreadOf(part func(s *shard) *unread) (all unread) {
	for _, l := range r.lanes {
		l.Hold()
		all.merge(part(&l.shard))
		l.Release()
	}
	return all
}

// noteUnread says what came and could not be read, where that explains what is missing.
func (r *run) noteUnread() {
	if o := r.plan.Observe; o != nil && r.sentAt != nil {
		if u := r.unreadOf(func(s *shard) *unread { return &s.untimed }); u.count > 0 {
			r.notes.add("observe_time", fmt.Sprintf("%d events hold no time where observe.time says, %s in unit %s; the first is %s",
				u.count, observeAt(o.Time), o.Unit, u.quote()), 1)
		}
		return
	}
	if r.plan.Publish == nil {
		return
	}
	u := r.unreadOf(func(s *shard) *unread { return &s.unreadable })
	if u.count == 0 || !r.lost || r.received && u.how == "" {
		return // what a server sends beside the events is its own business
	}
	what, do := "no mark", "where the server passes an event on in another form, say in publish.sequence where its number is"
	if r.sequence != nil {
		what, do = "no number where publish.sequence says", "correct publish.sequence"
	}
	if u.how != "" {
		do = u.how + "; " + do
	}
	r.notes.add("unreadable", fmt.Sprintf("%d events came with %s that could be read, so they count as lost; the first is %s: %s", u.count, what, u.quote(), do), 1)
}

// noteNothingArrived asks what there is to ask where the hook is content and no subscriber got anything.
func (r *run) noteNothingArrived() {
	if r.sender == nil || !r.lost || r.received || r.sender.succeeded.Load() == 0 || r.unreadOf(func(s *shard) *unread { return &s.unreadable }).count > 0 {
		return
	}
	message := fmt.Sprintf("no event arrived anywhere although %d hook calls succeeded: do publish.hook and target name the same topic", r.sender.succeeded.Load())
	if answer := r.sender.answer.Load(); answer != nil && len(*answer) > 0 {
		message += ", and does the hook's answer say otherwise? It begins " + quoteStart([]byte(*answer))
	} else {
		message += "?"
	}
	r.notes.add("nothing_arrived", message, 1)
}

func observeAt(time string) string {
	if time == "data" {
		return "the data itself"
	}
	return "JSON pointer " + time
}
