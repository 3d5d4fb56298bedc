// Package sse reads event streams (text/event-stream) as a browser does: WHATWG HTML section 9.2, byte by byte. It imports
// only the standard library, reads no socket and tells no time; loadgen feeds it, the decode and listen commands show what
// it understands.
//
//  1. A [Parser] takes the bytes of a stream as they come, in any splits, and calls a [Handler] for each event, comment and
//     retry line, from inside [Parser.Feed] and as early as they can be known: an event at the blank line that ends it,
//     also when that line is a CR whose LF has not come; a comment and a retry at the end of their line. The zero Parser
//     is ready.
//
//  2. What a handler gets are views of the bytes being fed, or of a buffer if they came in pieces, valid until it returns.
//     Nothing is allocated in the steady state.
//
//  3. [Event.Type] is what the server sent; a browser's listeners see [Event.Name], "message" where it is empty.
//     [Event.ID] is the last event ID string: the id of this event or of an earlier one.
//
//  4. The standard tells the last event ID buffer, which an id line sets, from the last event ID string, which follows at
//     the blank line, with or without an event. [Parser.LastEventID] is the string, what a reconnecting client sends: an id
//     in an event that was cut short must not count, since that event has to come again.
//
//  5. [Parser.End] ends a stream. It drops an unterminated event, as the standard wants, and says so, as the standard does
//     not. The parser is then ready for the next stream (which may start with a byte order mark of its own) and keeps the
//     last event ID.
//
//  6. An event that outgrows [Parser.Limit] fails the stream with [ErrTooLong], however it is cut, before it costs twice
//     that memory. Each byte is searched and copied a fixed number of times, so a long line takes linear time.
//
//  7. Between events a parser is a struct of a few words: the buffers of unfinished events come from pools, by size, and
//     go back when the event is done. 50,000 idle streams cost their last event IDs.
//
//  8. A broadcast brings the same bytes to thousands of streams in a row: [Parser.FeedRepeat] compares them with what a [Repeat]
//     remembers, and parses only what is new.
//
//  9. Bytes are handed on as they were sent. Where they are shown or exported, [AppendValidUTF8] decodes them as browsers
//     do, with one U+FFFD for each maximal subpart of an ill-formed sequence.
//
// Every rule has a named vector in testdata, with the paragraph it comes from; package ssetest reads them, also for tests
// of others. How fast it is, next to other Go clients: the module in bench.
package sse
