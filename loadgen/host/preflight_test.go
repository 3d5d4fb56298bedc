package host

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// roomy is a machine that meets every need of the tests.
func roomy() limits {
	return limits{
		filesSoft: 1 << 20, filesHard: 1 << 20, filesMost: 1 << 20, fileMax: 1 << 30, fileUsed: 1000,
		portFrom: 32768, portTo: 60999, somaxconn: 4096,
		tcpMemMax: 500_000, tcpMemUsed: 100, pageBytes: 4096, memoryFree: 8 << 30,
	}
}

func TestPreflightMessages(t *testing.T) {
	local := Need{Connections: 50_000, Rate: 2000, Loopback: true, ServerLocal: true}
	remote := Need{Connections: 50_000, Rate: 2000}
	for name, c := range map[string]struct {
		change   func(*limits)
		need     Need
		severity Severity
		want     string
	}{
		"files, hard limit is enough": {
			func(l *limits) { l.filesSoft = 1024 }, local, Error,
			"open files (ulimit -n) is 1024, but 50256 descriptors are needed for a socket each, here and in the server; to set it: ulimit -n 50256",
		},
		"files, hard limit too": {
			func(l *limits) { l.filesSoft, l.filesHard = 20_000, 20_000 }, local, Error,
			"open files (ulimit -n) is 20000, but 50256 descriptors are needed for a socket each, here and in the server; to set it: " +
				"sudo prlimit --pid $$ --nofile=50256:50256 (in this shell; for good: LimitNOFILE= or /etc/security/limits.conf)",
		},
		"files, nr_open too": {
			func(l *limits) { l.filesSoft, l.filesHard, l.filesMost = 20_000, 20_000, 20_000 },
			Need{Connections: 50_000, Rate: 2000, Destinations: 2},
			Error,
			"open files (ulimit -n) is 20000, but 50256 descriptors are needed for a socket each; to set it: " +
				"sudo sysctl -w fs.nr_open=50256 && sudo prlimit --pid $$ --nofile=50256:50256",
		},
		"files of the system": {
			func(l *limits) { l.fileMax = 60_000 }, local, Error,
			"fs.file-max is 60000, but 101512 descriptors are needed by the whole system; to set it: sudo sysctl -w fs.file-max=101512",
		},
		"ports, a wider range is enough": {
			func(*limits) {}, remote, Error,
			`net.ipv4.ip_local_port_range is 32768 60999 (28168 ports), but 50000 ports are needed with 1 source address and 1 destination; ` +
				`to set it: sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"`,
		},
		"ports, more addresses are needed": {
			func(*limits) {},
			Need{Connections: 200_000, Rate: 100, Destinations: 2},
			Error,
			`net.ipv4.ip_local_port_range is 32768 60999 (56336 ports), but 200000 ports are needed with 1 source address and 2 destinations; ` +
				`to set it: sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535", and name 2 addresses of this machine in load.source_addresses`,
		},
		"memory": {
			func(l *limits) { l.memoryFree = 100 << 20 }, local, Error,
			"available memory is 100 MiB, but 489 MiB are needed by the kernel for idle connections alone; to set it: " +
				"end other programs, or use fewer connections (-c 10240)",
		},
		"backlog": {
			func(l *limits) { l.somaxconn = 128 }, local, Warning,
			"net.core.somaxconn is 128, but 2000 places are needed for a server that pauses for a second in the ramp (else handshakes are " +
				"repeated a second later); to set it: sudo sysctl -w net.core.somaxconn=2000 net.ipv4.tcp_max_syn_backlog=2000, or a slower ramp",
		},
		"backlog, all at once": {
			func(*limits) {},
			Need{Connections: 5000, Loopback: true, ServerLocal: true},
			Warning,
			"net.core.somaxconn is 4096, but 5000 places are needed for a server that pauses for a second in the ramp (else handshakes are " +
				"repeated a second later); to set it: sudo sysctl -w net.core.somaxconn=5000 net.ipv4.tcp_max_syn_backlog=5000, or a slower ramp",
		},
		"TCP memory": {
			func(l *limits) { l.tcpMemMax = 1000 }, local, Warning,
			"net.ipv4.tcp_mem is 1000, but 100100 pages are needed at the most for an event in flight to each stream (else TCP slows down " +
				`or drops); to set it: sudo sysctl -w net.ipv4.tcp_mem="50050 75075 100100"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := roomy()
			c.change(&l)
			var got []string
			for _, check := range l.check(c.need) {
				if !check.OK {
					got = append(got, check.String())
					if check.Severity != c.severity {
						t.Errorf("severity is %s, want %s", check.Severity, c.severity)
					}
				} else if check.Command != "" {
					t.Errorf("a command for what is met: %+v", check)
				}
			}
			if diff := cmp.Diff([]string{c.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPreflightIsMet(t *testing.T) {
	l := roomy()
	for _, n := range []Need{
		{Connections: 28_168, Rate: 2000},
		{Connections: 50_000, Rate: 2000, Loopback: true, ServerLocal: true},
		{Connections: 50_000, Rate: 2000, SourceAddresses: 2},
		{Connections: 50_000, Rate: 2000, Destinations: 2},
	} {
		for _, c := range l.check(n) {
			if !c.OK {
				t.Errorf("%+v: %s", n, c)
			}
		}
	}
	if got := l.checkFiles(Need{Connections: 10}).String(); got != "open files (ulimit -n) is 1048576, needed: 266 descriptors" {
		t.Error(got)
	}
}

// The limit on events that have not ended is named, and speaks up where it is more than there is.
func TestPreflightOfBuffers(t *testing.T) {
	l := roomy()
	l.memoryFree = 1 << 30
	n := Need{Connections: 2000, EventLimit: 16 << 20, BufferLimit: 256 << 20}
	if got, want := l.checkBuffers(n).String(), "target.buffer_limit is 256 MiB, needed: 32000 MiB if every stream held"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	n.BufferLimit = 2 << 30
	if c := l.checkBuffers(n); c.OK || c.Severity != Warning || !strings.Contains(c.String(), "target.buffer_limit=1024MiB") {
		t.Errorf("%s", c)
	}
}

// A system that tells nothing stops nobody.
func TestPreflightOfTheUnknown(t *testing.T) {
	l := readLimits(t.TempDir())
	l.filesSoft, l.filesHard = unknown, unknown
	n := Need{Connections: 1 << 30, ServerLocal: true}
	for _, c := range l.check(n) {
		if !c.OK || c.Value != "unknown" {
			t.Errorf("%+v", c)
		}
	}
	if got := l.most(n); got != int(^uint(0)>>1) {
		t.Errorf("most is %d", got)
	}
}

func TestReadLimits(t *testing.T) {
	proc := t.TempDir()
	for name, text := range map[string]string{
		"sys/fs/nr_open":                            "1048576\n",
		"sys/fs/file-max":                           "9223372036854775807\n",
		"sys/fs/file-nr":                            "1376\t0\t9223372036854775807\n",
		"sys/net/ipv4/ip_local_port_range":          "32768\t60999\n",
		"sys/net/ipv4/ip_local_reserved_ports":      "80,33000-33009,60999,60990-61010,nonsense\n",
		"sys/net/core/somaxconn":                    "4096\n",
		"sys/net/ipv4/tcp_mem":                      "287898\t383867\t575796\n",
		"net/sockstat":                              "sockets: used 15\nTCP: inuse 1 orphan 0 tw 4 alloc 1 mem 156\nUDP: inuse 0 mem 7\n",
		"meminfo":                                   "MemTotal:       24684084 kB\nMemAvailable:   24378640 kB\n",
		"sys/net/ipv4/tcp_max_syn_backlog-not-read": "1\n",
	} {
		path := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := readLimits(proc)
	if got.filesSoft <= 0 || got.filesHard < got.filesSoft {
		t.Errorf("open files: %d, %d", got.filesSoft, got.filesHard)
	}
	got.filesSoft, got.filesHard, got.pageBytes = 0, 0, 0
	want := limits{
		filesMost: 1048576, fileMax: 1<<63 - 1, fileUsed: 1376, portFrom: 32768, portTo: 60999, portsReserved: 10 + 1 + 10,
		somaxconn: 4096, tcpMemMax: 575796, tcpMemUsed: 156, memoryFree: 24378640 << 10,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(limits{})); diff != "" {
		t.Error(diff)
	}
}

func TestMaxConnections(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*limits)
		need   Need
		want   int
	}{
		"files":            {func(l *limits) { l.filesSoft = 1256 }, Need{Loopback: true, ServerLocal: true}, 1000},
		"files, too few":   {func(l *limits) { l.filesSoft = 100 }, Need{Loopback: true}, 0},
		"ports":            {func(*limits) {}, Need{}, 28_168},
		"ports, addresses": {func(*limits) {}, Need{SourceAddresses: 3}, 3 * 28_168},
		"memory":           {func(l *limits) { l.memoryFree = 10 << 20 }, Need{Loopback: true, ServerLocal: true}, 1024},
		"the whole system": {func(l *limits) { l.fileMax = 3256 }, Need{Loopback: true, ServerLocal: true}, 872},
	} {
		l := roomy()
		c.change(&l)
		got := l.most(c.need)
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		// What it says can be had, and one more cannot.
		for _, extra := range []int{0, 1} {
			n := c.need
			n.Connections, n.Rate = got+extra, 1
			met := true
			for _, check := range l.check(n) {
				met = met && (check.OK || check.Severity == Warning)
			}
			if met != (extra == 0) && got > 0 {
				t.Errorf("%s: %d connections met: %v", name, n.Connections, met)
			}
		}
	}
}

func TestPreflightOfThisMachine(t *testing.T) {
	n := Need{Loopback: true, ServerLocal: true, Rate: 1}
	n.Connections = min(10, MaxConnections(n))
	for _, c := range Preflight(n) {
		if !c.OK && c.Severity == Error {
			t.Error(c)
		}
	}
}

func TestRaiseFileLimit(t *testing.T) {
	// A process of its own, since limits cannot be put back.
	cmd := exec.Command("sh", "-c", `ulimit -S -n 300; ulimit -H -n 900; exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), "CHILD=limit")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.TrimSpace(string(out)); got != "300 900 900 900 <nil>" {
		t.Errorf("child before, child after, soft, hard, error: %s", got)
	}
}

func TestLoopbackSources(t *testing.T) {
	l := roomy()
	for _, c := range []struct{ n, destinations, want int64 }{
		{0, 1, 1}, {7_042, 1, 1}, {7_043, 1, 2}, {14_084, 2, 1}, {1_000_000, 1, 143},
	} {
		if got := l.loopbackSources(c.n, c.destinations); got != c.want {
			t.Errorf("%d streams to %d: %d addresses, want %d", c.n, c.destinations, got, c.want)
		}
	}
	here := readLimits("/proc")
	if few, err := LoopbackSources(10, 0); few != nil || err != nil {
		t.Errorf("for ten streams: %v, %v", few, err)
	}
	many, err := LoopbackSources(int(here.ports()/shareOfPorts*3), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
	if diff := cmp.Diff(want, many, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestFreePort(t *testing.T) {
	l := readLimits("/proc")
	addr := netip.MustParseAddr("127.0.0.1")
	for range 20 {
		port, err := FreePort(t.Context(), addr)
		if err != nil {
			t.Fatal(err)
		}
		if int64(port) >= l.portFrom && int64(port) <= l.portTo {
			t.Errorf("%d is an ephemeral port", port)
		}
		ln, err := net.Listen("tcp", netip.AddrPortFrom(addr, uint16(port)).String())
		if err != nil {
			t.Error(err)
			continue
		}
		ln.Close()
	}
	_, err := FreePort(context.Background(), netip.MustParseAddr("203.0.113.7"))
	wantError(t, err, "203.0.113.7", "not an address of this machine")
}

func TestEnvironment(t *testing.T) {
	e := Environment("v1.2.3")
	if e.Version != "v1.2.3" || e.GoVersion == "" || e.OS == "" || e.Kernel == "" || e.CPU == "" || e.Cores < 1 || e.Memory < 1<<20 || e.OpenFiles < 1 {
		t.Errorf("%+v", e)
	}
	for _, name := range []string{"net.core.somaxconn", "net.ipv4.tcp_congestion_control", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_mem", "net.ipv4.tcp_max_syn_backlog"} {
		if e.Sysctls[name] == "" {
			t.Errorf("no %s in %v", name, e.Sysctls)
		}
	}
}
