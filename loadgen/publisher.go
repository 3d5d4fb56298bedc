package loadgen

import (
	"context"
	"time"

	"ssebench/results"
)

// Event is what a Publisher sends.
type Event struct {
	Topic   string
	Type    string // the scenario's publish.event; empty: the server's default
	ID      string // run-unique: "topicIndex-seq"
	Seq     uint64 // counts from 1 in each topic
	Due     time.Time
	Payload []byte // stamped; valid until Publish returns
}

// Publisher hands an event to the server under test. Publish blocks until the hook answered; it is called from many goroutines at
// once, serially for each topic unless the scenario says otherwise. A *Failure gives the error its token.
type Publisher interface {
	Publish(ctx context.Context, ev *Event) error
}

// Server is the process of the server under test.
type Server interface {
	Sample() (results.ProcessSample, error)
	Exited() string // one line if it ended although nobody stopped it
	Restart(ctx context.Context) error
}
