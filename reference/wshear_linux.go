package reference

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// unheard is a WebSocket that has something to be read.
type unheard struct {
	sub  *subscriber
	left bool // its client has ended its direction
}

// heardAtOnce is how many reads of one WebSocket follow each other.
const heardAtOnce = 4

// hearing is what a lane has for reading.
type hearing struct {
	unheard []unheard
	buffer  []byte
	torn    map[*subscriber]*wsReader // of which a frame or a message is under way
	fresh   wsReader                  // of one of which nothing is
	speaker *subscriber               // who is being listened to
	ear     wsEar
}

// learn makes a lane ready to read.
func (l *lane) learn() {
	l.buffer = make([]byte, 64<<10)
	l.torn = make(map[*subscriber]*wsReader)
	l.ear = wsEar{
		limit: l.maxBody, unpack: new(unpacker),
		message:  func(text []byte) *wsEnd { return l.hub.hear(l.speaker, l.speaker.is(flagPublishes), text, l.maxBody) },
		answered: func(frame []byte) { l.answer(l.speaker, delivery{b: frame}) },
	}
}

// hearAll reads what WebSockets have sent. Where a lane has no room for more,
// they wait, and in the end their clients.
func (l *lane) hearAll() {
	todo := l.unheard
	l.unheard = nil
	for _, u := range todo {
		if u.sub.index >= 0 {
			l.hear(u)
		}
	}
}

// hear reads from one. What is left over comes with the next batch.
func (l *lane) hear(u unheard) {
	s := u.sub
	if l.buffer == nil {
		l.learn()
	}
	for range heardAtOnce {
		if !l.hub.hasRoom() {
			break
		}
		n, errno := read(s.fd, l.buffer)
		switch {
		case errno == unix.EAGAIN:
			return
		case errno != 0 || n == 0:
			l.leave(s)
			return
		case !s.is(flagEnding): // else it speaks to nobody
			l.listen(s, l.buffer[:n])
		}
		if s.index < 0 || n < len(l.buffer) && !u.left {
			return
		}
	}
	l.unheard = append(l.unheard, u)
}

// listen takes what a client sent.
func (l *lane) listen(s *subscriber, b []byte) {
	r := l.torn[s]
	if r == nil {
		r = &l.fresh
	}
	l.speaker, l.ear.deflate = s, s.form >= formTextDeflated
	end := r.feed(b, &l.ear)
	switch {
	case end != nil:
		delete(l.torn, s)
		l.fresh = wsReader{}
		l.answer(s, delivery{act: actEnd, b: closeFrame(end.code, end.reason)})
		s.flags |= flagEnding
	case r.empty():
		delete(l.torn, s)
	case r == &l.fresh:
		kept := l.fresh
		l.torn[s], l.fresh = &kept, wsReader{}
	}
}

func (l *lane) answer(s *subscriber, d delivery) {
	if l.queue(s, d) {
		l.mark(s)
	}
}

// unhear forgets what is under way from one that has left.
func (l *lane) unhear(s *subscriber) { delete(l.torn, s) }

// nap is how long a lane waits at most while there is something to be read.
func (l *lane) nap() time.Duration {
	if len(l.unheard) > 0 {
		return time.Millisecond
	}
	return -1
}

func read(fd int32, b []byte) (int, unix.Errno) {
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		if errno == 0 {
			return int(n), 0
		}
		if errno != unix.EINTR {
			return 0, errno
		}
	}
}
