package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"ssebench/results"
)

const (
	// clockTick is USER_HZ, in which proc(5) tells CPU times: 100 on every architecture that Go runs on.
	clockTick = int64(10_000_000)
	// mostProcesses bounds the walk over a process's children.
	mostProcesses = 256
)

// sampler reads what a process used out of /proc. Its owner serializes the calls.
type sampler struct {
	pid      int
	children bool   // count the children too
	started  string // in ticks since boot: a reused pid has another one

	last    results.ProcessSample
	threads map[int]int64 // run delay of each live thread; the delay of those that ended is already in last
	next    map[int]int64 // the spare map
}

func newSampler(pid int, children bool) (*sampler, error) {
	s := &sampler{pid: pid, children: children, threads: map[int]int64{}, next: map[int]int64{}}
	st, err := readStat(pid)
	if err != nil {
		return nil, err
	}
	s.started = st.started
	if _, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid)); err != nil {
		s.threads, s.last.RunDelayNanos = nil, -1
	}
	_, err = s.sample()
	return s, err
}

// sample sums over the process and its children. CPU time and run delay never go back, also when a child is gone before its
// parent waited for it. Memory that processes share is counted for each.
func (s *sampler) sample() (results.ProcessSample, error) {
	st, err := readStat(s.pid)
	if err != nil {
		return results.ProcessSample{}, err
	}
	if st.started != s.started || st.state == 'Z' {
		return results.ProcessSample{}, fmt.Errorf("process %d is gone", s.pid)
	}
	var cpu, system, rss int64
	clear(s.next)
	pids := []int{s.pid}
	for i := 0; i < len(pids); i++ {
		pid := pids[i]
		if i > 0 {
			// A child that is gone by now is in its parent's figures the next time.
			if st, err = readStat(pid); err != nil {
				continue
			}
		}
		cpu += st.cpu
		system += st.system
		rss += residentBytes(pid)
		for _, tid := range threadsOf(pid) {
			task := fmt.Sprintf("/proc/%d/task/%d/", pid, tid)
			if s.threads != nil {
				s.addDelay(tid, task)
			}
			if s.children && len(pids) < mostProcesses {
				pids = append(pids, childrenOf(task)...)
			}
		}
	}
	s.last.CPUNanos = max(s.last.CPUNanos, cpu)
	s.last.SystemNanos = max(s.last.SystemNanos, system)
	s.last.RSSBytes = rss
	s.threads, s.next = s.next, s.threads
	return s.last, nil
}

// addDelay adds what the thread waited since the last look. Summing deltas keeps what ended threads had waited.
func (s *sampler) addDelay(tid int, task string) {
	b, err := os.ReadFile(task + "schedstat")
	if err != nil {
		return
	}
	// "time on a CPU, time in a run queue, number of time slices", in ns.
	f := bytes.Fields(b)
	if len(f) < 2 {
		return
	}
	delay, err := strconv.ParseInt(string(f[1]), 10, 64)
	if err != nil {
		return
	}
	s.last.RunDelayNanos += max(0, delay-s.threads[tid])
	s.next[tid] = delay
}

// stat is what is used of /proc/PID/stat.
type stat struct {
	state   byte
	cpu     int64 // ns, of the process and of those of its children that it waited for
	system  int64 // of these, in the kernel
	started string
}

func readStat(pid int) (stat, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return stat{}, fmt.Errorf("process %d is gone", pid)
		}
		return stat{}, err
	}
	// The second field is the name in parentheses and may hold anything; what follows the last one starts with field 3.
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(f) < 20 {
		return stat{}, fmt.Errorf("/proc/%d/stat has only %d fields", pid, len(f))
	}
	st := stat{state: f[0][0], started: string(f[19])}
	for i, ticks := range f[11:15] { // utime, stime, cutime, cstime
		n, err := strconv.ParseInt(string(ticks), 10, 64)
		if err != nil {
			return stat{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		st.cpu += n * clockTick
		if i%2 == 1 {
			st.system += n * clockTick
		}
	}
	return st, nil
}

func residentBytes(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	f := bytes.Fields(b)
	if len(f) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(f[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

func threadsOf(pid int) []int {
	dir, err := os.Open(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	return numbers(names)
}

// childrenOf needs a kernel with CONFIG_PROC_CHILDREN, which distributions set; without it only the process itself is seen.
func childrenOf(task string) []int {
	b, err := os.ReadFile(task + "children")
	if err != nil || len(b) == 0 {
		return nil
	}
	var names []string
	for _, f := range bytes.Fields(b) {
		names = append(names, string(f))
	}
	return numbers(names)
}

func numbers(names []string) []int {
	out := make([]int, 0, len(names))
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			out = append(out, n)
		}
	}
	return out
}
