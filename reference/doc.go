// Package reference is the bundled SSE server: the yardstick that other
// servers are measured against, and, on request, a server that is wrong in
// known ways.
//
//  1. Server is the whole of it: fields, Start, URL, Publish, Shutdown, Close.
//  2. AppendEvent puts an event into the text/event-stream format. An event is
//     encoded and framed once, and the same bytes go to every subscriber.
//  3. The hub numbers events, keeps each topic's last ones for replay, and
//     passes them on to the lanes in one order.
//  4. A lane is a loop that owns its share of the subscribers. It writes to
//     sockets by itself, without waiting: HTTP/1.1 in clear text on Linux, and
//     HTTP/2 by connection. Elsewhere goroutines write, behind the same sink.
//  5. A subscriber that cannot take what comes has a bounded backlog, and then
//     a SlowPolicy.
//  6. A WebSocket is a subscriber as any other, in another form (form.go): its
//     frames are encoded once for all. What its client sends, the lane reads.
//  7. Faults make the server wrong, exactly: see ListFaults. What they did is
//     counted, and told by GET /admin/faults and FaultsDone. A Door that is shut
//     turns away who wants a stream, in one of three ways, for a time.
//
// It imports nothing else of this module: a codec shared with the client that
// measures it could hide a shared bug.
package reference
