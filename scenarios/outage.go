package scenarios

import (
	"fmt"
	"strings"
	"text/template"
	"time"
)

// Churn lets subscribers leave and new ones take their places; exactly one of rate and share is given.
type Churn struct {
	// Rate at which subscribers leave.
	Rate Rate `yaml:"rate,omitempty" json:"rate,omitempty"`
	// Share of the subscribers that leaves over the whole phase, at an even pace.
	Share Share `yaml:"share,omitempty" json:"share,omitempty"`
	// For is how long the phase lasts.
	For Duration `yaml:"for" json:"for"`
	// By is how they leave: they close (fin), reset (rst), or fall silent without a word; default fin.
	By string `yaml:"by,omitempty" json:"by,omitempty" jsonschema:"enum=fin,enum=rst,enum=silence"`
}

// Outage cuts streams, or breaks the server, and lasts until all that were dropped are back. At least one of cut, server, restart and
// door is given.
type Outage struct {
	// Cut is the share of the open streams that loses its connection, drawn by lot; the same streams in every outage of the run.
	Cut Share `yaml:"cut,omitempty" json:"cut,omitempty"`
	// By is how a stream is cut: closed (fin), reset (rst), or silent, so that the server never learns; default fin.
	By string `yaml:"by,omitempty" json:"by,omitempty" jsonschema:"enum=fin,enum=rst,enum=silence"`
	// Server ends the process of target.start or of the bundled server and starts it again: kill sends SIGKILL, stop SIGTERM.
	Server string `yaml:"server,omitempty" json:"server,omitempty" jsonschema:"enum=kill,enum=stop"`
	// Restart is a command that restarts the server, as a list or as a string that is split at spaces outside of quotes. No shell
	// reads it. {{.Node}} counts from 1 in a rolling outage (template).
	Restart Command `yaml:"restart,omitempty" json:"restart,omitempty"`
	// Door is what the bundled server answers to those who come back: a refused connection, none at all (stalled), or status 503.
	// Without cut it ends all of its streams first.
	Door string `yaml:"door,omitempty" json:"door,omitempty" jsonschema:"enum=refused,enum=stalled,enum=status_503"`
	// Shut is how long the door stays shut, or the server down; default 2s for a door and none for a server.
	Shut Duration `yaml:"shut,omitempty" json:"shut,omitempty"`
	// RetryAfter is the Retry-After of door status_503, in whole seconds; default: none is sent.
	RetryAfter Duration `yaml:"retry_after,omitempty" json:"retry_after,omitempty"`
	// Until is the longest wait for all to be back, counted from the start of the outage; default 60s.
	Until Duration `yaml:"until,omitempty" json:"until,omitempty"`
	// Rolling goes through the nodes one after the other.
	Rolling *Rolling `yaml:"rolling,omitempty" json:"rolling,omitempty"`
	// Repeat is how often the outage happens; default once.
	Repeat Count `yaml:"repeat,omitempty" json:"repeat,omitempty"`
	// Pause is the time between two of them, in which the streams are held; default 5s.
	Pause Duration `yaml:"pause,omitempty" json:"pause,omitempty"`
}

// Rolling divides an outage among nodes: cut takes the streams of so many nodes at a time, restart runs for each.
type Rolling struct {
	// Nodes there are.
	Nodes Count `yaml:"nodes" json:"nodes"`
	// AtATime is how many go down together; default 1.
	AtATime Count `yaml:"at_a_time,omitempty" json:"at_a_time,omitempty"`
	// Pause is the time from one step to the next; default: the next begins when all are back.
	Pause Duration `yaml:"pause,omitempty" json:"pause,omitempty"`
}

// SlowReaders are subscribers that do not read as fast as the server writes: a share, or a share with a pace.
type SlowReaders struct {
	// Share of the subscribers, drawn by lot.
	Share Share `yaml:"share" json:"share"`
	// BytesPerSecond is what each of them reads; default: nothing at all.
	BytesPerSecond Size `yaml:"bytes_per_second,omitempty" json:"bytes_per_second,omitempty"`
}

// Gap says how the server declares that it cannot replay all that a subscriber missed; exactly one of event and comment is given.
type Gap struct {
	// Event is the type of the event that says so.
	Event string `yaml:"event,omitempty" json:"event,omitempty"`
	// Comment is a regular expression that the comment matches.
	Comment string `yaml:"comment,omitempty" json:"comment,omitempty"`
	// Pointer is the JSON pointer to what is true in an answer to a poll.
	Pointer string `yaml:"pointer,omitempty" json:"pointer,omitempty"`
}

// FlightRecorder keeps the last bytes of the streams that went worst.
type FlightRecorder struct {
	// Streams is how many are kept; default 20.
	Streams Count `yaml:"streams,omitempty" json:"streams,omitempty"`
	// Size of what is kept of each; default 16KiB.
	Size Size `yaml:"size,omitempty" json:"size,omitempty"`
}

// bySilence leaves a connection without a word.
const bySilence = "silence"

// ChurnPlan is a Churn with its numbers.
type ChurnPlan struct {
	Rate float64 // subscribers that leave, a second
	By   string
}

// OutagePlan is an Outage with its numbers. Zero fields are what is not broken.
type OutagePlan struct {
	Cut        float64 // share of the streams of the nodes whose turn it is
	By         string
	Server     string
	Door       string
	Shut       time.Duration
	RetryAfter time.Duration
	Until      time.Duration
	Nodes      int // 1: not rolling
	AtATime    int
	Pause      time.Duration // between steps; zero: until all are back
	Dir        string        // working directory of the restart command

	restart []*template.Template
}

// Restarts says whether a command restarts the server.
func (o *OutagePlan) Restarts() bool { return len(o.restart) > 0 }

// RestartCommand gives the command for a node, counted from 1.
func (o *OutagePlan) RestartCommand(node int) ([]string, error) {
	var words []string
	for _, t := range o.restart {
		word, err := Fill(t, map[string]any{"Node": node})
		if err != nil {
			return nil, fmt.Errorf("outage.restart: %s", parseErrorPrefix.ReplaceAllString(err.Error(), ""))
		}
		words = append(words, word)
	}
	return words, nil
}

// String says in words what is broken.
func (o *OutagePlan) String() string {
	var parts []string
	if o.Cut > 0 {
		parts = append(parts, fmt.Sprintf("%s of the streams cut by %s", Share(o.Cut), o.By))
	}
	down := ""
	if o.Shut > 0 {
		down = " for " + Duration(o.Shut).String()
	}
	switch {
	case o.Server == "kill":
		parts = append(parts, "the server killed (SIGKILL)"+down)
	case o.Server == "stop":
		parts = append(parts, "the server stopped (SIGTERM)"+down)
	case o.Restarts():
		parts = append(parts, "the server restarted by a command")
	case o.Door != "":
		door := "door " + o.Door + down
		if o.RetryAfter > 0 {
			door += ", Retry-After " + Duration(o.RetryAfter).String()
		}
		parts = append(parts, door)
	}
	if o.Nodes > 1 {
		parts = append(parts, fmt.Sprintf("%d of %d nodes at a time", o.AtATime, o.Nodes))
	}
	return strings.Join(parts, "; ")
}
