// Package loadgen is the engine: it carries out a scenarios.Plan and gives a results.Document.
//
//  1. [Runner.Run] goes through the phases: it opens streams on schedule, publishes on schedule, drains, and closes every account.
//  2. A [Schedule] says when the n-th opening or event is due. Every latency counts from there.
//  3. A [Transport] brings bytes, a [Publisher] takes events, a [Server] is sampled: interfaces, so that the same engine runs over
//     sockets and, in its tests, over a server in memory and virtual time.
//  4. A [Subscriber] is the client of one event stream: it judges the response, feeds the parser, and decides when to come back.
//  5. A subscription (unexported) is a Subscriber together with its [Ledger]: which event came, how, and which never did.
//  6. A [Lane] is a loop, or a share of goroutines, with a shard of the recorder. While events flow nothing is shared between lanes;
//     once a second the shards are swapped and summed into an Interval, which goes to the journal and the fold.
//  7. A broadcast brings the same bytes to thousands of streams in a row, so a lane remembers what they meant (sse.Repeat) and what
//     their data says (reading.go).
//  8. The [Account] of a transport and the [Host] tell how the run was measured; package results judges the generator by it.
//
// What a run publishes is known to its topics: each call of the hook, when it was due, when it started and how it ended. Ledgers are
// closed against that, so that expected = received + lost holds by count and not by construction.
package loadgen
