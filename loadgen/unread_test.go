package loadgen

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ssebench/loadgen/stamp"
	"ssebench/results"
)

// disguises are what servers make of a payload.
var disguises = map[string]func(payload string) string{
	"in base64": func(p string) string { return base64.StdEncoding.EncodeToString([]byte(p)) },
	"in base64 for URLs, in JSON": func(p string) string {
		return `{"kind":"update","body":"` + base64.RawURLEncoding.EncodeToString([]byte("?>"+p)) + `"}`
	},
	"in base64, in lines": func(p string) string {
		return wrap(base64.StdEncoding.EncodeToString([]byte(p)), 76)
	},
	"in upper case": strings.ToUpper,
	"broken by white space": func(p string) string {
		return wrap(p, 40)
	},
	"in hexadecimal": func(p string) string { return hex.EncodeToString([]byte(p)) },
	"compressed": func(p string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(p))
		_ = w.Close()
		return `{"z":"` + base64.StdEncoding.EncodeToString(b.Bytes()) + `"}`
	},
	"compressed, in base64": func(p string) string {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write([]byte(p))
		_ = w.Close()
		return base64.StdEncoding.EncodeToString(b.Bytes())
	},
	"damaged": func(p string) string { return strings.Replace(p, "ssb1.", "ssb1.zz", 1) },
}

func wrap(s string, columns int) string {
	var lines []string
	for len(s) > columns {
		lines, s = append(lines, s[:columns]), s[columns:]
	}
	return strings.Join(append(lines, s), "\n")
}

func TestHiddenMarksAreFound(t *testing.T) {
	payload := string(stamp.Append(nil, &stamp.Mark{Run: 123456, Seq: 7, Due: 1767225600123456789, Sent: 1767225600123999999}, 160))
	for name, disguise := range disguises {
		want, _, _ := strings.Cut(name, ",")
		want, _, _ = strings.Cut(want, " for")
		if got := hidden([]byte(disguise(payload))); !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, innocent := range []string{"", "hello", `{"type":"welcome","id":"` + strings.Repeat("abcd1234", 20) + `"}`, strings.Repeat("\x00\xff", 500)} {
		if got := hidden([]byte(innocent)); got != "" {
			t.Errorf("%q: %q", innocent, got)
		}
	}
}

func warning(d *results.Document, token string) string {
	for _, w := range d.Warnings {
		if w.Token == token {
			return w.Message
		}
	}
	return ""
}

func TestWhatComesInAnotherFormIsSaidToHaveCome(t *testing.T) {
	for name, disguise := range disguises {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				greeted := make(map[int]bool)
				m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) {
					greeting := ""
					if !greeted[s.client] {
						greeted[s.client], greeting = true, "data: hello\n\n"
					}
					return greeting + "data: " + strings.ReplaceAll(disguise(string(ev.Payload)), "\n", "\ndata: ") + "\n\n", time.Millisecond
				}
				d := runMemory(t, m, hook+"load: {connections: 2, phases: [{ramp: at_once}, {hold: 1s}]}\n")
				wantCounters(t, d, map[string]float64{"deliveries.lost": 20, "deliveries.unreadable": 22, "deliveries.received": 0})
				w := warning(d, "unreadable")
				if !strings.HasPrefix(w, "22 events came with no mark that could be read, so they count as lost; the first is ") ||
					!strings.Contains(w, "its mark is ") || !strings.Contains(w, "publish.sequence") {
					t.Errorf("warnings %v", d.Warnings)
				}
				if warning(d, "nothing_arrived") != "" {
					t.Error("events did arrive")
				}
			})
		})
	}
}

// What a server sends beside the events is counted, and no fault.
func TestAGreetingIsNoFault(t *testing.T) {
	for name, lose := range map[string]bool{"nothing is lost": false, "something else is lost": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.deliver = func(_ *memoryStream, ev *Event) (string, time.Duration) {
					if lose && ev.Seq == 5 {
						return "", 0
					}
					return "data: it is noon\n\n" + frame(ev), time.Millisecond
				}
				d := runMemory(t, m, hook+"load: {connections: 2, phases: [{ramp: at_once}, {hold: 1s}]}\n")
				if *d.Metrics["deliveries.unreadable"].Value < 18 || warning(d, "unreadable") != "" || warning(d, "nothing_arrived") != "" {
					t.Errorf("warnings %v", d.Warnings)
				}
			})
		})
	}
}

func TestNothingArrivedThoughTheHookWasContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deliver = func(*memoryStream, *Event) (string, time.Duration) { return "", 0 }
		m.publish = func(ev *Event) error { ev.Answer = `{"delivered_to":0}`; return nil }
		d := runMemory(t, m, hook+"load: {connections: 2, phases: [{ramp: at_once}, {hold: 1s}]}\n")
		wantCounters(t, d, map[string]float64{"deliveries.lost": 20, "deliveries.unreadable": 0})
		if w := warning(d, "nothing_arrived"); w != `no event arrived anywhere although 10 hook calls succeeded: do publish.hook and target name the same topic, and does the hook's answer say otherwise? It begins "{\"delivered_to\":0}"` {
			t.Errorf("warnings %v", d.Warnings)
		}
	})
}

func TestUnexpectedReceiptsSayWhatTheyAre(t *testing.T) {
	for token, tt := range map[string]struct {
		load    string
		deliver func(s *memoryStream, ev *Event) string
		n       float64
	}{
		"topic":       {"topics: 2, ", func(_ *memoryStream, ev *Event) string { return frame(ev) }, 20},
		"run":         {"", func(_ *memoryStream, ev *Event) string { return "data: " + ofAnotherRun(ev) + "\n\n" + frame(ev) }, 40},
		"unpublished": {"", func(_ *memoryStream, ev *Event) string { return "data: " + notYet(ev) + "\n\n" + frame(ev) }, 40},
	} {
		t.Run(token, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.deliver = func(s *memoryStream, ev *Event) (string, time.Duration) { return tt.deliver(s, ev), time.Millisecond }
				d := runMemory(t, m, hook+"load: {connections: 2, "+tt.load+"phases: [{ramp: at_once}, {hold: 2s}]}\n")
				wantCounters(t, d, map[string]float64{"deliveries.unexpected": tt.n, "deliveries.lost": 0})
				if by := d.Metrics["deliveries.unexpected"].By; by[token] != int64(tt.n) || warning(d, "unexpected_"+token) == "" {
					t.Errorf("%v, warnings %v", by, d.Warnings)
				}
			})
		})
	}
}

func ofAnotherRun(ev *Event) string {
	m, _, _, _ := stamp.Next(ev.Payload)
	m.Run++
	return string(stamp.Append(nil, &m, 100))
}

func notYet(ev *Event) string {
	m, _, _, _ := stamp.Next(ev.Payload)
	m.Seq += 1000
	return string(stamp.Append(nil, &m, 100))
}

func TestObservedEventsWithoutATime(t *testing.T) {
	for name, tt := range map[string]struct {
		data func(n int) string
		want string
	}{
		"none has one": {func(int) string { return `{"at":"soon"}` }, `10 events hold no time where observe.time says, JSON pointer /t in unit ms; the first is "{\"at\":\"soon\"}"`},
		"some have": {func(n int) string {
			if n == 3 {
				return "tick"
			}
			return fmt.Sprintf(`{"t":%d}`, time.Now().UnixMilli())
		}, `2 events hold no time where observe.time says, JSON pointer /t in unit ms; the first is "tick"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				go func() {
					for n := range 5 {
						time.Sleep(200 * time.Millisecond)
						for _, s := range m.all() {
							s.write("data: " + tt.data(n) + "\n\n")
						}
					}
				}()
				d := runMemory(t, m, "observe: {time: /t, unit: ms}\nload: {connections: 2, phases: [{ramp: at_once}, {hold: 2s}]}\n")
				if got := warning(d, "observe_time"); got != tt.want {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}
