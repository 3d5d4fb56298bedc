//go:build unix && !linux

package host

import (
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/mem"

	"ssebench/results"
)

func describe(e *results.Environment) {
	if name, _, version, err := host.PlatformInformation(); err == nil {
		e.OS += " " + name + " " + version
	}
	if kernel, err := host.KernelVersion(); err == nil {
		e.Kernel = kernel
	}
	if all, err := cpu.Info(); err == nil && len(all) > 0 {
		e.CPU = all[0].ModelName
	}
	if memory, err := mem.VirtualMemory(); err == nil {
		e.Memory = clampInt64(memory.Total)
	}
}
