package publish

import (
	"testing"

	"ssebench/loadgen"
)

// A goroutine of the hook that panics fails every further call, with a token that ends the run.
func TestAPanicOfTheHookFailsItsCalls(t *testing.T) {
	command, _ := sh(t, `exec cat > "$1"`)
	h := newExec(t, Exec{Command: command, Line: "{{.Seq}}"})
	if err := h.Publish(t.Context(), event("t", 1, "x")); err != nil {
		t.Fatal(err)
	}
	func() {
		defer h.(*execHook).recovered("what reads the standard error of the hook's command")
		panic("boom")
	}()
	wantFailure(t, h.Publish(t.Context(), event("t", 2, "x")), loadgen.TokenPanicked, "panicked: boom", "publish/panic_test.go:")
}
