//go:build unix

package host

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
)

// watching is what a watcher does: it ends with the line that it waits for, and where its input ends without one, since the process at the
// other end of the pipe is gone, it kills the group. Nothing else reaches it: it has a session of its own.
const watching = `trap '' HUP INT TERM; read -r _ || kill -s KILL -- "-$1"`

// KillOnExit sees to it that the process group is killed when this process is gone, however that ends: a process that is killed with SIGKILL cannot
// end its children, and the kernel's parent-death signal reaches none of theirs. What a child has put into a group of its own is not reached.
// The group must exist. Release is to be called when it needs no more watching, once or more often; until then a small process of its own
// waits. Where the system has no shell the error says so, and nothing watches.
func KillOnExit(group int) (release func(), err error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("watching process group %d: %w", group, err)
	}
	defer in.Close()
	cmd := exec.Command("/bin/sh", "-c", watching, "sh", strconv.Itoa(group))
	cmd.Stdin, cmd.Dir = in, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		out.Close()
		return nil, fmt.Errorf("watching process group %d: %w", group, err)
	}
	return sync.OnceFunc(func() {
		// A watcher that was killed reads nothing; it is waited for all the same.
		_, _ = out.WriteString("\n")
		out.Close()
		_ = cmd.Wait()
	}), nil
}
