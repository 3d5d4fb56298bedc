package loadgen

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"ssebench/results"
)

// unreachable is a hook's failure as that of a port that nobody listens on.
var unreachable = &SetupFailure{Failure: Failure{"hook_refused", "nothing listens there"}, Advice: "start the server"}

// Where a threshold of the scenario's names publish.failed, that says what is tolerable; where none does, a hook that fails, fails the run.
func TestWhatFailuresOfTheHookMean(t *testing.T) {
	const most = "the publish hook failed 1 of 50 calls, mostly with hook_refused"
	one := func(seq uint64) bool { return seq == 20 }
	for name, c := range map[string]struct {
		thresholds string
		fails      func(seq uint64) bool
		code       int
		failure    string
	}{
		"one call":                           {"", one, results.ExitFailed, most},
		"one call, and that is tolerable":    {"publish.failed / publish.count < 5%", one, results.ExitPassed, ""},
		"one call, and that is too many":     {"publish.failed == 0", one, results.ExitCrossed, ""},
		"one call, by its token":             {`publish.failed["hook_refused"] < 5`, one, results.ExitPassed, ""},
		"one call, and something else holds": {"publish.count == 50", one, results.ExitFailed, most},
		"it never worked": {
			"publish.failed < 1000", func(uint64) bool { return true }, results.ExitFailed,
			"the publish hook failed 5 times in a row from the start: nothing listens there; start the server",
		},
		"from the middle on": {
			"", func(seq uint64) bool { return seq > 20 }, results.ExitFailed,
			"the publish hook worked for 20 calls and then failed 30 in a row until the end, mostly with hook_refused (nothing listens there): the server is gone",
		},
		"at first": {
			"", func(seq uint64) bool { return seq < 3 }, results.ExitFailed,
			"the publish hook failed 2 of 50 calls, mostly with hook_refused (nothing listens there; start the server)",
		},
		"the last one": {"", func(seq uint64) bool { return seq == 50 }, results.ExitFailed, most},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.publish = func(ev *Event) error {
				if c.fails(ev.Seq) {
					return unreachable
				}
				return nil
			}
			thresholds := ""
			if c.thresholds != "" {
				thresholds = fmt.Sprintf("thresholds: ['%s']\n", c.thresholds)
			}
			d := runMemory(t, m, thresholds+steady)
			if d.ExitCode() != c.code || !strings.HasPrefix(d.Run.Failure, c.failure) || c.failure == "" && d.Run.Failure != "" {
				t.Errorf("%s: exit %d, %q", name, d.ExitCode(), d.Run.Failure)
			}
			if !hasWarning(d, "hook_refused") && c.code != results.ExitFailed {
				t.Errorf("%s: failures without a word: %v", name, d.Warnings)
			}
		})
	}
}

// Attempts that fail are as the scenario's thresholds say, too; no stream at all is a run that failed.
func TestWhatFailuresOfTheRampMean(t *testing.T) {
	for name, c := range map[string]struct {
		refused, code int
	}{"some": {5, results.ExitPassed}, "too many": {15, results.ExitCrossed}, "all": {40, results.ExitFailed}} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.answer = func(client, _ int) int {
				if client < c.refused {
					return memoryRefused
				}
				return 200
			}
			d := runMemory(t, m, "thresholds: [connections.failed < 10, connections.never_open < 10]\n"+steady)
			if d.ExitCode() != c.code {
				t.Errorf("%s: exit %d, %q, %+v", name, d.ExitCode(), d.Run.Failure, d.Thresholds)
			}
		})
	}
}
