package results

import (
	"fmt"
	"runtime"
	"strings"
)

// PanicLine returns the line that says of a recovered panic who panicked, with what, and where in the code. It is to be called from the
// deferred function that recovered it.
func PanicLine(who string, value any) string {
	line := fmt.Sprintf("internal: %s panicked: %v", who, value)
	if at := panickedAt(); at != "" {
		line += " (" + at + ")"
	}
	return strings.Join(strings.Fields(line), " ") + "; please report it"
}

// panickedAt returns the file and line of the innermost call that panicked, the runtime's own aside.
func panickedAt() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			folders := strings.Split(frame.File, "/")
			return fmt.Sprintf("%s:%d", strings.Join(folders[max(0, len(folders)-2):], "/"), frame.Line)
		}
		if !more {
			return ""
		}
	}
}
