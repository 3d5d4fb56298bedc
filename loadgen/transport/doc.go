// Package transport brings the bytes of streams over HTTP/1.1, with and without TLS, and over HTTP/2. It knows HTTP and nothing of
// events, stamps or retries.
//
// A tour:
//
//  1. New makes a Transport from a Config. Its lanes are shares of goroutines (lane.go).
//  2. Transport.Open starts a stream (stream.go): a goroutine that waits for the due instant, opens, reads to the end, asks its
//     handler whether to open again, and waits again. Nothing limits how many streams wait for an answer.
//  3. An opening is a login, where one is asked for, and a chain of hops (opening.go, redirect.go, cookies.go), the same code
//     for every protocol.
//  4. A hop dials (dial.go, resolve.go, tls.go), writes its request (request.go) and reads the response: HTTP/1.1 with a push
//     parser (response.go, framing.go, chunked.go) on a connection (conn.go, hop1.go), HTTP/2 through net/http's client connections
//     (hop2.go, pool.go, preface.go).
//  5. On unix an idle cleartext stream holds no buffer: its goroutine waits for readability, and a read goes into the lane's
//     shared buffer (read_unix.go).
//  6. Every way to fail has a token (tokens.go, failure.go).
package transport
