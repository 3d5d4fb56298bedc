package main

import (
	"errors"
	"testing"

	"ssebench/results"
)

// concluded is a document of a run with an exit code.
func concluded(code int) *results.Document {
	d := &results.Document{Verdict: results.Verdict{Trust: results.Trusted}}
	threshold := func(o results.Outcome) { d.Thresholds = append(d.Thresholds, results.ThresholdResult{Outcome: o}) }
	switch code {
	case results.ExitFailed:
		d.Fail("the server is gone")
	case results.ExitInterrupted:
		d.Run.Partial = true
	case results.ExitCrossed:
		threshold(results.Crossed)
	case results.ExitInconclusive:
		threshold(results.Inconclusive)
	}
	return d
}

func codeOf(err error) int {
	if e := new(exitError); errors.As(err, &e) {
		return e.code
	}
	return 0
}

// A crossed threshold of a sound run stands, whatever another run could not tell.
func TestTheWorstOfSeveralRuns(t *testing.T) {
	order := []int{results.ExitPassed, results.ExitInconclusive, results.ExitCrossed, results.ExitInterrupted, results.ExitFailed}
	for i, worse := range order {
		for _, better := range order[:i+1] {
			for _, all := range [][]*results.Document{{concluded(better), concluded(worse)}, {concluded(worse), concluded(better)}} {
				if got := worstOf(all).ExitCode(); got != worse {
					t.Errorf("of %d and %d the worst is %d", better, worse, got)
				}
			}
		}
	}
}

// A target that passes is not told to be so many times its floor where there is none.
func TestAgainstNeedsAFloor(t *testing.T) {
	const passed, failed, crossed, doubt, interrupted = results.ExitPassed, results.ExitFailed, results.ExitCrossed, results.ExitInconclusive, results.ExitInterrupted
	for _, c := range []struct {
		targets, references []int
		want                int
	}{
		{[]int{passed, passed}, []int{passed, passed}, passed},
		{[]int{crossed, passed}, []int{passed, passed}, crossed},
		{[]int{doubt, crossed}, []int{passed, passed}, crossed},
		{[]int{passed, passed}, []int{doubt, passed}, doubt},
		{[]int{passed, passed}, []int{passed, crossed}, doubt},
		{[]int{doubt, passed}, []int{crossed, passed}, doubt},
		{[]int{crossed, passed}, []int{doubt, passed}, crossed},
		{[]int{passed, passed}, []int{passed, interrupted}, interrupted},
		{[]int{crossed}, []int{interrupted}, interrupted},
		{[]int{passed}, []int{failed}, failed},
		{[]int{failed}, []int{}, failed},
		{[]int{interrupted}, []int{}, interrupted},
		{[]int{passed, failed}, []int{crossed}, failed},
	} {
		documents := func(codes []int) (all []*results.Document) {
			for _, code := range codes {
				all = append(all, concluded(code))
			}
			return all
		}
		if got := codeOf(againstVerdict(documents(c.targets), documents(c.references))); got != c.want {
			t.Errorf("targets %v, references %v: exit code %d, want %d", c.targets, c.references, got, c.want)
		}
	}
}
