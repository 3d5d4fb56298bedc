package loadgen

import (
	"context"
	"time"

	"ssebench/results"
	"ssebench/scenarios"
)

// Event is what a Publisher sends.
type Event struct {
	Topic   string
	Type    string // the scenario's publish.event; empty: the server's default
	ID      string // run-unique: "topicIndex-seq"
	Seq     uint64 // counts from 1 in each topic
	Due     time.Time
	Payload []byte // stamped; valid until Publish returns

	// Answer is what Publish puts here: the start of what the hook answered. Only that of the first event of a topic is asked for.
	Answer string
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
	// Down ends the process: SIGKILL, or SIGTERM and its grace. Up starts it again and waits until it is ready.
	Down(ctx context.Context, kill bool) error
	Up(ctx context.Context) error
}

// Breaker breaks the server where no process of ours is ended.
type Breaker interface {
	// ShutDoor shuts the bundled server's door, which opens by itself after the outage's Shut. Where nothing is cut, the server first
	// ends every stream. It returns when the door is shut.
	ShutDoor(ctx context.Context, o *scenarios.OutagePlan) error
	// Restart runs a command that restarts the server, and returns when it ended.
	Restart(ctx context.Context, command []string, dir string) error
}
