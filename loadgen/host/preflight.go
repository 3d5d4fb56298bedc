package host

import (
	"fmt"
	"strconv"
)

// Need is what a plan asks of this machine. Zero counts mean one.
type Need struct {
	Connections int     // streams open at once
	Rate        float64 // connections opened each second; 0: all at once
	// Destinations is the number of different addresses and ports that the streams go to, over which they are spread evenly.
	Destinations int
	// SourceAddresses is the number of addresses that streams are bound to by the scenario.
	SourceAddresses int
	// Loopback: the streams go to 127.0.0.0/8, so that LoopbackSources finds as many source addresses as are needed.
	Loopback bool
	// BufferLimit is what all streams may hold of events that have not ended, in bytes, and EventLimit what one may; zero: nothing is known of it.
	BufferLimit, EventLimit int64
	// ServerLocal: the server runs on this machine too, and has the other half of each connection.
	ServerLocal bool
}

// Severity tells what an unmet need means.
type Severity string

// A need that is not met stops the run if it is an Error; the run goes on with a Warning.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Check is one setting held against the need.
type Check struct {
	Setting  string // the name under which its command knows it
	Value    string // "unknown" where the system does not tell
	Needed   string
	OK       bool
	Severity Severity // of the need when it is not met
	Command  string   // what sets it; empty when it is met
	Why      string   // what it is needed for, or what happens without it
}

// String is one line: what is missing and what to do, or that all is well.
func (c Check) String() string {
	if c.OK {
		return fmt.Sprintf("%s is %s, needed: %s", c.Setting, c.Value, c.Needed)
	}
	return fmt.Sprintf("%s is %s, but %s are needed %s; to set it: %s", c.Setting, c.Value, c.Needed, c.Why, c.Command)
}

const (
	// filesMargin is for all that is not a stream: the journal, the hook's connections, event loops, a server's listeners.
	filesMargin = 256
	// socketBytes is the kernel's memory for one end of an idle connection.
	socketBytes = 5 << 10
)

// Preflight holds the need against this machine's limits. Call RaiseFileLimit before. A limit that the system does not tell
// counts as met.
func Preflight(n Need) []Check {
	l := readLimits("/proc")
	return l.check(n)
}

// MaxConnections is the largest number of connections with which the need, its Connections aside, meets no error of Preflight.
// Without a known limit it is the largest int.
func MaxConnections(n Need) int {
	l := readLimits("/proc")
	return l.most(n)
}

func (n Need) destinations() int64 { return max(1, int64(n.Destinations)) }

// ends is how many ends of a connection are on this machine.
func (n Need) ends() int64 {
	if n.ServerLocal {
		return 2
	}
	return 1
}

func (l *limits) check(n Need) []Check {
	return []Check{l.checkFiles(n), l.checkSystemFiles(n), l.checkPorts(n), l.checkMemory(n), l.checkBuffers(n), l.checkBacklog(n), l.checkTCPMemory(n)}
}

func (l *limits) most(n Need) int {
	most := int64(1<<63 - 1)
	limit := func(known, value int64) {
		if known >= 0 {
			most = min(most, max(0, value))
		}
	}
	limit(l.filesSoft, l.filesSoft-filesMargin)
	limit(l.fileMax, (l.fileMax-max(0, l.fileUsed))/n.ends()-filesMargin)
	limit(l.memoryFree, l.memoryFree/(n.ends()*socketBytes))
	if ports := l.ports(); ports >= 0 && !n.Loopback {
		limit(ports, ports*n.destinations()*max(1, int64(n.SourceAddresses)))
	}
	return int(min(most, int64(^uint(0)>>1)))
}

func (l *limits) checkFiles(n Need) Check {
	needed := int64(n.Connections) + filesMargin
	c := number("open files (ulimit -n)", l.filesSoft, needed, "descriptors")
	c.Why = "for a socket each"
	if n.ServerLocal {
		c.Why += ", here and in the server"
	}
	if c.OK {
		return c
	}
	switch {
	case l.filesHard >= needed:
		c.Command = fmt.Sprintf("ulimit -n %d", needed)
	case l.filesMost >= 0 && l.filesMost < needed:
		c.Command = fmt.Sprintf("sudo sysctl -w fs.nr_open=%d && sudo prlimit --pid $$ --nofile=%d:%d", needed, needed, needed)
	default:
		c.Command = fmt.Sprintf("sudo prlimit --pid $$ --nofile=%d:%d (in this shell; for good: LimitNOFILE= or /etc/security/limits.conf)", needed, needed)
	}
	return c
}

func (l *limits) checkSystemFiles(n Need) Check {
	needed := max(0, l.fileUsed) + (int64(n.Connections)+filesMargin)*n.ends()
	c := number("fs.file-max", l.fileMax, needed, "descriptors")
	c.Why = "by the whole system"
	if !c.OK {
		c.Command = fmt.Sprintf("sudo sysctl -w fs.file-max=%d", needed)
	}
	return c
}

func (l *limits) checkPorts(n Need) Check {
	each, needed := l.ports(), int64(n.Connections)
	sources := max(1, int64(n.SourceAddresses))
	if n.Loopback && each > 0 {
		sources = max(sources, ceilDiv(needed, each*n.destinations()))
	}
	have := int64(unknown)
	if each >= 0 {
		have = each * n.destinations() * sources
	}
	c := number("net.ipv4.ip_local_port_range", have, needed, "ports")
	c.Why = fmt.Sprintf("with %s and %s", plural(sources, "source address", "source addresses"), plural(n.destinations(), "destination", "destinations"))
	if each >= 0 {
		c.Value = fmt.Sprintf("%d %d (%s)", l.portFrom, l.portTo, plural(have, "port", "ports"))
	}
	if c.OK {
		return c
	}
	const widest = 65535 - 1024 + 1 - portMargin
	if widest*n.destinations()*sources >= needed {
		c.Command = `sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"`
	} else {
		c.Command = fmt.Sprintf(`sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535", and name %d addresses of this machine in load.source_addresses`,
			ceilDiv(needed, widest*n.destinations()))
	}
	return c
}

func (l *limits) checkMemory(n Need) Check {
	needed := int64(n.Connections) * n.ends() * socketBytes
	c := number("available memory", l.memoryFree, needed, "bytes")
	c.Why = "by the kernel for idle connections alone"
	if l.memoryFree >= 0 {
		c.Value = mebibytes(l.memoryFree, false)
	}
	c.Needed = mebibytes(needed, true)
	if !c.OK {
		c.Command = "end other programs, or use fewer connections (-c " + strconv.FormatInt(l.memoryFree/(n.ends()*socketBytes), 10) + ")"
	}
	return c
}

// checkBuffers names the limit on events that have not ended, which servers that behave never come near.
func (l *limits) checkBuffers(n Need) Check {
	c := Check{
		Setting: "target.buffer_limit", Value: mebibytes(n.BufferLimit, false), OK: true, Severity: Warning,
		Needed: mebibytes(int64(n.Connections)*n.EventLimit, true) + " if every stream held an event of target.event_limit; the one that crosses it ends with buffer_limit",
		Why:    "by the memory that is available",
	}
	if n.BufferLimit == 0 {
		c.Value = "unknown"
	}
	if l.memoryFree >= 0 && n.BufferLimit > l.memoryFree {
		c.OK, c.Needed = false, "at most "+mebibytes(l.memoryFree, false)
		c.Command = fmt.Sprintf("--set target.buffer_limit=%dMiB", l.memoryFree>>20)
	}
	return c
}

// checkBacklog is about our own kernel's accept queue; that of another machine cannot be seen from here.
func (l *limits) checkBacklog(n Need) Check {
	needed := int64(n.Connections)
	if n.Rate > 0 {
		needed = min(needed, int64(n.Rate))
	}
	if !n.ServerLocal {
		needed = 0
	}
	c := number("net.core.somaxconn", l.somaxconn, needed, "places")
	c.Severity = Warning
	c.Why = "for a server that pauses for a second in the ramp (else handshakes are repeated a second later)"
	if !c.OK {
		c.Command = fmt.Sprintf("sudo sysctl -w net.core.somaxconn=%d net.ipv4.tcp_max_syn_backlog=%d, or a slower ramp", needed, needed)
	}
	return c
}

// checkTCPMemory counts a page for each end: the least that the kernel charges to a socket that has anything queued. Not all of
// them have at once, so this is a warning.
func (l *limits) checkTCPMemory(n Need) Check {
	needed := max(0, l.tcpMemUsed) + int64(n.Connections)*n.ends()
	c := number("net.ipv4.tcp_mem", l.tcpMemMax, needed, "pages")
	c.Severity = Warning
	c.Why = "at the most for an event in flight to each stream (else TCP slows down or drops)"
	if !c.OK {
		c.Command = fmt.Sprintf(`sudo sysctl -w net.ipv4.tcp_mem="%d %d %d"`, needed/2, needed*3/4, needed)
	}
	return c
}

// number is a Check of a count; errors are its severity unless it is changed.
func number(setting string, have, needed int64, unit string) Check {
	c := Check{Setting: setting, Value: "unknown", Needed: fmt.Sprintf("%d %s", needed, unit), OK: true, Severity: Error}
	if have >= 0 {
		c.Value, c.OK = strconv.FormatInt(have, 10), have >= needed
		if have == 1<<63-1 {
			c.Value = "unlimited"
		}
	}
	return c
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func mebibytes(n int64, up bool) string {
	if up {
		n += 1<<20 - 1
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }
