//go:build !linux

package host

import (
	"os/exec"
	"strconv"
	"strings"
)

// running says whether a process is there and has not ended.
func running(pid int) bool {
	state, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && len(state) > 0 && !strings.HasPrefix(string(state), "Z")
}
