package results

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

var metricName = regexp.MustCompile(`^[a-z]+\.[a-z0-9]+(_[a-z0-9]+)*$`)

func TestCatalogueIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for id := range NumMetrics {
		m := Catalogue[id]
		if !metricName.MatchString(m.Name) || seen[m.Name] {
			t.Errorf("metric %d has the name %q", id, m.Name)
		}
		seen[m.Name] = true
		if m.Kind == "" || m.Unit == "" || m.Meaning == "" || m.Kind == KindHistogram && m.Unit != UnitNanoseconds {
			t.Errorf("%s: %+v", m.Name, m)
		}
		if found, ok := Lookup(m.Name); !ok || found != id {
			t.Errorf("%s is found as %d", m.Name, found)
		}
	}
}

// The names are a contract with thresholds and scripts of other people: a metric may come, and none may go or change its kind
// or unit. A new one is added to the file.
func TestNamesOfMetricsStay(t *testing.T) {
	contract, err := os.ReadFile("testdata/metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	var now bytes.Buffer
	for _, m := range Catalogue {
		now.WriteString(m.Name + " " + string(m.Kind) + " " + string(m.Unit) + "\n")
	}
	for _, line := range strings.SplitAfter(string(contract), "\n") {
		if !strings.Contains("\n"+now.String(), "\n"+line) {
			t.Errorf("gone or changed: %s", line)
		}
	}
	if strings.Count(string(contract), "\n") != int(NumMetrics) {
		t.Errorf("testdata/metrics.txt lists %d metrics, the catalogue %d", strings.Count(string(contract), "\n"), NumMetrics)
	}
}

func TestDescriptionOfTheCatalogue(t *testing.T) {
	var b bytes.Buffer
	if err := DescribeCatalogue(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != int(NumMetrics)+2 {
		t.Fatalf("%d lines for %d metrics", len(lines), NumMetrics)
	}
	const want = "| `connections.failed` | counter | 1 | lower | attempts that failed, also by token |"
	if got := lines[2+int(ConnectionsFailed)]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, line := range lines {
		if strings.Count(line, "|") != 6 {
			t.Errorf("not five cells: %s", line)
		}
	}
}
