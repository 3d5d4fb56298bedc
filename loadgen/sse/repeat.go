package sse

import "bytes"

// A Repeat remembers the bytes that were fed last, if whole events, and what they meant. A broadcast brings the same bytes to
// thousands of streams in a row; comparing them takes a tenth of parsing them again. The zero value is ready. Its methods are
// called from one goroutine at a time, the one that owns the streams.
type Repeat struct {
	fed    []byte // empty: nothing is remembered
	pieces []piece
	memory []byte // of the pieces
	id     []byte // the last event ID that the bytes set
	setsID bool
	misses uint

	// While it learns.
	parser *Parser
	to     Handler
	start  []byte // the last event ID before
}

// A piece is what one call of the handler said.
type piece struct {
	kind  field // fieldData: an event
	event Event // a comment's text is its Data
	ownID bool  // event.ID, the one in force, is from these bytes and not from before
	retry int64
}

const (
	longestRepeat = 4 << 10 // bytes that are remembered
	mostPieces    = 64
	learnAlways   = 16 // misses in a row, after which bytes are learnt now and then only: perhaps each stream gets its own
	learnEvery    = 16
)

// FeedRepeat is Feed that looks at what r remembers first.
func (p *Parser) FeedRepeat(r *Repeat, b []byte, h Handler) error {
	if !p.atRest() || len(b) > longestRepeat || p.Limit > 0 && int64(len(b)) > p.Limit {
		return p.Feed(b, h)
	}
	if len(b) > 0 && bytes.Equal(r.fed, b) {
		r.misses = 0
		r.tell(p, h)
		return nil
	}
	if r.misses++; r.misses > learnAlways && r.misses%learnEvery != 0 {
		return p.Feed(b, h)
	}
	return r.learn(p, b, h)
}

// atRest reports whether nothing that came before has a part in what comes next, the last event ID string apart.
func (p *Parser) atRest() bool { return p.block == nil && p.bom == bomDone && !p.skipLF && !p.failed }

// tell repeats what the bytes meant.
func (r *Repeat) tell(p *Parser, h Handler) {
	for i := range r.pieces {
		said := &r.pieces[i]
		if said.ownID {
			p.id.set(said.event.ID)
		} else {
			said.event.ID = p.id.bytes()
		}
		switch said.kind {
		case fieldData:
			h.Event(&said.event)
		case fieldComment:
			h.Comment(said.event.Data)
		case fieldRetry:
			h.Retry(said.retry)
		}
	}
	if r.setsID {
		p.id.set(r.id)
	}
}

// unset stands for the last event ID while bytes are learnt. No ID holds a NUL (9.2.6), so what replaces it was set by them.
var unset = []byte{0}

func isUnset(id []byte) bool { return len(id) == 1 && id[0] == 0 }

// learn feeds b and remembers what it meant, if that was all.
func (r *Repeat) learn(p *Parser, b []byte, h Handler) error {
	r.fed, r.pieces, r.memory = r.fed[:0], r.pieces[:0], r.memory[:0]
	r.parser, r.to = p, h
	r.start = append(r.start[:0], p.id.bytes()...)
	p.id.set(unset)
	err := p.Feed(b, r)
	r.parser, r.to = nil, nil
	if r.setsID = !isUnset(p.id.bytes()); r.setsID {
		r.id = append(r.id[:0], p.id.bytes()...)
	} else {
		p.id.set(r.start)
	}
	if err == nil && p.atRest() && len(r.pieces) <= mostPieces {
		r.fed = append(r.fed, b...)
	}
	return err
}

// Event implements Handler for learn.
func (r *Repeat) Event(ev *Event) {
	own := r.before()
	ev.ID = r.parser.id.bytes()
	r.note(piece{kind: fieldData, ownID: own, event: Event{Type: r.keep(ev.Type), Data: r.keep(ev.Data)}})
	r.to.Event(ev)
	r.after(own)
}

// Comment implements Handler for learn.
func (r *Repeat) Comment(text []byte) {
	own := r.before()
	r.note(piece{kind: fieldComment, ownID: own, event: Event{Data: r.keep(text)}})
	r.to.Comment(text)
	r.after(own)
}

// Retry implements Handler for learn.
func (r *Repeat) Retry(millis int64) {
	own := r.before()
	r.note(piece{kind: fieldRetry, ownID: own, retry: millis})
	r.to.Retry(millis)
	r.after(own)
}

// before makes the last event ID the one in force, for a handler to see, and tells whether the bytes set it; after undoes it.
func (r *Repeat) before() (own bool) {
	if own = !isUnset(r.parser.id.bytes()); !own {
		r.parser.id.set(r.start)
	}
	return own
}

func (r *Repeat) after(own bool) {
	if !own {
		r.parser.id.set(unset)
	}
}

func (r *Repeat) note(said piece) {
	if len(r.pieces) > mostPieces {
		return
	}
	if said.ownID {
		said.event.ID = r.keep(r.parser.id.bytes())
	}
	r.pieces = append(r.pieces, said)
}

// keep copies what is valid for one call only.
func (r *Repeat) keep(b []byte) []byte {
	from := len(r.memory)
	r.memory = append(r.memory, b...)
	return r.memory[from:len(r.memory):len(r.memory)]
}
