package results

// The exit codes of a run. A bad command line or scenario is 2 and never comes from a document.
const (
	ExitPassed       = 0
	ExitFailed       = 1
	ExitInconclusive = 98
	ExitCrossed      = 99
	ExitInterrupted  = 130
)

// Fail says why the run failed after all, for what happens behind the fold: the last line of the journal, the writing of the document. A
// reason that stands already stays.
func (d *Document) Fail(reason string) {
	if d.Run.Failure == "" {
		d.Run.Failure = reason
	}
	d.Verdict.Pass = false
}

// ExitCode returns the code with which a run that came to this document ends. Where several apply, the first of 1, 130, 98 and 99
// counts: a threshold says nothing about a run that failed, and little about one that cannot be judged. One threshold that was
// crossed for certain outweighs others that are inconclusive.
func (d *Document) ExitCode() int {
	switch {
	case d.Run.Failure != "":
		return ExitFailed
	case d.Run.Partial:
		return ExitInterrupted
	case d.Verdict.Trust == GeneratorLimited, len(d.Verdict.Inconclusive) > 0:
		return ExitInconclusive
	case d.Count(Crossed) > 0:
		return ExitCrossed
	case d.Count(Held) < len(d.Thresholds):
		return ExitInconclusive
	}
	return ExitPassed
}
