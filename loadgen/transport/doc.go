// Package transport brings the bytes of streams over HTTP/1.1, with and without TLS, over HTTP/2, and the messages of WebSockets. It knows HTTP and nothing of
// events, stamps or retries.
//
// A tour:
//
//  1. New makes a Transport from a Config, with an engine that moves the bytes (transport.go): on Linux an event loop for each lane
//     (loops_linux.go), elsewhere and on request a goroutine for each stream (goroutines.go).
//  2. Transport.Open starts a stream: it waits for the due instant, opens, reads to the end, asks its handler whether to open again, and
//     waits again. Nothing limits how many streams wait for an answer. A goroutine does it in a row (stream.go, hop1.go); on a loop it is
//     a state machine (looped_linux.go, hop_linux.go, sending_linux.go, parting_linux.go) that the loop (loop_linux.go) calls with what its poller and its timers tell
//     (poller_linux.go, wheel_linux.go).
//  3. An opening is a login, where one is asked for, and a chain of hops (exchange.go, opening.go, redirect.go, cookies.go), the same
//     code for every engine and protocol.
//  4. A hop dials (dial.go, resolve.go, tls.go), writes its request (request.go) and reads the response: HTTP/1.1 with a push
//     parser (response.go, framing.go, chunked.go), HTTP/2 on a loop with a client of our own that knows no socket (conn2.go, and
//     frames2.go, data2.go, fields2.go, control2.go, send2.go), on goroutines through net/http's client connections (hop2.go, pool.go,
//     preface.go).
//  5. Over HTTP/2 every stream has a connection of its own, unless Config says that some share one. On a loop the connection is a trunk
//     (trunk_linux.go, hop2_linux.go); where it is shared, streams wait for a place at their destination (destination_linux.go).
//     The streams of a browser share its few connections, over HTTP/1.1 too (browser.go, browser_linux.go, browser_goroutines.go, line.go).
//  6. An idle cleartext stream holds no buffer: a read goes into the lane's shared one, with the kernel's stamp where a loop reads
//     (socket_linux.go, clock_linux.go; read_unix.go for goroutines).
//  7. TLS of a stream on a loop (handshake_linux.go): crypto/tls shakes hands; for TLS 1.3 with AES-GCM a record layer of our own goes on
//     (secure.go, records.go, messages.go, seal.go, traffic_keys.go), which opens in place in the lane's buffer, for everything else
//     crypto/tls over memory (shim.go). Reconnects resume sessions (sessions.go).
//  8. Before a loop closes a connection it counts what it cost on the wire (wire_linux.go).
//  9. A WebSocket stands between a stream and its handler (websocket.go, wsframes.go, wsdeflate.go, wssend.go); the engines only write what
//     it has to say (wsloop_linux.go, wsstream.go).
//  10. Requests of a subscriber beside its stream (post.go) go over a second stream with a connection that it keeps, or over HTTP/2 along on the
//     first one's (postloop_linux.go, poststream.go).
//  11. Every way to fail has a token (tokens.go, failure.go).
package transport
