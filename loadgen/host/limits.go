package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// unknown marks a limit that the system does not tell.
const unknown = -1

// limits is what the machine allows. A limit that is not known is -1, or empty.
type limits struct {
	filesSoft, filesHard int64
	filesMost            int64 // fs.nr_open: the highest hard limit that anybody can set
	fileMax, fileUsed    int64 // of the whole system
	portFrom, portTo     int64 // the ephemeral range, both inclusive
	portsReserved        int64
	somaxconn            int64
	tcpMemMax            int64 // pages
	tcpMemUsed           int64 // pages
	pageBytes            int64
	memoryFree           int64 // bytes that can be had without swapping
}

// RaiseFileLimit raises the soft limit on open files to the hard one and returns both as they are then. Children started
// afterwards inherit it: the Go runtime's own raise does not reach them.
func RaiseFileLimit() (soft, hard uint64, err error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, 0, fmt.Errorf("cannot read the limit on open files: %w", err)
	}
	soft, hard = l.Cur, l.Max
	l.Cur = l.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return soft, hard, fmt.Errorf("cannot raise the limit on open files from %d to %d: %w; run ulimit -n %d first", soft, hard, err, hard)
	}
	return l.Cur, hard, nil
}

func readLimits(proc string) limits {
	l := limits{filesSoft: unknown, filesHard: unknown, pageBytes: int64(os.Getpagesize())}
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) == nil {
		l.filesSoft, l.filesHard = clampInt64(r.Cur), clampInt64(r.Max)
	}
	sys := filepath.Join(proc, "sys")
	l.filesMost = fileNumber(sys, "fs/nr_open", 0)
	l.fileMax = fileNumber(sys, "fs/file-max", 0)
	l.fileUsed = fileNumber(sys, "fs/file-nr", 0)
	l.portFrom = fileNumber(sys, "net/ipv4/ip_local_port_range", 0)
	l.portTo = fileNumber(sys, "net/ipv4/ip_local_port_range", 1)
	l.portsReserved = reservedPorts(readLine(filepath.Join(sys, "net/ipv4/ip_local_reserved_ports")), l.portFrom, l.portTo)
	l.somaxconn = fileNumber(sys, "net/core/somaxconn", 0)
	l.tcpMemMax = fileNumber(sys, "net/ipv4/tcp_mem", 2)
	l.tcpMemUsed = tcpMemoryUsed(filepath.Join(proc, "net/sockstat"))
	l.memoryFree = memInfo(filepath.Join(proc, "meminfo"), "MemAvailable:")
	return l
}

// ports is how many ephemeral ports one source address has towards one destination; unknown where the range is.
func (l *limits) ports() int64 {
	if l.portFrom < 0 || l.portTo < l.portFrom {
		return unknown
	}
	return max(0, l.portTo-l.portFrom+1-l.portsReserved-portMargin)
}

// portMargin is left to listeners and other clients on this machine; the kernel's search also slows down near the end.
const portMargin = 64

func readLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(b)), " ")
}

// fileNumber is the nth number in a file of /proc/sys.
func fileNumber(sys, name string, n int) int64 {
	f := strings.Fields(readLine(filepath.Join(sys, name)))
	if n >= len(f) {
		return unknown
	}
	v, err := strconv.ParseUint(f[n], 10, 64)
	if err != nil {
		return unknown
	}
	return clampInt64(v)
}

// reservedPorts counts the ports of a list such as "8080,9000-9010" that lie in the range.
func reservedPorts(list string, from, to int64) int64 {
	var count int64
	for item := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(item), "-")
		a, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			continue
		}
		b := a
		if isRange {
			if b, err = strconv.ParseInt(last, 10, 64); err != nil {
				continue
			}
		}
		count += max(0, min(b, to)-max(a, from)+1)
	}
	return count
}

// tcpMemoryUsed reads the pages out of "TCP: inuse 1 orphan 0 tw 4 alloc 1 mem 156".
func tcpMemoryUsed(path string) int64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) > 2 && f[0] == "TCP:" && f[len(f)-2] == "mem" {
			if n, err := strconv.ParseInt(f[len(f)-1], 10, 64); err == nil {
				return n
			}
		}
	}
	return unknown
}

// memInfo is a row of /proc/meminfo in bytes.
func memInfo(path, row string) int64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == row && f[2] == "kB" {
			if n, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				return n << 10
			}
		}
	}
	return unknown
}

// clampInt64 reads "no limit" as the largest number.
func clampInt64(v uint64) int64 {
	const most = 1<<63 - 1
	if v > most {
		return most
	}
	return int64(v)
}
