package host

import (
	"bufio"
	"os"
	"strings"

	"ssebench/results"
)

// sysctls are the settings that move figures.
var sysctls = []string{
	"net.core.somaxconn",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.tcp_congestion_control",
	"net.ipv4.tcp_max_syn_backlog",
	"net.ipv4.tcp_mem",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_wmem",
}

func describe(e *results.Environment) {
	if name := osRelease("/etc/os-release"); name != "" {
		e.OS += " " + name
	}
	e.Kernel = readLine("/proc/sys/kernel/osrelease")
	e.CPU = cpuModel("/proc/cpuinfo")
	e.Memory = max(0, memInfo("/proc/meminfo", "MemTotal:"))
	e.Sysctls = map[string]string{}
	for _, name := range sysctls {
		if value := readLine("/proc/sys/" + strings.ReplaceAll(name, ".", "/")); value != "" {
			e.Sysctls[name] = value
		}
	}
}

// cpuModel is the first "model name"; ARM kernels have none and give the name of the part in other rows.
func cpuModel(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	part := ""
	for rows := bufio.NewScanner(f); rows.Scan(); {
		name, value, _ := strings.Cut(rows.Text(), ":")
		switch strings.TrimSpace(name) {
		case "model name", "cpu model":
			return strings.TrimSpace(value)
		case "CPU implementer", "CPU part":
			part = strings.TrimSpace(part + " " + strings.TrimSpace(value))
		}
	}
	return part
}

// osRelease is PRETTY_NAME of os-release(5).
func osRelease(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			return strings.Trim(value, `"'`)
		}
	}
	return ""
}
