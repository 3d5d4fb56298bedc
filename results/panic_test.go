package results

import (
	"errors"
	"regexp"
	"testing"
)

func TestTheLineOfAPanicSaysWhere(t *testing.T) {
	line := func(f func()) (line string) {
		defer func() { line = PanicLine("the test", recover()) }()
		f()
		return ""
	}
	var nothing []int
	for want, f := range map[string]func(){
		`^internal: the test panicked: broken \(results/panic_test\.go:\d+\); please report it$`:                                func() { panic("broken") },
		`^internal: the test panicked: two lines \(results/panic_test\.go:\d+\); please report it$`:                             func() { panic(errors.New("two\nlines")) },
		`^internal: the test panicked: runtime error: index out of range \[3\] with length 0 \(results/panic_test\.go:\d+\); p`: func() { _ = nothing[len(nothing)+3] },
	} {
		if got := line(f); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
