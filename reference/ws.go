package reference

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// webSocket opens a WebSocket (RFC 6455): a text message is an event's data, or
// with format=json the object that /poll gives of it. There is no replay. What
// the client sends as text is published to the topic, where POST /publish would
// do it too.
func (s *Server) webSocket(w http.ResponseWriter, r *http.Request) {
	if !s.pass(w, r) {
		return
	}
	names, _, err := streamQuery(r)
	if err != nil {
		s.answerError(w, err)
		return
	}
	format := r.URL.Query().Get("format")
	if format != "" && format != "json" && format != "text" {
		s.answerError(w, refuse(http.StatusBadRequest, "format", "format is text or json"))
		return
	}
	if s.misanswer(w, r, s.faults.orNone()) {
		return
	}
	head, deflate, err := s.switching(w, r)
	if err != nil {
		s.answerError(w, err)
		return
	}
	topics, err := s.hub.admit(names)
	if err != nil {
		s.answerError(w, err)
		return
	}
	sub := &subscriber{serial: uint32(s.streams.Add(1)), index: -1, fd: -1, form: formOf(format == "json", deflate)}
	if s.mayPublish(r) {
		sub.flags |= flagPublishes
	}
	s.counts.opened.Add(1)
	if onSockets && r.TLS == nil {
		if sub.fd, err = takeSocket(w); err != nil {
			s.hub.left(topics)
			return
		}
		sub.head = &answerHead{head}
		s.hub.join(sub, topics, "")
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.hub.left(topics)
		return
	}
	s.serving.Go(func() { s.talk(conn, buffered.Reader, head, sub, topics) })
}

// switching answers the opening handshake (RFC 6455, 4.2), by hand: the library
// would keep the connection.
func (s *Server) switching(w http.ResponseWriter, r *http.Request) (head []byte, deflate bool, err error) {
	key := r.Header.Get("Sec-Websocket-Key")
	raw, bad := base64.StdEncoding.DecodeString(key)
	switch {
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return nil, false, refuse(http.StatusHTTPVersionNotSupported, "http_version", "a WebSocket is opened over HTTP/1.1")
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || !httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade"):
		w.Header().Set("Upgrade", "websocket")
		return nil, false, refuse(http.StatusUpgradeRequired, "upgrade", "this path is a WebSocket's: the request needs Upgrade: websocket and Connection: Upgrade")
	case r.Header.Get("Sec-Websocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		return nil, false, refuse(http.StatusUpgradeRequired, "websocket_version", "the version of WebSocket is 13")
	case bad != nil || len(raw) != 16:
		return nil, false, refuse(http.StatusBadRequest, "websocket_key", "Sec-WebSocket-Key is 16 bytes in Base64")
	case !s.sameOrigin(r):
		return nil, false, refuse(http.StatusForbidden, "origin", "pages of other origins need the server's setting CORS")
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	head = append(head, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	head = base64.StdEncoding.AppendEncode(head, sum[:])
	if deflate = offersDeflate(r.Header["Sec-Websocket-Extensions"]); deflate {
		head = append(head, "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"...)
	}
	return append(head, "\r\n\r\n"...), deflate, nil
}

// sameOrigin reports whether a request is of no page of another origin. What is no browser sends neither header (Fetch standard, section 3.1,
// and Fetch Metadata, section 2.3).
func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	switch {
	case s.CORS == "*", origin != "" && origin == s.CORS:
		return true
	case origin == "":
		return r.Header.Get("Sec-Fetch-Site") != "cross-site"
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// offersDeflate reports whether an offer is one of permessage-deflate as the
// server has it: 32 KiB of window, none of it kept (RFC 7692, 7.1).
func offersDeflate(fields []string) bool {
	for offer := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		name, parameters, _ := strings.Cut(offer, ";")
		good := strings.EqualFold(strings.TrimSpace(name), "permessage-deflate")
		for p := range strings.SplitSeq(parameters, ";") {
			switch name, value, _ := strings.Cut(strings.TrimSpace(p), "="); name {
			case "", "server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits":
			case "server_max_window_bits":
				good = good && strings.Trim(value, `"`) == "15"
			default:
				good = false
			}
		}
		if good {
			return true
		}
	}
	return false
}

// hear publishes a message to the subscriber's topic, where it may. It waits for
// nobody.
func (h *hub) hear(s *subscriber, may bool, text []byte, limit int64) *wsEnd {
	switch {
	case !may:
		return &wsEnd{closePolicy, "publishing needs the header Authorization: Bearer TOKEN with the server's token"}
	case len(s.slots) != 1:
		return &wsEnd{closePolicy, "an event goes to one topic, and this WebSocket has several"}
	case int64(len(text)) > limit:
		return tooBig(limit)
	}
	var room [32]byte
	if _, _, err := h.put(room[:0], s.slots[0].topic.name, &Event{Data: text}); err != nil {
		if errors.Is(err, errClosing) {
			return &wsEnd{closeGoingAway, err.Error()}
		}
		return &wsEnd{closePolicy, err.Error()}
	}
	h.counts.published.Add(1)
	return nil
}

// talk is a WebSocket on goroutines: behind TLS, and where the lanes have no
// sockets. This one writes.
func (s *Server) talk(conn net.Conn, in *bufio.Reader, head []byte, sub *subscriber, topics []*topic) {
	out := newWriter(&s.counts)
	out.form, out.below = sub.form, conn
	if c, ok := conn.(interface{ NetConn() net.Conn }); ok {
		out.below = c.NetConn()
	}
	sub.out = out
	may := sub.is(flagPublishes) // its flags are the lane's soon
	ctx, cancel := context.WithCancel(context.Background())
	_ = conn.SetDeadline(time.Time{})
	w := &wsConn{conn, bufio.NewWriter(conn)}
	_, _ = w.Write(head) // its error comes back with the first flush
	s.hub.join(sub, topics, "")
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		if !s.listen(in, sub, may) {
			cancel()
		}
	}()
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler { // the writer breaks off so, and no net/http is around us
			panic(p)
		}
		cancel()
		sub.lane.post(command{do: doLeave, sub: sub})
		conn.Close()
		<-heard
	}()
	out.write(ctx, w, sub, false)
}

// listen reads what the client sends, until either side ends it. It says
// whether there is a last word to be written.
func (s *Server) listen(in *bufio.Reader, sub *subscriber, may bool) bool {
	limit := orDefault(s.MaxBody, 1<<20)
	var r wsReader
	ear := wsEar{
		limit: limit, deflate: sub.form >= formTextDeflated, unpack: new(unpacker),
		message: func(text []byte) *wsEnd {
			s.hub.awaitRoom()
			return s.hub.hear(sub, may, text, limit)
		},
		answered: func(frame []byte) { sub.lane.reply(sub, delivery{b: frame}) },
	}
	b := make([]byte, 4<<10)
	for {
		n, err := in.Read(b)
		if end := r.feed(b[:n], &ear); end != nil {
			sub.lane.reply(sub, delivery{act: actEnd, b: closeFrame(end.code, end.reason)})
			return true
		}
		if err != nil {
			return false
		}
	}
}

// reply has the lane send a frame to a WebSocket, or end it. Any goroutine may
// call it.
func (l *lane) reply(s *subscriber, d delivery) {
	l.post(command{do: doCall, call: func() {
		if s.index >= 0 && !s.is(flagEnding) && l.queue(s, d) {
			if d.act == actEnd {
				s.flags |= flagEnding
			}
			l.mark(s)
		}
	}})
}

// wsConn is a WebSocket's connection as the writer of event streams sees it.
type wsConn struct {
	net.Conn
	out *bufio.Writer
}

func (w *wsConn) Header() http.Header         { return nil }
func (w *wsConn) WriteHeader(int)             {}
func (w *wsConn) Write(b []byte) (int, error) { return w.out.Write(b) }
func (w *wsConn) FlushError() error           { return w.out.Flush() }

func (w *wsConn) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.Conn, nil, nil }
