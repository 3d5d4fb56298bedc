package host

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// bufferShare is the part of the memory that streams may hold of events that have not ended: 1 / bufferShare.
const bufferShare = 4

// BufferLimit is a quarter of the memory that this process may have, in bytes: the machine's, or that of its control group where that is less.
// Where neither is known it is a gibibyte.
func BufferLimit() int64 { return bufferLimit("/proc", "/sys/fs/cgroup") }

func bufferLimit(proc, groups string) int64 {
	memory := memInfo(filepath.Join(proc, "meminfo"), "MemTotal:")
	if group := groupMemory(proc, groups); group >= 0 && (memory < 0 || group < memory) {
		memory = group
	}
	if memory < 0 {
		return 1 << 30
	}
	return memory / bufferShare
}

// groupMemory is the least memory.max of the process's control group and those around it (cgroup v2), or memory.limit_in_bytes (v1).
func groupMemory(proc, groups string) int64 {
	text, err := os.ReadFile(filepath.Join(proc, "self", "cgroup"))
	if err != nil {
		return unknown
	}
	least := int64(unknown)
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		root, file := groups, "memory.max"
		switch {
		case parts[1] == "memory":
			root, file = filepath.Join(groups, "memory"), "memory.limit_in_bytes"
		case parts[1] != "":
			continue
		}
		for path := filepath.Clean("/" + parts[2]); ; path = filepath.Dir(path) {
			// A container may see its own group as the root, whatever its path says.
			most, err := strconv.ParseInt(readLine(filepath.Join(root, path, file)), 10, 64) // "max" is no number
			if err == nil && (least < 0 || most < least) {
				least = most
			}
			if path == "/" {
				break
			}
		}
	}
	return least
}
