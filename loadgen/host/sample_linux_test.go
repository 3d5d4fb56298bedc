package host

import (
	"os"
	"testing"
)

func TestSamplerRemembers(t *testing.T) {
	s, err := newSampler(os.Getpid(), false)
	if err != nil {
		t.Fatal(err)
	}
	s.last.CPUNanos = 1 << 60 // as of a child that is gone, for which nobody waited
	if next, err := s.sample(); err != nil || next.CPUNanos != 1<<60 {
		t.Errorf("the CPU time went back: %+v, %v", next, err)
	}
	s.started = "1"
	_, err = s.sample()
	wantError(t, err, "is gone")
}
