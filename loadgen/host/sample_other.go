//go:build unix && !linux

package host

import (
	"fmt"

	"github.com/shirou/gopsutil/v4/process"

	"ssebench/results"
)

// sampler asks the system by way of gopsutil, which knows no run delay. Its owner serializes the calls.
type sampler struct {
	pid      int
	children bool
	started  int64 // ms: a reused pid has another one
	last     results.ProcessSample
}

func newSampler(pid int, children bool) (*sampler, error) {
	s := &sampler{pid: pid, children: children}
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return nil, fmt.Errorf("process %d is gone", pid)
	}
	if s.started, err = p.CreateTime(); err != nil {
		return nil, err
	}
	_, err = s.sample()
	return s, err
}

func (s *sampler) sample() (results.ProcessSample, error) {
	p, err := process.NewProcess(int32(s.pid))
	if err != nil {
		return results.ProcessSample{}, fmt.Errorf("process %d is gone", s.pid)
	}
	if started, err := p.CreateTime(); err != nil || started != s.started {
		return results.ProcessSample{}, fmt.Errorf("process %d is gone", s.pid)
	}
	all := []*process.Process{p}
	if s.children {
		// An error says that there are none.
		if children, err := p.Children(); err == nil {
			all = append(all, children...)
		}
	}
	var cpu, system, rss int64
	for i, p := range all {
		times, err := p.Times()
		if err != nil {
			if i == 0 {
				return results.ProcessSample{}, err
			}
			continue
		}
		cpu += int64((times.User + times.System) * 1e9)
		system += int64(times.System * 1e9)
		if memory, err := p.MemoryInfo(); err == nil {
			rss += int64(memory.RSS)
		}
	}
	s.last = results.ProcessSample{
		CPUNanos: max(s.last.CPUNanos, cpu), SystemNanos: max(s.last.SystemNanos, system), RSSBytes: rss, RunDelayNanos: -1,
	}
	return s.last, nil
}
