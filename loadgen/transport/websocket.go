package transport

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"ssebench/loadgen"
	"ssebench/results"
)

// upgradeWebSocket is what Request.Upgrade can ask for.
const upgradeWebSocket = "websocket"

// messageLimit bounds a message where the request names no other limit, in bytes.
const messageLimit = 16 << 20

// The status codes of the close frames that we send (RFC 6455 section 7.4.1).
const (
	closeNormal     = 1000
	closeGoingAway  = 1001
	closeProtocol   = 1002
	closeNoStatus   = 1005 // never sent: the other side's close frame had none
	closeBadData    = 1007
	closeTooLong    = 1009
	closeExtension  = 1010
	closeReasonMost = controlMost - 2 // bytes
)

// webSocket stands in front of a stream's handler and makes messages of what the connection carries (RFC 6455). It knows no socket: what it has to
// send gathers in out, and whoever moves the bytes looks there after each read. It is called with the lane held.
type webSocket struct {
	loadgen.StreamHandler
	lane   *lane
	frames frameReader
	limit  uint64 // of a message, opened
	nonce  [16]byte
	at     time.Time // of the bytes that are being handled
	out    []byte

	buffers   *loadgen.Buffers
	subscribe []byte
	compress  bool // offered
	upgraded  bool // the server agreed
	open      bool // so did the handler, and neither side has said close
}

// wrap puts a WebSocket in front of the handler of a request that asks for one.
func wrap(l *lane, r *loadgen.Request, h loadgen.StreamHandler) loadgen.StreamHandler {
	if r.Upgrade != upgradeWebSocket {
		return h
	}
	w := &webSocket{StreamHandler: h, lane: l, limit: messageLimit, buffers: r.WebSocket.Buffers, subscribe: r.WebSocket.Subscribe, compress: r.WebSocket.Compress}
	if r.WebSocket.Limit > 0 {
		w.limit = uint64(r.WebSocket.Limit)
	}
	return w
}

// socket is the stream's WebSocket; nil: it has none.
func (x *exchange) socket() *webSocket {
	w, _ := x.handler.(*webSocket)
	return w
}

// appendHandshake appends the fields of an opening handshake (section 4.1), with a key of its own for each.
func (w *webSocket) appendHandshake(b []byte) []byte {
	binary.LittleEndian.PutUint64(w.nonce[:], rand.Uint64())
	binary.LittleEndian.PutUint64(w.nonce[8:], rand.Uint64())
	b = append(b, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "...)
	b = base64.StdEncoding.AppendEncode(b, w.nonce[:])
	if w.compress {
		b = append(b, "\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover"...)
	}
	return append(b, "\r\n"...)
}

// Opened implements loadgen.StreamHandler.
func (w *webSocket) Opened(o loadgen.Opening) error {
	w.frames.release()
	w.upgraded, w.open, w.out = o.Status == http.StatusSwitchingProtocols, false, nil
	if w.upgraded {
		if err := w.accept(o.Header); err != nil {
			return err
		}
	}
	if err := w.StreamHandler.Opened(o); err != nil {
		return err
	}
	w.open = w.upgraded
	if w.open && len(w.subscribe) > 0 {
		w.out = w.appendMessage(w.out, w.subscribe)
	}
	return nil
}

// accept judges a 101 (section 4.1, the second list).
func (w *webSocket) accept(h http.Header) error {
	sum := sha1.Sum([]byte(base64.StdEncoding.EncodeToString(w.nonce[:]) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	switch {
	case !strings.EqualFold(strings.Join(h["Upgrade"], ","), "websocket"):
		return fail(tokenWSAccept, "the server switched to %q and not to websocket", strings.Join(h["Upgrade"], ", "))
	case !httpguts.HeaderValuesContainsToken(h["Connection"], "upgrade"):
		return fail(tokenWSAccept, "the server answered 101 without Connection: Upgrade")
	case h.Get("Sec-Websocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]):
		return fail(tokenWSAccept, "the server's Sec-WebSocket-Accept is not made of our key: it, or a proxy, does not speak WebSocket")
	}
	agreed, err := agreedDeflate(h["Sec-Websocket-Extensions"], w.compress)
	w.frames = frameReader{limit: w.limit, deflate: agreed, buffers: w.buffers}
	return err
}

// agreedDeflate reads which extensions the server chose: permessage-deflate as it was offered, or none (RFC 7692 section 7.1).
func agreedDeflate(fields []string, offered bool) (bool, error) {
	chosen := strings.TrimSpace(strings.Join(fields, ","))
	if chosen == "" {
		return false, nil
	}
	name, parameters, _ := strings.Cut(chosen, ";")
	if !offered || !strings.EqualFold(strings.TrimSpace(name), "permessage-deflate") || strings.Contains(parameters, ",") {
		return false, fail(tokenWSExtension, "the server chose extensions that were not offered: %q", chosen)
	}
	fresh := false
	for p := range strings.SplitSeq(parameters, ";") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(p), "="); name {
		case "server_no_context_takeover":
			fresh = true
		case "client_no_context_takeover":
		case "server_max_window_bits":
			if bits, err := strconv.Atoi(strings.Trim(value, `"`)); err != nil || bits < 8 || bits > 15 {
				return false, fail(tokenWSExtension, "the server chose %q, which is no window", strings.TrimSpace(p))
			}
		default:
			return false, fail(tokenWSExtension, "the server chose %q, which was not offered", strings.TrimSpace(p))
		}
	}
	if !fresh {
		return false, fail(tokenWSExtension, "the server agreed to permessage-deflate without server_no_context_takeover, which was asked for")
	}
	return true, nil
}

// Bytes implements loadgen.StreamHandler. What ends the WebSocket by our judgement is told to the server.
func (w *webSocket) Bytes(b []byte, at time.Time) error {
	if !w.upgraded {
		return w.StreamHandler.Bytes(b, at)
	}
	w.at = at
	err := w.frames.feed(b, w)
	if f := failureOf(err); f != nil && w.open {
		w.close(closeCode(f.Token), "")
	}
	return err
}

// closeCode is the status code that tells a server what it did.
func closeCode(token string) int {
	switch token {
	case tokenWSFrame:
		return closeProtocol
	case tokenWSUTF8, tokenWSDeflate:
		return closeBadData
	case tokenWSTooLong, loadgen.TokenBufferLimit:
		return closeTooLong
	}
	return closeNormal
}

// message implements messageSink.
func (w *webSocket) message(b []byte, text, packed bool) (err error) {
	w.lane.figures.Count(results.BodyReceived, int64(len(b)))
	if packed {
		if b, err = w.lane.deflation.open(b, w.limit); err != nil {
			return err
		}
	}
	if text && !utf8.Valid(b) {
		return fail(tokenWSUTF8, "the server sent a text message that is not UTF-8")
	}
	return w.StreamHandler.Bytes(b, w.at)
}

// control implements messageSink.
func (w *webSocket) control(opcode byte, b []byte) error {
	switch opcode {
	case opPing:
		w.out = appendFrame(w.out, opPong, b)
	case opClose:
		return w.closed(b)
	}
	return nil
}

// closed handles the server's close frame (section 5.5.1): it is answered, and the stream ends.
func (w *webSocket) closed(b []byte) error {
	if len(b) == 0 {
		w.close(closeNoStatus, "")
		return fail(tokenWSClose+strconv.Itoa(closeNoStatus), "the server closed the WebSocket without a status code")
	}
	if len(b) == 1 {
		return badFrame("of close with half a status code")
	}
	code, reason := int(binary.BigEndian.Uint16(b)), b[2:]
	switch {
	case code < 1000 || code >= 5000 || code >= 1015 && code < 3000 || code >= 1004 && code <= 1006: // section 7.4
		return badFrame("of close with the status code %d, which may not be sent", code)
	case !utf8.Valid(reason):
		return fail(tokenWSUTF8, "the server sent a close frame whose reason is not UTF-8")
	}
	w.close(code, "")
	return fail(tokenWSClose+strconv.Itoa(code), "the server closed the WebSocket with status code %d (%q)", code, reason)
}

// close says close, once.
func (w *webSocket) close(code int, reason string) {
	w.open = false
	var b []byte
	if code != closeNoStatus {
		b = append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason[:min(len(reason), closeReasonMost)]...)
	}
	w.out = appendFrame(w.out, opClose, b)
}

// goodbye appends what ends an open WebSocket from our side.
func (w *webSocket) goodbye(dst []byte) []byte {
	if !w.open {
		return dst
	}
	w.out = nil
	w.close(closeGoingAway, "")
	dst, w.out = append(dst, w.out...), nil
	return dst
}

// appendMessage appends a text message as it goes out.
func (w *webSocket) appendMessage(dst, message []byte) []byte {
	if w.frames.deflate {
		return appendFrame(dst, bitCompressed|opText, w.lane.deflation.pack(message))
	}
	return appendFrame(dst, opText, message)
}

// appendPublished is appendMessage of what a subscriber publishes.
func (w *webSocket) appendPublished(dst, message []byte) []byte {
	before := len(dst)
	dst = w.appendMessage(dst, message)
	w.lane.figures.Count(results.BodySent, int64(len(dst)-before-clientHeadSize(len(dst)-before)))
	return dst
}

// Ended implements loadgen.StreamHandler. The end of the connection is no end of a WebSocket: that is a close frame (section 7.1.4).
func (w *webSocket) Ended(e loadgen.Ending) time.Time {
	w.frames.release()
	if w.upgraded && e.Opened && e.Token == loadgen.TokenEOF {
		e.Token, e.Message = tokenWSNoClose, "the server closed the connection without a close frame"
	}
	w.upgraded, w.open, w.out = false, false, nil
	return w.StreamHandler.Ended(e)
}
