package reference

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestParseFaults(t *testing.T) {
	f, err := ParseFaults("drop=10, delay=50ms,renumber")
	if err != nil || f.Drop != 10 || f.Delay != 50*time.Millisecond || !f.Renumber {
		t.Fatalf("%+v %v", f, err)
	}
	if got := f.String(); got != "drop=10,renumber,delay=50ms" {
		t.Fatalf("text %q", got)
	}
	if err := f.Set("drop=0,renumber=off,delay=0"); err != nil || f != (Faults{}) {
		t.Fatalf("%+v %v", f, err)
	}
	for _, bad := range []string{"dorp=1", "drop", "drop=-1", "delay=5", "renumber=1"} {
		if f, err := ParseFaults(bad); err == nil {
			t.Errorf("%q: read as %v", bad, f)
		}
	}
}

// TestFaultsOfEvents publishes ten events to two subscribers and looks at what
// came, and at what the server says that it did.
func TestFaultsOfEvents(t *testing.T) {
	var correct []string
	for i := 1; i <= 10; i++ {
		correct = append(correct, numbered(i, fmt.Sprintf(`{"k":"v%d"}`, i)))
	}
	without := func(skip ...int) []string {
		var out []string
		for i, b := range correct {
			keep := true
			for _, s := range skip {
				keep = keep && s != i+1
			}
			if keep {
				out = append(out, b)
			}
		}
		return out
	}
	order := func(nos ...int) []string {
		var out []string
		for _, n := range nos {
			out = append(out, correct[n-1])
		}
		return out
	}
	changed := func(from, to string, nos ...int) []string {
		out := append([]string(nil), correct...)
		for _, n := range nos {
			out[n-1] = strings.Replace(out[n-1], from, to, 1)
		}
		return out
	}
	renumbered := without(4, 8)
	for i := range renumbered {
		_, rest, _ := strings.Cut(renumbered[i], "|")
		renumbered[i] = fmt.Sprintf("id: %d|%s", i+1, rest)
	}
	tests := []struct {
		faults string
		want   []string
		done   map[string]uint64 // for two subscribers
	}{
		{"drop=4", without(4, 8), map[string]uint64{"drop": 4}},
		{"duplicate=5", order(1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10), map[string]uint64{"duplicate": 4}},
		{"reorder=3", order(1, 2, 4, 3, 5, 7, 6, 8, 10, 9), map[string]uint64{"reorder": 6}},
		{"reorder=5", order(1, 2, 3, 4, 6, 5, 7, 8, 9, 10), map[string]uint64{"reorder": 2}},
		{"corrupt=5", append(changed("v5", "v6", 5)[:9], strings.Replace(correct[9], "v10", "v11", 1)), map[string]uint64{"corrupt": 4}},
		{"corrupt-front=5", changed("k", "l", 5, 10), map[string]uint64{"corrupt-front": 4}},
		{"drop=4,renumber", renumbered, map[string]uint64{"drop": 4, "renumber": 10}},
		{"delay=20ms", correct, map[string]uint64{"delay": 20}},
		{"jitter=5ms,delay=1ms", correct, map[string]uint64{"delay": 20, "jitter": 20}},
	}
	for _, tt := range tests {
		t.Run(tt.faults, func(t *testing.T) {
			eachDialect(t, func(t *testing.T, d dialect, c *http.Client) {
				f, err := ParseFaults(tt.faults)
				if err != nil {
					t.Fatal(err)
				}
				s := started(t, &Server{TLS: d.tls, Faults: f})
				subs := []*stream{open(t, c, s.URL()+"/events?topic=a"), open(t, c, s.URL()+"/events?topic=a")}
				start := time.Now()
				for i := 1; i <= 10; i++ {
					publishTo(t, c, s, "topic=a", fmt.Sprintf(`{"k":"v%d"}`, i))
				}
				for _, sub := range subs {
					sub.expect(tt.want...)
				}
				if took := time.Since(start); took < f.Delay {
					t.Fatalf("all was there after %v", took)
				}
				for name, n := range s.FaultsDone() {
					if n != tt.done[name] {
						t.Errorf("%s: done %d, want %d", name, n, tt.done[name])
					}
				}
			})
		})
	}
}

func TestFaultsOverAdmin(t *testing.T) {
	s := started(t, &Server{Token: "secret"})
	c := http.DefaultClient
	defer c.CloseIdleConnections()
	auth := []string{"Authorization", "Bearer secret"}
	url := s.URL() + "/admin/faults"
	show := func(method, body string) map[string]faultState {
		t.Helper()
		status, text := ask(t, c, method, url, body, auth...)
		all := map[string]faultState{}
		if err := json.Unmarshal([]byte(text), &all); err != nil || status != 200 || len(all) != int(faultCount) {
			t.Fatalf("%s %q: %d %s", method, body, status, text)
		}
		return all
	}
	sub := open(t, c, s.URL()+"/events?topic=a")
	publishTo(t, c, s, "topic=a", "1")
	show("PUT", "drop=2")
	publishTo(t, c, s, "topic=a", "2")
	publishTo(t, c, s, "topic=a", "3")
	if all := show("POST", "duplicate=1,delay=1ms"); all["drop"] != (faultState{"2", 2, 1}) || all["duplicate"].N != 1 || all["delay"].Value != "1ms" {
		t.Fatalf("%+v", all)
	}
	if all := show("PUT", ""); all["drop"] != (faultState{"", 0, 1}) {
		t.Fatalf("%+v", all["drop"])
	}
	show("POST", "drop=1")
	show("DELETE", "")
	publishTo(t, c, s, "topic=a", "4")
	sub.expect(numbered(1, "1"), numbered(3, "3"), numbered(4, "4"))
	status, body := ask(t, c, "PUT", url, "dorp=1", auth...)
	refused(t, status, body, 400, "fault")
}
