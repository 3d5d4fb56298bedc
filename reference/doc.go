// Package reference is the bundled SSE server: the yardstick that other
// servers are measured against, and, on request, a server that is wrong in
// known ways.
//
//  1. Server is the whole of it: fields, Start, URL, Shutdown, Close.
//  2. AppendEvent puts an event into the text/event-stream format.
//  3. The hub numbers events, keeps each topic's last ones for replay, and
//     knows the subscribers.
//  4. Faults make it wrong, exactly: see ListFaults. What they did is counted.
//
// It imports nothing else of this module: a codec shared with the client that
// measures it could hide a shared bug.
package reference
