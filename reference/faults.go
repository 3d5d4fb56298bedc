package reference

import "time"

// Faults says how the server is to be wrong. The zero value is a correct
// server. "Every N-th" counts the events meant for a subscriber since its
// stream opened, from 1, so each stream is wrong in the same, known places; for
// the faults of a replay it counts the events of one replay. Faults of events
// and of their form on the wire touch what is published while a stream is open,
// not what is replayed to it.
type Faults struct {
	Drop         uint64        // leave out every N-th event
	DropEarly    uint64        // lose every N-th event published to a topic before it is numbered: no id shows it
	Duplicate    uint64        // send every N-th event twice
	Reorder      uint64        // swap every N-th event with its successor
	Corrupt      uint64        // change the last letter or digit of the data of every N-th event
	CorruptFront uint64        // change the first letter or digit of the data of every N-th event
	InvalidUTF8  uint64        // make the last letter or digit of the data of every N-th event a byte that is no UTF-8
	Renumber     bool          // number events after dropping: ids count what was sent
	HugeLine     int           // put a comment line of this many bytes before every event
	Delay        time.Duration // send events this much later
	Jitter       time.Duration // and up to this much more, at random, keeping the order

	LineEnds string // "cr" or "crlf" in place of LF
	BOM      bool   // begin each stream with a byte order mark
	Split    bool   // write every byte by itself
	Coalesce uint64 // write N events at once
	NoFlush  int    // hold events, and the answer's head, back until this many bytes are gathered, like a buffering proxy

	Stall     uint64        // after N events send nothing more and leave the stream open
	HalfClose uint64        // after N events end our direction of the connection
	Reset     uint64        // after N events reset the connection
	Cut       uint64        // after N events close the connection in the middle of the body
	CutAfter  time.Duration // the same after a time

	Status      int    // answer requests for streams with this status
	Redirect    string // answer them with a redirect to this URL
	ContentType string // answer them with this content type

	ForgetRing    bool          // replay nothing, and say nothing of it
	EmptyRing     bool          // forget what was published so far
	Gap           string        // "comment": say in a comment, not in an event, that events are gone; "none": say nothing
	ReplayDrop    uint64        // leave out every N-th event of a replay
	ReplayTwice   bool          // replay everything twice
	ReplayReorder uint64        // swap every N-th event of a replay with its successor
	ReplayLate    uint64        // send the last N events of a replay after the first live event
	Restart       time.Duration // cut every stream, refuse connections this long, and come back with nothing to replay
}

type faultNo int

const (
	faultDrop faultNo = iota
	faultDropEarly
	faultDuplicate
	faultReorder
	faultCorrupt
	faultCorruptFront
	faultInvalidUTF8
	faultRenumber
	faultHugeLine
	faultDelay
	faultJitter
	faultLineEnds
	faultBOM
	faultSplit
	faultCoalesce
	faultNoFlush
	faultStall
	faultHalfClose
	faultReset
	faultCut
	faultCutAfter
	faultStatus
	faultRedirect
	faultContentType
	faultForgetRing
	faultEmptyRing
	faultGap
	faultReplayDrop
	faultReplayTwice
	faultReplayReorder
	faultReplayLate
	faultRestart
	faultCount
)

// FaultInfo describes one named fault for a listing.
type FaultInfo struct {
	Name    string // as in ParseFaults
	Syntax  string // of the value: "N", "DURATION", "BYTES", …; "" for a switch
	Meaning string // one line
}

// faultTable is the one list of faults: names, their texts, and their fields.
var faultTable = [faultCount]struct {
	FaultInfo
	field func(*Faults) any
}{
	faultDrop:          {FaultInfo{"drop", "N", "leave out every N-th event"}, func(f *Faults) any { return &f.Drop }},
	faultDropEarly:     {FaultInfo{"drop-early", "N", "lose every N-th event of a topic before it is numbered: no id shows it"}, func(f *Faults) any { return &f.DropEarly }},
	faultDuplicate:     {FaultInfo{"duplicate", "N", "send every N-th event twice"}, func(f *Faults) any { return &f.Duplicate }},
	faultReorder:       {FaultInfo{"reorder", "N", "swap every N-th event with its successor"}, func(f *Faults) any { return &f.Reorder }},
	faultCorrupt:       {FaultInfo{"corrupt", "N", "change the last letter or digit of the data of every N-th event"}, func(f *Faults) any { return &f.Corrupt }},
	faultCorruptFront:  {FaultInfo{"corrupt-front", "N", "change the first letter or digit of the data of every N-th event"}, func(f *Faults) any { return &f.CorruptFront }},
	faultInvalidUTF8:   {FaultInfo{"invalid-utf8", "N", "put a byte that is no UTF-8 into the data of every N-th event"}, func(f *Faults) any { return &f.InvalidUTF8 }},
	faultRenumber:      {FaultInfo{"renumber", "", "number events after dropping: ids count what was sent"}, func(f *Faults) any { return &f.Renumber }},
	faultHugeLine:      {FaultInfo{"huge-line", "BYTES", "put a comment line of this length before every event"}, func(f *Faults) any { return &f.HugeLine }},
	faultDelay:         {FaultInfo{"delay", "DURATION", "send every event this much later"}, func(f *Faults) any { return &f.Delay }},
	faultJitter:        {FaultInfo{"jitter", "DURATION", "send every event up to this much later, at random, in order"}, func(f *Faults) any { return &f.Jitter }},
	faultLineEnds:      {FaultInfo{"line-ends", "cr|crlf", "end lines with CR or CRLF"}, func(f *Faults) any { return &f.LineEnds }},
	faultBOM:           {FaultInfo{"bom", "", "begin each stream with a byte order mark"}, func(f *Faults) any { return &f.BOM }},
	faultSplit:         {FaultInfo{"split", "", "write every byte by itself"}, func(f *Faults) any { return &f.Split }},
	faultCoalesce:      {FaultInfo{"coalesce", "N", "write N events at once; after 1s what there is"}, func(f *Faults) any { return &f.Coalesce }},
	faultNoFlush:       {FaultInfo{"no-flush", "BYTES", "gather this much, the head included, before writing: a buffering proxy"}, func(f *Faults) any { return &f.NoFlush }},
	faultStall:         {FaultInfo{"stall", "N", "after N events send nothing more and leave the stream open"}, func(f *Faults) any { return &f.Stall }},
	faultHalfClose:     {FaultInfo{"half-close", "N", "after N events end the server's direction of the connection"}, func(f *Faults) any { return &f.HalfClose }},
	faultReset:         {FaultInfo{"rst", "N", "after N events reset the connection (over HTTP/2, the stream)"}, func(f *Faults) any { return &f.Reset }},
	faultCut:           {FaultInfo{"cut", "N", "after N events close the connection in the middle of the body"}, func(f *Faults) any { return &f.Cut }},
	faultCutAfter:      {FaultInfo{"cut-after", "DURATION", "close the connection in the middle of the body this long after its opening"}, func(f *Faults) any { return &f.CutAfter }},
	faultStatus:        {FaultInfo{"status", "CODE", "answer requests for streams with this status, such as 503 or 204"}, func(f *Faults) any { return &f.Status }},
	faultRedirect:      {FaultInfo{"redirect", "URL", "answer requests for streams with a redirect (307)"}, func(f *Faults) any { return &f.Redirect }},
	faultContentType:   {FaultInfo{"content-type", "TYPE", "answer requests for streams with this content type"}, func(f *Faults) any { return &f.ContentType }},
	faultForgetRing:    {FaultInfo{"forget-ring", "", "replay nothing, and say nothing of it"}, func(f *Faults) any { return &f.ForgetRing }},
	faultEmptyRing:     {FaultInfo{"empty-ring", "", "once: forget what was published so far"}, func(f *Faults) any { return &f.EmptyRing }},
	faultGap:           {FaultInfo{"gap", "comment|none", "where events to be replayed are gone, say so in a comment, or not at all"}, func(f *Faults) any { return &f.Gap }},
	faultReplayDrop:    {FaultInfo{"replay-drop", "N", "leave out every N-th event of a replay"}, func(f *Faults) any { return &f.ReplayDrop }},
	faultReplayTwice:   {FaultInfo{"replay-twice", "", "replay everything twice"}, func(f *Faults) any { return &f.ReplayTwice }},
	faultReplayReorder: {FaultInfo{"replay-reorder", "N", "swap every N-th event of a replay with its successor"}, func(f *Faults) any { return &f.ReplayReorder }},
	faultReplayLate:    {FaultInfo{"replay-late", "N", "send the last N events of a replay after the first live event; after 10s as they are"}, func(f *Faults) any { return &f.ReplayLate }},
	faultRestart:       {FaultInfo{"restart", "DURATION", "once: cut every stream, refuse connections this long, come back with nothing to replay"}, func(f *Faults) any { return &f.Restart }},
}

// ListFaults returns all faults the server knows, in the order of its listing.
func ListFaults() []FaultInfo {
	list := make([]FaultInfo, len(faultTable))
	for i := range faultTable {
		list[i] = faultTable[i].FaultInfo
	}
	return list
}
