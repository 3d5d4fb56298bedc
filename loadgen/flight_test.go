package loadgen

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/results"
)

// recordedRun is a run with a flight recorder of two streams.
func recordedRun(t *testing.T, m *memory, phases string) (*results.Document, []results.Flight) {
	t.Helper()
	var flights *Runner
	d := runMemory(t, m, hook+"load: {connections: 6, reconnect: chromium, flight_recorder: {streams: 2, size: 600B}, phases: [{ramp: at_once}, "+phases+"]}\n",
		func(r *Runner) { flights = r })
	return d, flights.Flights
}

// reads joins what was kept of a stream.
func reads(f *results.Flight) string {
	var b bytes.Buffer
	for _, e := range f.Entries {
		b.Write(e.Read)
	}
	return b.String()
}

func TestTheStreamsThatLostMostAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			if first, n := uint64(10), uint64(s.client); ev.Seq >= first && ev.Seq < first+n { // client n loses n events
				return "", 0
			}
			return frame(ev), time.Millisecond
		}
		_, flights := recordedRun(t, m, "{hold: 4s}")
		if len(flights) != 2 || flights[0].Client != 5 || flights[0].Lost != 5 || flights[1].Client != 4 || flights[1].Lost != 4 || flights[0].Topic != "t0" {
			t.Fatalf("%+v", flights)
		}
		f := &flights[0]
		if text := reads(f); !strings.HasPrefix(text, "id: ") || !strings.HasSuffix(text, "\n\n") || len(text) > 600 || f.Forgotten == 0 {
			t.Errorf("%d bytes forgotten, kept %q", f.Forgotten, text)
		}
	})
}

func TestARecordingShowsTheReadTheDropAndTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
			if s.client == 3 && (ev.Seq == 5 || ev.Seq > 7 && ev.Seq < 38) { // so little that all of it is kept
				return "", 0
			}
			return frame(ev), time.Millisecond
		}
		m.publish = func(ev *Event) error {
			if ev.Seq == 7 {
				for _, s := range m.all() {
					if s.client == 3 {
						m.wait.Go(func() {
							s.end(Ending{At: time.Now(), Token: "body_truncated", Message: "the server closed the connection without the last chunk"})
						})
					}
				}
			}
			return nil
		}
		_, flights := recordedRun(t, m, "{hold: 4s}")
		var f *results.Flight
		if i := slices.IndexFunc(flights, func(f results.Flight) bool { return f.Client == 3 }); i >= 0 {
			f = &flights[i]
		} else {
			t.Fatalf("%+v", flights)
		}
		var got []string
		for _, e := range f.Entries {
			switch {
			case len(e.Read) > 0:
				id, _, _ := strings.Cut(string(e.Read), "\n")
				got = append(got, id)
			case e.Status > 0:
				got = append(got, http.StatusText(e.Status)+" after "+*e.LastEventID)
			case e.Ended != "":
				got = append(got, e.Ended)
			default:
				got = append(got, e.Note)
			}
		}
		want := []string{
			"id: 6", "sequences 5 to 5 have not come before this read's", "body_truncated", "OK after 6", "id: 38",
			"sequences 7 to 37 have not come before this read's", "id: 39", "id: 40",
		}
		if !slices.Equal(got, want) || f.Failures != 1 || f.LongestNS < int64(3*time.Second) {
			t.Errorf("got %q, %+v", got, f)
		}
	})
}

func TestARunWithoutTroubleRecordsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, flights := recordedRun(t, newMemory(), "{hold: 1s}"); len(flights) != 0 {
			t.Errorf("%+v", flights)
		}
	})
}

func TestSecretsAreMaskedAlsoBetweenReads(t *testing.T) {
	var known Redactor
	known.Add("hunter2-long")
	read := func(s string) results.FlightEntry { return results.FlightEntry{Read: []byte(s)} }
	entries := []results.FlightEntry{
		read("er2-long\n\n"), // its beginning is no longer kept
		{Ended: "eof"},
		{Status: 200, Header: map[string][]string{"X-Echo": {"is hunter2-long"}}, LastEventID: new("hunter2-long")},
		read("data: a\n\ndata: hun"),
		{Note: "odd"},
		read("t"), read("er2-long and more\n\n"), read("data: hunter2-long\n\n"), read("hunter2"),
		{Ended: "reset", Message: "hunter2-long said no"},
		{Status: 200, Header: map[string][]string{}},
		read("hunt"), read("er3"),
		{Ended: "eof"},
	}
	got := redactEntries(entries, &known)
	var text []string
	for _, e := range got {
		text = append(text, string(e.Read)+e.Note+e.Message)
	}
	want := []string{
		"***\n\n", "", "", "data: a\n\ndata: ***", "odd", " and more\n\n", "data: ***\n\n", "***", "*** said no", "", "hunt", "er3", "",
	}
	if !slices.Equal(text, want) {
		t.Errorf("got  %q\nwant %q", text, want)
	}
	if got[2].Header["X-Echo"][0] != "is ***" || *got[2].LastEventID != "***" {
		t.Errorf("got %+v", got[2])
	}
}

func TestWhatFailedToBePublishedIsNoReasonToRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publish = func(ev *Event) error {
			if ev.Seq == 12 {
				return &Failure{"hook_failed", "no"}
			}
			return nil
		}
		if _, flights := recordedRun(t, m, "{hold: 2s}"); len(flights) != 0 {
			t.Errorf("%+v", flights)
		}
	})
}
