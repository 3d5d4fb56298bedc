package results

// Kind says how the values of a metric combine.
type Kind string

// The three kinds of the catalogue.
const (
	KindHistogram Kind = "histogram"
	KindCounter   Kind = "counter"
	KindGauge     Kind = "gauge"
)

// Unit is the unit in which a metric's values are stored.
type Unit string

// The units of the catalogue. Durations are always nanoseconds.
const (
	UnitNanoseconds Unit = "ns"
	UnitOne         Unit = "1"
	UnitBytes       Unit = "B"
	UnitCores       Unit = "cores"
	UnitRatio       Unit = "ratio"
)

// Direction says which way a metric is better.
type Direction string

// Directions of improvement; Neutral metrics describe and do not judge.
const (
	LowerIsBetter  Direction = "lower"
	HigherIsBetter Direction = "higher"
	Neutral        Direction = ""
)

// Metric is one row of the catalogue.
type Metric struct {
	Name    string
	Kind    Kind
	Unit    Unit
	Meaning string
	Better  Direction
}

// ID is the place of a metric in the Catalogue. IDs never leave the process: documents and journals carry names.
type ID uint8

// The metrics that a run records, in the order of the catalogue.
const (
	ConnectDial ID = iota
	ConnectTLS
	ConnectHeaders
	ConnectTotal
	ConnectLag
	ConnectFirstEvent
	ConnectQueue
	ConnectStarved
	ConnectFailovers
	ConnectionsAttempted
	ConnectionsOpened
	ConnectionsFailed
	ConnectionsAbandoned
	ConnectionsNeverOpen
	ConnectionsClosedByServer
	ConnectionsCut
	ConnectionsLeft
	ConnectionsQueued
	ConnectionsStarved
	ConnectionsDisplaced
	ConnectionsOpen
	ConnectionsPeak
	PublishDue
	PublishUnsent
	PublishCount
	PublishFailed
	PublishDuration
	PublishLag
	FanoutLatency
	ObservedLatency
	FanoutFromSend
	FanoutReplayed
	FanoutFirst
	FanoutLast
	FanoutSpread
	FanoutSurvivors
	DeliveriesExpected
	DeliveriesReceived
	DeliveriesLost
	DeliveriesLostMidstream
	DeliveriesLostGap
	DeliveriesLostTail
	DeliveriesDuplicate
	DeliveriesReordered
	DeliveriesLate
	DeliveriesUnexpected
	DeliveriesCorrupt
	DeliveriesUnreadable
	DeliveriesStalled
	DeliveriesSuperseded
	DeliveriesReplayed
	DeliveriesMissing
	DeliveriesStale
	DeliveriesIDsHideLoss
	EventsReceived
	EventsComments
	EventsInvalidUTF8
	EventsDiscarded
	ReadsCoalesced
	ReadsStamped
	ReadsUnstamped
	EventsInterval
	ReconnectCount
	ReconnectDowntime
	ReconnectStranded
	ReconnectAway
	ReconnectReplays
	ReconnectCaughtUp
	ReconnectDelayError
	ReconnectRecoveredP50
	ReconnectRecoveredP95
	ReconnectRecoveredAll
	StreamAge
	StreamIdle
	StreamBrokenAge
	StreamBrokenIdle
	StreamSilence
	StreamHeartbeat
	SlowOpened
	SlowCut
	SlowAge
	BytesReceived
	BytesSent
	BodyReceived
	BodySent
	TLSReceived
	TLSSent
	WireReceived
	WireSent
	WirePerDelivery
	PayloadReceived
	PayloadUnused
	PayloadSent
	RequestsCount
	RequestsEmpty
	RequestsDuration
	GeneratorLag
	GeneratorScheduleLag
	GeneratorCPU
	GeneratorRSS
	GeneratorRSSPerConnection
	GeneratorGCPause
	GeneratorRunDelay
	MachineCPUPressure
	MachineClockSteps
	MachineBuffersFull
	GeneratorBuffersFull
	ServerRunDelay
	ServerCPU
	ServerCPUSystem
	ServerRSS
	ServerCPUPerDelivery
	ServerRSSPerConnection

	NumMetrics
)

// Catalogue lists every metric that a document can hold. The docs table, the completion and the check of thresholds, and every
// export are made from it.
var Catalogue = [NumMetrics]Metric{
	ConnectDial:       {"connect.dial", KindHistogram, UnitNanoseconds, "TCP connect started to established", LowerIsBetter},
	ConnectTLS:        {"connect.tls", KindHistogram, UnitNanoseconds, "TLS handshake", LowerIsBetter},
	ConnectHeaders:    {"connect.headers", KindHistogram, UnitNanoseconds, "request written to response headers read", LowerIsBetter},
	ConnectTotal:      {"connect.total", KindHistogram, UnitNanoseconds, "due time of the connection in the ramp to stream open (200, text/event-stream)", LowerIsBetter},
	ConnectLag:        {"connect.lag", KindHistogram, UnitNanoseconds, "due time to dial started: the generator's own lateness", LowerIsBetter},
	ConnectFirstEvent: {"connect.first_event", KindHistogram, UnitNanoseconds, "request written to first event dispatched", LowerIsBetter},
	ConnectQueue:      {"connect.queue", KindHistogram, UnitNanoseconds, "a stream without a free place on the connections that streams share, to its place", LowerIsBetter},
	ConnectStarved:    {"connect.starved", KindHistogram, UnitNanoseconds, "a stream without a free place on the connections of its browser, to the end of the run, which came first", LowerIsBetter},
	ConnectFailovers:  {"connect.failovers", KindCounter, UnitOne, "addresses that failed, after which the next one of the same name was tried, also by token", LowerIsBetter},

	ConnectionsAttempted:      {"connections.attempted", KindCounter, UnitOne, "streams, all attempts: opened + failed + abandoned", Neutral},
	ConnectionsOpened:         {"connections.opened", KindCounter, UnitOne, "streams that opened, also by address where there are several", HigherIsBetter},
	ConnectionsFailed:         {"connections.failed", KindCounter, UnitOne, "attempts that failed, also by token", LowerIsBetter},
	ConnectionsAbandoned:      {"connections.abandoned", KindCounter, UnitOne, "attempts still pending when the run ended", LowerIsBetter},
	ConnectionsNeverOpen:      {"connections.never_open", KindCounter, UnitOne, "subscribers whose stream had not opened when the run ended, also by what kept it", LowerIsBetter},
	ConnectionsClosedByServer: {"connections.closed_by_server", KindCounter, UnitOne, "open streams that the server or the network ended, also by token", Neutral},
	ConnectionsCut:            {"connections.cut", KindCounter, UnitOne, "open streams that an outage of the scenario cut on our side, also by how", Neutral},
	ConnectionsLeft:           {"connections.left", KindCounter, UnitOne, "subscribers that left by plan, each followed by a new one", Neutral},
	ConnectionsQueued:         {"connections.queued", KindCounter, UnitOne, "openings that had to wait for a free place: on a shared HTTP/2 connection, or on the connections of their browser", LowerIsBetter},
	ConnectionsDisplaced:      {"connections.displaced", KindCounter, UnitOne, "of the starved, those that had had a stream, whose place other tabs of their browser had taken when they came back, also by the limit", LowerIsBetter},
	ConnectionsStarved:        {"connections.starved", KindCounter, UnitOne, "of the abandoned, those that still waited for a free place on the connections of their browser, also by the limit", LowerIsBetter},
	ConnectionsOpen:           {"connections.open", KindGauge, UnitOne, "streams open", Neutral},
	ConnectionsPeak:           {"connections.peak", KindGauge, UnitOne, "most streams open at once", HigherIsBetter},

	PublishDue:      {"publish.due", KindCounter, UnitOne, "events that the schedule had due: count + unsent", Neutral},
	PublishUnsent:   {"publish.unsent", KindCounter, UnitOne, "of these, those whose hook call never started", LowerIsBetter},
	PublishCount:    {"publish.count", KindCounter, UnitOne, "hook calls", Neutral},
	PublishFailed:   {"publish.failed", KindCounter, UnitOne, "hook calls that failed, also by token", LowerIsBetter},
	PublishDuration: {"publish.duration", KindHistogram, UnitNanoseconds, "hook call started to answered; of a message on a subscriber's WebSocket, which has no answer, to written", LowerIsBetter},
	PublishLag:      {"publish.lag", KindHistogram, UnitNanoseconds, "due time to hook call started", LowerIsBetter},

	FanoutLatency:   {"fanout.latency", KindHistogram, UnitNanoseconds, "due time of the publish to first receipt of each expected pair; a lost pair counts as later than every receipt", LowerIsBetter},
	ObservedLatency: {"observed.latency", KindHistogram, UnitNanoseconds, "time that the server wrote into the event to receipt", LowerIsBetter},
	FanoutFromSend:  {"fanout.from_send", KindHistogram, UnitNanoseconds, "hook call started to receipt: the uncorrected figure", LowerIsBetter},
	FanoutReplayed:  {"fanout.replayed", KindHistogram, UnitNanoseconds, "due time to receipt, for receipts by replay", LowerIsBetter},
	FanoutFirst:     {"fanout.first", KindHistogram, UnitNanoseconds, "for each event: due time to first receipt", LowerIsBetter},
	FanoutLast:      {"fanout.last", KindHistogram, UnitNanoseconds, "for each event that all expected subscribers got: due time to last receipt", LowerIsBetter},
	FanoutSpread:    {"fanout.spread", KindHistogram, UnitNanoseconds, "for each event: first receipt to last receipt", LowerIsBetter},

	FanoutSurvivors: {"fanout.survivors", KindHistogram, UnitNanoseconds, "fanout.latency of streams that no outage has dropped or will cut: the harm to those who are not concerned", LowerIsBetter},

	DeliveriesExpected:      {"deliveries.expected", KindCounter, UnitOne, "distinct (subscriber, event) pairs that had to arrive: received + lost", Neutral},
	DeliveriesReceived:      {"deliveries.received", KindCounter, UnitOne, "expected pairs that arrived", HigherIsBetter},
	DeliveriesLost:          {"deliveries.lost", KindCounter, UnitOne, "expected pairs that never arrived", LowerIsBetter},
	DeliveriesLostMidstream: {"deliveries.lost_midstream", KindCounter, UnitOne, "lost between two receipts of one stream", LowerIsBetter},
	DeliveriesLostGap:       {"deliveries.lost_gap", KindCounter, UnitOne, "lost between receipts of different streams: in a reconnect gap", LowerIsBetter},
	DeliveriesLostTail:      {"deliveries.lost_tail", KindCounter, UnitOne, "lost after the last receipt", LowerIsBetter},
	DeliveriesDuplicate:     {"deliveries.duplicate", KindCounter, UnitOne, "receipts of a pair that had arrived before", LowerIsBetter},
	DeliveriesReordered:     {"deliveries.reordered", KindCounter, UnitOne, "receipts with a sequence below one already seen (RFC 4737, section 3)", LowerIsBetter},
	DeliveriesLate:          {"deliveries.late", KindCounter, UnitOne, "receipts later than the scenario's late_after", LowerIsBetter},
	DeliveriesUnexpected:    {"deliveries.unexpected", KindCounter, UnitOne, "receipts of pairs that are not expected, also by token: topic, run, earlier, unpublished", LowerIsBetter},
	DeliveriesCorrupt:       {"deliveries.corrupt", KindCounter, UnitOne, "receipts whose mark is intact and whose filler is not", LowerIsBetter},
	DeliveriesUnreadable:    {"deliveries.unreadable", KindCounter, UnitOne, "events that came in publish mode without a mark or sequence that could be read", LowerIsBetter},
	DeliveriesStalled:       {"deliveries.stalled", KindGauge, UnitNanoseconds, "longest time in which events were due and had been sent, and fewer than a tenth of the open streams received any; 0: never", LowerIsBetter},
	DeliveriesSuperseded:    {"deliveries.superseded", KindCounter, UnitOne, "pairs that a conflating server skipped for a newer event of the topic", Neutral},
	DeliveriesReplayed:      {"deliveries.replayed", KindCounter, UnitOne, "receipts that came by replay after a reconnect", Neutral},
	DeliveriesMissing:       {"deliveries.missing", KindGauge, UnitOne, "expected pairs that have not arrived at a moment of the run: in flight or lost", LowerIsBetter},
	DeliveriesStale:         {"deliveries.stale", KindCounter, UnitOne, "receipts so far behind that the account has settled: duplicates, or late ones that count as lost", LowerIsBetter},
	DeliveriesIDsHideLoss:   {"deliveries.ids_hide_loss", KindCounter, UnitOne, "events missing between two receipts whose event IDs count on by one: the server numbers after it drops", LowerIsBetter},

	EventsReceived:    {"events.received", KindCounter, UnitOne, "all events dispatched, stamped or not", Neutral},
	EventsComments:    {"events.comments", KindCounter, UnitOne, "comment lines", Neutral},
	EventsInvalidUTF8: {"events.invalid_utf8", KindCounter, UnitOne, "events with invalid UTF-8", LowerIsBetter},
	EventsDiscarded:   {"events.discarded", KindCounter, UnitOne, "unterminated events at a stream's end", LowerIsBetter},
	ReadsCoalesced:    {"reads.coalesced", KindCounter, UnitOne, "reads that returned several events: for all but the last the kernel's stamp is an upper bound", Neutral},
	ReadsStamped:      {"reads.stamped", KindCounter, UnitOne, "reads that the kernel had stamped, where it stamps", Neutral},
	ReadsUnstamped:    {"reads.unstamped", KindCounter, UnitOne, "reads without the kernel's stamp, where it stamps: their time is the instant after the read", LowerIsBetter},
	EventsInterval:    {"events.interval", KindHistogram, UnitNanoseconds, "gap between consecutive events of one stream", Neutral},

	ReconnectCount:        {"reconnect.count", KindCounter, UnitOne, "streams that ended and were opened again", Neutral},
	ReconnectDowntime:     {"reconnect.downtime", KindHistogram, UnitNanoseconds, "stream ended to open again", LowerIsBetter},
	ReconnectStranded:     {"reconnect.stranded", KindCounter, UnitOne, "subscribers that by their policy will never come back, also by token", LowerIsBetter},
	ReconnectAway:         {"reconnect.away", KindCounter, UnitOne, "subscribers that lost their stream, whose reconnection time was over, and that had none when the run ended", LowerIsBetter},
	ReconnectReplays:      {"reconnect.replays", KindCounter, UnitOne, "reconnections by what the server replayed from the last event ID; they add up to reconnect.count", Neutral},
	ReconnectCaughtUp:     {"reconnect.caught_up", KindHistogram, UnitNanoseconds, "stream open again to the last receipt of what was missed, where nothing stayed missing", LowerIsBetter},
	ReconnectDelayError:   {"reconnect.delay_error", KindHistogram, UnitNanoseconds, "actual wait minus the reconnection time in force", LowerIsBetter},
	ReconnectRecoveredP50: {"reconnect.recovered_p50", KindGauge, UnitNanoseconds, "outage to half of the dropped streams open again", LowerIsBetter},
	ReconnectRecoveredP95: {"reconnect.recovered_p95", KindGauge, UnitNanoseconds, "outage to 95 % of the dropped streams open again", LowerIsBetter},
	ReconnectRecoveredAll: {"reconnect.recovered_all", KindGauge, UnitNanoseconds, "outage to all of the dropped streams open again", LowerIsBetter},
	StreamAge:             {"stream.age", KindHistogram, UnitNanoseconds, "open to end, for streams that the server or the network ended", Neutral},
	StreamIdle:            {"stream.idle", KindHistogram, UnitNanoseconds, "last event or comment to end, for streams that the server or the network ended", Neutral},
	StreamBrokenAge:       {"stream.broken_age", KindHistogram, UnitNanoseconds, "stream.age of those whose answer did not end properly", Neutral},
	StreamBrokenIdle:      {"stream.broken_idle", KindHistogram, UnitNanoseconds, "stream.idle of those whose answer did not end properly", Neutral},
	StreamSilence:         {"stream.silence", KindHistogram, UnitNanoseconds, "longest time without an event or comment, of each stream", Neutral},
	StreamHeartbeat:       {"stream.heartbeat", KindHistogram, UnitNanoseconds, "gap between consecutive comments of one stream", Neutral},

	SlowOpened: {"slow.opened", KindCounter, UnitOne, "streams of slow readers that opened", Neutral},
	SlowCut:    {"slow.cut", KindCounter, UnitOne, "streams of slow readers that the server ended, also by token", Neutral},
	SlowAge:    {"slow.age", KindHistogram, UnitNanoseconds, "open to end, for streams of slow readers that the server ended", Neutral},

	BytesReceived:    {"bytes.received", KindCounter, UnitBytes, "TCP payload received, TLS and HTTP included", Neutral},
	BytesSent:        {"bytes.sent", KindCounter, UnitBytes, "TCP payload sent, TLS and HTTP included", Neutral},
	BodyReceived:     {"body.received", KindCounter, UnitBytes, "content of answers: of bytes.received, what is left without TLS, HTTP headers, and the framing of HTTP and WebSocket", Neutral},
	BodySent:         {"body.sent", KindCounter, UnitBytes, "of bytes.sent, the content that subscribers published: bodies of requests and WebSocket messages, as they went out", Neutral},
	TLSReceived:      {"tls.received", KindCounter, UnitBytes, "of bytes.received, what TLS adds: handshakes, and the overhead of records", Neutral},
	TLSSent:          {"tls.sent", KindCounter, UnitBytes, "of bytes.sent, what TLS adds: handshakes, and the overhead of records", Neutral},
	WireReceived:     {"wire.received", KindCounter, UnitBytes, "bytes.received with link, IP and TCP headers, retransmissions and pure ACKs (TCP_INFO)", Neutral},
	WireSent:         {"wire.sent", KindCounter, UnitBytes, "bytes.sent with link, IP and TCP headers, retransmissions and pure ACKs (TCP_INFO)", Neutral},
	WirePerDelivery:  {"wire.per_delivery", KindGauge, UnitBytes, "wire bytes both ways for each delivery", LowerIsBetter},
	PayloadReceived:  {"payload.received", KindCounter, UnitBytes, "event data received", Neutral},
	PayloadSent:      {"payload.sent", KindCounter, UnitBytes, "event data that subscribers published", Neutral},
	PayloadUnused:    {"payload.unused", KindCounter, UnitBytes, "of these, data of event types that nobody listens to", LowerIsBetter},
	RequestsCount:    {"requests.count", KindCounter, UnitOne, "HTTP requests made, of every kind", Neutral},
	RequestsDuration: {"requests.duration", KindHistogram, UnitNanoseconds, "request of a poll written → its answer complete", LowerIsBetter},
	RequestsEmpty:    {"requests.empty", KindCounter, UnitOne, "of these, answers without news (polling, long polling)", Neutral},
	GeneratorLag:     {"generator.lag", KindHistogram, UnitNanoseconds, "kernel receive stamp to bytes handled", LowerIsBetter},

	GeneratorScheduleLag:      {"generator.schedule_lag", KindHistogram, UnitNanoseconds, "due time to the moment the generator's scheduler woke for it: dials and publishes", LowerIsBetter},
	GeneratorCPU:              {"generator.cpu", KindGauge, UnitCores, "CPU of the generator", LowerIsBetter},
	GeneratorRSS:              {"generator.rss", KindGauge, UnitBytes, "resident memory of the generator", LowerIsBetter},
	GeneratorRSSPerConnection: {"generator.rss_per_connection", KindGauge, UnitBytes, "resident memory of the generator over its base, for each open stream", LowerIsBetter},
	GeneratorGCPause:          {"generator.gc_pause", KindHistogram, UnitNanoseconds, "stop-the-world pauses of the generator's garbage collector", LowerIsBetter},
	GeneratorRunDelay:         {"generator.run_delay", KindGauge, UnitRatio, "share of time that the threads of the generator waited for a CPU, added up (schedstat)", LowerIsBetter},
	MachineCPUPressure:        {"machine.cpu_pressure", KindGauge, UnitRatio, "share of time that runnable work waited for a CPU (PSI)", LowerIsBetter},
	MachineClockSteps:         {"machine.clock_steps", KindCounter, UnitOne, "times that the system clock was set by more than a millisecond", LowerIsBetter},
	MachineBuffersFull:        {"machine.buffers_full", KindCounter, UnitOne, "times that a TCP receive buffer of this machine filled up: its window closed or data was dropped (TcpExt TCPToZeroWindowAdv, TCPRcvQDrop)", LowerIsBetter},
	GeneratorBuffersFull:      {"generator.buffers_full", KindCounter, UnitOne, "of machine.buffers_full, those in seconds in which one of the generator's own sockets held as much as its receive buffer takes", LowerIsBetter},
	ServerRunDelay:            {"server.run_delay", KindGauge, UnitRatio, "share of time that the threads of the server waited for a CPU, added up (schedstat)", LowerIsBetter},
	ServerCPU:                 {"server.cpu", KindGauge, UnitCores, "CPU of the server's process", LowerIsBetter},
	ServerCPUSystem:           {"server.cpu_system", KindGauge, UnitCores, "the kernel's share of server.cpu", LowerIsBetter},
	ServerRSS:                 {"server.rss", KindGauge, UnitBytes, "resident memory of the server's process", LowerIsBetter},
	ServerCPUPerDelivery:      {"server.cpu_per_delivery", KindGauge, UnitNanoseconds, "CPU time of the server for each delivery", LowerIsBetter},
	ServerRSSPerConnection:    {"server.rss_per_connection", KindGauge, UnitBytes, "resident memory of the server over its base, for each open stream", LowerIsBetter},
}

// String gives the metric's name.
func (id ID) String() string { return Catalogue[id].Name }

var idsByName = func() map[string]ID {
	ids := make(map[string]ID, NumMetrics)
	for id := range NumMetrics {
		ids[Catalogue[id].Name] = id
	}
	return ids
}()

// Lookup finds a metric by its name.
func Lookup(name string) (ID, bool) {
	id, ok := idsByName[name]
	return id, ok
}
