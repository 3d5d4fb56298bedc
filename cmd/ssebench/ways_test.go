package main

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The ways in which the servers of the matrix are wrong; the first is not.
var ways = map[string]way{
	"healthy":       {},
	"with comments": {frame: func(data string) string { return ": still here\n\ndata: " + data + "\n\n" }},

	// Streams that end.
	"ends properly":       {stream: aSecondLater(func(c *served) { c.say("0\r\n\r\n") })},
	"resets":              {stream: aSecondLater((*served).reset)},
	"closes in mid-body":  {stream: aSecondLater(func(*served) {})},
	"closes in mid-chunk": {stream: aSecondLater(func(c *served) { c.say("ff\r\ndata: h") })},
	"chunk size zz":       {stream: aSecondLater(func(c *served) { c.say("zz\r\n"); c.held() })},
	"a shorter content": {answer: func(c *served) {
		c.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: x\n\n")
	}},
	"an event without end":    {stream: aSecondLater(func(c *served) { c.chunk("data: " + strings.Repeat("x", 300<<10)); c.held() })},
	"a header after the head": {stream: aSecondLater(func(c *served) { c.say("HTTP/1.1 500 Oops\r\n\r\n"); c.held() })},
	"one of ten ends": {stream: func(c *served) {
		if c.number%10 == 0 {
			c.until(time.Second)
			return
		}
		c.until(time.Hour)
	}},

	// Answers that are no stream.
	"503":             {answer: says("HTTP/1.1 503 Service Unavailable\nContent-Length: 4\n\nbusy")},
	"204":             {answer: says("HTTP/1.1 204 No Content\n\n")},
	"HTML":            {answer: says("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 13\n\n<html></html>")},
	"gzip":            {answer: says("HTTP/1.1 200 OK\nContent-Type: text/event-stream\nContent-Encoding: gzip\nContent-Length: 2\n\n\x1f\x8b")},
	"a redirect loop": {answer: says("HTTP/1.1 302 Found\nLocation: /events\nContent-Length: 0\n\n")},
	"no HTTP":         {answer: says("SSH-2.0-OpenSSH_9.2\n")},
	"a folded header": {answer: says("HTTP/1.1 200 OK\nContent-Type: text/event-stream\n charset=utf-8\n\n")},
	"closes at once":  {answer: func(*served) {}},
	"never a head":    {answer: (*served).held},
	"five slots": {answer: func(c *served) {
		if c.number > 5 {
			c.held()
			return
		}
		c.head("text/event-stream")
		c.goOn()
	}},
	"every second a 503": {answer: func(c *served) {
		if c.number%2 == 0 {
			says("HTTP/1.1 503 Service Unavailable\nContent-Length: 0\n\n")(c)
			return
		}
		c.head("text/event-stream")
		c.goOn()
	}},

	// Events that are not what was published.
	"drops every fifth": {alter: func(n int, data string) []string { return map[bool][]string{n%5 != 0: {data}}[true] }},
	"delivers none":     {alter: func(int, string) []string { return nil }},
	"corrupts":          {alter: func(_ int, data string) []string { return []string{data[:len(data)-3] + "???"} }},
	"base64":            {alter: encoded},
	"upper case":        {alter: func(_ int, data string) []string { return []string{strings.ToUpper(data)} }},
	"freezes":           {stream: func(c *served) { c.until(300 * time.Millisecond); c.pause(2500 * time.Millisecond); c.until(time.Hour) }},
	"comments alone":    {frame: func(string) string { return ": still here\n\n" }},
	"a clock ahead":     {skew: time.Hour},
	"a clock behind":    {skew: -time.Hour},
	"no time in events": {frame: func(string) string { return "data: hello\n\n" }},

	// Polls.
	"good answers":             {answer: says(jsonAnswer(`{"cursor":"1","events":[{"data":"x"}]}`))},
	"an answer of HTML":        {answer: says("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\n\nhi")},
	"an answer that is broken": {answer: says(jsonAnswer(`{"cursor":"1","events":[`))},
	"an answer without cursor": {answer: says(jsonAnswer(`{"events":[]}`))},
	"a cursor that goes back":  {answer: func(c *served) { says(jsonAnswer(fmt.Sprintf(`{"cursor":"%d","events":[]}`, 1000-c.number)))(c) }},
	"too many requests":        {answer: says("HTTP/1.1 429 Too Many Requests\nRetry-After: 1\nContent-Length: 0\n\n")},

	// WebSockets.
	"good messages":      {answer: socket("\x81\x05hello")},
	"no WebSocket":       {answer: says("HTTP/1.1 404 Not Found\nContent-Length: 0\n\n")},
	"a wrong accept":     {answer: says("HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: AAAA\n\n")},
	"a masked frame":     {answer: socket("\x81\x05hello", "\x81\x85abcdhello")},
	"a reserved bit":     {answer: socket("\x81\x05hello", "\xb1\x05hello")},
	"a close frame":      {answer: socket("\x81\x05hello", "\x88\x02\x03\xf3")},
	"no close frame":     {answer: socket("\x81\x05hello", "")},
	"text that is none":  {answer: socket("\x81\x05hello", "\x81\x01\xff")},
	"a message too long": {answer: socket("\x81\x05hello", "\x81\x7f\x00\x00\x00\x00\x7f\x00\x00\x00")},

	// Hooks.
	"the hook says 500":      {hook: hookAnswers("HTTP/1.1 500 Oops\nContent-Length: 4\n\noops", false)},
	"the hook delivers none": {hook: hookAnswers("HTTP/1.1 202 Accepted\nContent-Length: 2\n\nok", false)},
	"the hook hangs":         {hook: func(_ *misbehaving, _ int, c net.Conn) bool { _, _ = io.Copy(io.Discard, c); return false }},
	"the hook is slow": {hook: func(s *misbehaving, n int, c net.Conn) bool {
		time.Sleep(300 * time.Millisecond) // that is how it misbehaves
		return hookAnswers("HTTP/1.1 204 No Content\n\n", true)(s, n, c)
	}},
	"one call in ten fails": {hook: func(s *misbehaving, n int, c net.Conn) bool {
		if n%10 == 0 {
			return hookAnswers("HTTP/1.1 500 Oops\nContent-Length: 0\n\n", false)(s, n, c)
		}
		return hookAnswers("HTTP/1.1 204 No Content\n\n", true)(s, n, c)
	}},
}

// pause does nothing for so long, while events wait.
func (c *served) pause(d time.Duration) { time.Sleep(d) }

// jsonAnswer is an answer to a poll.
func jsonAnswer(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: %d\nConnection: close\n\n%s", len(body), body)
}

// socket opens a WebSocket and sends a frame at once and another one after a second, which ends it where it is empty; without a second
// frame it stays.
func socket(frames ...string) func(c *served) {
	return func(c *served) {
		sum := sha1.Sum([]byte(c.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		c.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
		c.say("%s", frames[0])
		if len(frames) > 1 {
			time.Sleep(time.Second) // the frame that is wrong comes in mid-run
			if c.say("%s", frames[1]); frames[1] == "" {
				return
			}
		}
		c.held()
	}
}
