// Package publish holds the hooks by which an event reaches the server under test. Each is a loadgen.Publisher with a Close.
//
//  1. [NewHTTP] calls a URL for each event.
//  2. [NewRedis] sends a PUBLISH for each event.
//  3. [NewExec] starts a command once and writes a line to its standard input for each event: psql with NOTIFY, kcat,
//     mosquitto_pub, scripts.
//  4. [NewSubscribers] has the run's own subscribers send the events.
//
// The configurations hold templates (text/template) over .Payload, .Event, .ID, .Topic and .Seq, with the functions json and
// urlquery. A constructor reports every mistake that can be seen before the first event.
//
// Publish returns a *loadgen.Failure: a token for counting and one line for people, which says what happened, where, and what to
// do. Passwords, credentials in headers and what looks like a key in a URL are not in it.
package publish
