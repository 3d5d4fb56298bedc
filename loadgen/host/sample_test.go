package host

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"ssebench/results"
)

func mustSample(t *testing.T, p *Process) results.ProcessSample {
	t.Helper()
	s, err := p.Sample()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSampleCountsChildren(t *testing.T) {
	// The burner is a child of the shell, and of no use of CPU itself.
	command := be("burn")
	command.Args = []string{"sh", "-c", `"$0" & wait`, os.Args[0]}
	command.Ready.Line = regexp.MustCompile("burning")
	p := start(t, command)
	before := mustSample(t, p)
	if before.RSSBytes < 1<<20 {
		t.Errorf("a shell and a Go program have %d bytes", before.RSSBytes)
	}
	last := before
	within(t, "the child's CPU is seen", func() bool {
		s := mustSample(t, p)
		if s.CPUNanos < last.CPUNanos || s.RunDelayNanos < last.RunDelayNanos {
			t.Fatalf("the figures went back: %+v, then %+v", last, s)
		}
		last = s
		return s.CPUNanos-before.CPUNanos >= int64(200*time.Millisecond)
	})
}

func TestSampleSeesRunDelay(t *testing.T) {
	if _, err := os.Stat("/proc/self/schedstat"); err != nil {
		s, err := newSampler(os.Getpid(), false)
		if err != nil || s.last.RunDelayNanos != -1 {
			t.Fatalf("without schedstat: %+v, %v", s.last, err)
		}
		return
	}
	// One more burner than there are CPUs: all of them have to wait.
	var all []*Process
	for range runtime.NumCPU() + 1 {
		command := be("burn")
		command.Ready.Line = regexp.MustCompile("burning")
		all = append(all, start(t, command))
	}
	within(t, "they wait for a CPU", func() bool {
		var delay int64
		for _, p := range all {
			delay += mustSample(t, p).RunDelayNanos
		}
		return delay > int64(20*time.Millisecond)
	})
}

func TestAttach(t *testing.T) {
	p := start(t, sh("exec sleep 100"))
	a, err := Attach(p.Pid())
	if err != nil {
		t.Fatal(err)
	}
	mustSample(t, a)
	wantError(t, a.Down(t.Context(), true), "was not started by ssebench", "start command")
	wantError(t, a.Up(t.Context()), "was not started by ssebench", "start command")
	if err := a.Stop(t.Context()); err != nil || !running(p.Pid()) {
		t.Errorf("Stop touched a process that is not ours: %v", err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = a.Sample()
	wantError(t, err, "is gone")
	_, err = Attach(p.Pid())
	wantError(t, err, "cannot attach to process", "is gone", "check the pid")
}

func TestSelf(t *testing.T) {
	s, err := NewSelf()
	if err != nil {
		t.Fatal(err)
	}
	// A collection of another test's memory that is under way has had one of its pauses, and counts in GCStats at its end.
	runtime.GC()
	s.GCPauses()
	var before, after debug.GCStats
	debug.ReadGCStats(&before)
	for range 5 {
		runtime.GC()
	}
	pauses := s.GCPauses()
	debug.ReadGCStats(&after)
	if cycles := after.NumGC - before.NumGC; cycles < 5 || int64(len(pauses)) < 2*cycles-2 {
		t.Errorf("%d pauses in %d collections", len(pauses), cycles)
	}
	var sum int64
	for _, p := range pauses {
		if p <= 0 {
			t.Errorf("a pause of %d ns", p)
		}
		sum += p
	}
	// The runtime's own total, which is exact: ours is rounded up by at most a quarter.
	if exact := int64(after.PauseTotal - before.PauseTotal); sum < exact/2 {
		t.Errorf("pauses of %d ns in all, the runtime says %d", sum, exact)
	}
	again := s.GCPauses()
	var last debug.GCStats
	debug.ReadGCStats(&last)
	if cycles := last.NumGC - after.NumGC; int64(len(again)) > 2*cycles+2 {
		t.Errorf("%d pauses in %d collections: some were told before", len(again), cycles)
	}
	first, err := s.Sample()
	if err != nil {
		t.Fatal(err)
	}
	within(t, "our own CPU counts up", func() bool {
		next, err := s.Sample()
		return err == nil && next.CPUNanos > first.CPUNanos
	})
	if first.RSSBytes < 1<<20 {
		t.Errorf("we have %d bytes", first.RSSBytes)
	}
}

func TestSelfLeavesTheServerOut(t *testing.T) {
	s, err := NewSelf()
	if err != nil {
		t.Fatal(err)
	}
	command := be("burn")
	command.Ready.Line = regexp.MustCompile("burning")
	p := start(t, command)
	self, err := s.Sample()
	if err != nil {
		t.Fatal(err)
	}
	var used int64
	within(t, "the child used CPU", func() bool {
		used = mustSample(t, p).CPUNanos
		return used > int64(500*time.Millisecond)
	})
	next, err := s.Sample()
	if err != nil {
		t.Fatal(err)
	}
	if s.sampler.children {
		t.Error("children count as ours")
	}
	if ours := next.CPUNanos - self.CPUNanos; ours > used {
		t.Errorf("we used %d ns while the child used %d", ours, used)
	}
}

func TestPressure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := Pressure{path: path}
	if _, ok := p.Share(); ok {
		t.Error("a share without a file")
	}
	write("some avg10=0.50 avg60=0.10 avg300=0.00 total=1000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=999\n")
	if _, ok := p.Share(); ok {
		t.Error("a share from one reading")
	}
	p.at = p.at.Add(-time.Second)
	write("some avg10=0.50 avg60=0.10 avg300=0.00 total=251000\n")
	if share, ok := p.Share(); !ok || share < 0.2 || share > 0.25 {
		t.Errorf("share is %v, %v; 0.25 s of at least 1 s", share, ok)
	}
	p.at = p.at.Add(-time.Second)
	write("some avg10=0.50 avg60=0.10 avg300=0.00 total=99999999\n")
	if share, ok := p.Share(); !ok || share != 1 {
		t.Errorf("share is %v, %v", share, ok)
	}
	write("nonsense")
	if _, ok := p.Share(); ok {
		t.Error("a share out of nonsense")
	}
}
