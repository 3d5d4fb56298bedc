package loadgen

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// emit has a server send to every stream, after each of the pauses, as many events as stand beside it.
func emit(m *memory, beats []beat) {
	for _, b := range beats {
		time.Sleep(b.pause)
		data := strings.Repeat("data: "+strconv.FormatInt(time.Now().UnixMilli(), 10)+"\n\n", b.events)
		for _, s := range m.all() {
			s.write(data)
		}
	}
}

type beat struct {
	pause  time.Duration
	events int
}

// steadily is so many beats of an event each.
func steadily(n int, every time.Duration) (all []beat) {
	for range n {
		all = append(all, beat{every, 1})
	}
	return all
}

func then(parts ...[]beat) (all []beat) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestAServerThatEmitsByItselfAndStandsStill(t *testing.T) {
	const tenth, second = 100 * time.Millisecond, time.Second
	for name, tt := range map[string]struct {
		beats []beat
		want  time.Duration
	}{
		"it catches up":                 {then(steadily(80, tenth), []beat{{5 * second, 50}}, steadily(40, tenth)), 5 * second},
		"it catches up by and by":       {then(steadily(80, tenth), []beat{{5 * second, 20}}, steadily(30, 20*time.Millisecond), steadily(40, tenth)), 5 * second},
		"an event a second":             {then(steadily(12, second), []beat{{6 * second, 6}}, steadily(4, second)), 6 * second},
		"twice, and the longer one":     {then(steadily(60, tenth), []beat{{3 * second, 30}}, steadily(70, tenth), []beat{{5 * second, 50}}, steadily(5, tenth)), 5 * second},
		"after some seconds of nothing": {then([]beat{{3 * second, 1}}, steadily(60, tenth), []beat{{4 * second, 40}}, steadily(40, tenth)), 4 * second},
		"it goes on as if nothing were": {then(steadily(80, tenth), []beat{{5 * second, 1}}, steadily(40, tenth)), 0},
		"it ends":                       {steadily(80, tenth), 0},
		"a short pause":                 {then(steadily(80, tenth), []beat{{1500 * time.Millisecond, 15}}, steadily(40, tenth)), 0},
		"bursts are its way":            {[]beat{{second, 30}, {4 * second, 30}, {3 * second, 40}, {4 * second, 30}, {3 * second, 50}}, 0},
		"seldom, and by chance":         {[]beat{{second, 1}, {5 * second, 1}, {tenth, 1}, {6 * second, 1}, {tenth, 2}, {4 * second, 3}}, 0},
		"steady for too short a time":   {then(steadily(30, tenth), []beat{{3 * second, 30}}, steadily(40, tenth)), 0},
		"an event in ten seconds":       {steadily(4, 10*second), 0},
		"a rate that falls and rises":   {then(steadily(40, tenth), steadily(5, second), []beat{{4 * second, 4}}, steadily(40, tenth)), 0},
	} {
		for _, mode := range []string{"observe: {time: data, unit: ms}\n", ""} {
			t.Run(name+" "+mode, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMemory()
					done := make(chan struct{})
					go func() {
						defer close(done)
						time.Sleep(500 * time.Millisecond)
						emit(m, tt.beats)
					}()
					d := runMemory(t, m, mode+"load: {connections: 4, phases: [{ramp: at_once}, {hold: 45s}]}\n")
					<-done
					if got := stalled(t, d); got < tt.want-200*time.Millisecond || got > tt.want+100*time.Millisecond {
						t.Errorf("stalled for %s, want %s (%+v)", got, tt.want, d.Run.Stall)
					}
				})
			})
		}
	}
}

// Streams that go away and come back are no server that stands still.
func TestStreamsThatComeBackAreNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(500 * time.Millisecond)
			emit(m, steadily(80, 100*time.Millisecond))
			m.outage()
			emit(m, []beat{{5 * time.Second, 50}})
			emit(m, steadily(40, 100*time.Millisecond))
		}()
		d := runMemory(t, m, "load: {connections: 4, reconnect: {profile: chromium, delay: 1s}, phases: [{ramp: at_once}, {hold: 25s}]}\n")
		<-done
		if got := stalled(t, d); got != 0 {
			t.Errorf("stalled for %s", got)
		}
	})
}
