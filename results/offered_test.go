package results

import (
	"slices"
	"strings"
	"testing"
)

func TestALoadThatWasNotOfferedIsInconclusive(t *testing.T) {
	for name, tt := range map[string]struct {
		unsent             int64
		latency, from, lag int64 // ms
		stall              *Stall
		tolerant           bool // no threshold is crossed
		inconclusive       string
		warned             bool
	}{
		"all was sent":                  {latency: 5, from: 5},
		"most was not":                  {unsent: 123, latency: 4000, from: 300, inconclusive: "123 of 150 events that were due were never sent"},
		"the last one was not":          {unsent: 1, latency: 5, from: 5, inconclusive: "1 of 150 events that were due were never sent"},
		"all was sent, late":            {latency: 400, from: 30, warned: true},
		"by a late generator":           {latency: 400, from: 30, lag: 360},
		"a little late":                 {latency: 9, from: 1},
		"the server stood to the end":   {unsent: 50, latency: 5, from: 5, stall: &Stall{AtNS: 1e9, LengthNS: 9e9, Streams: 40, Of: 40, ToTheEnd: true, ShortestNS: 2e9}},
		"nobody judges that it stood":   {unsent: 50, latency: 5, from: 5, tolerant: true, stall: &Stall{AtNS: 1e9, LengthNS: 9e9, Streams: 40, Of: 40, ToTheEnd: true, ShortestNS: 2e9}, inconclusive: "50 of 150 events"},
		"it stood still, and caught up": {unsent: 50, latency: 5, from: 5, stall: &Stall{AtNS: 1e9, LengthNS: 9e9, ShortestNS: 2e9}, inconclusive: "50 of 150 events"},
	} {
		run := sampleRun()
		run[3].with(2, func(v *Values) {
			v.histograms[FanoutLatency], v.histograms[FanoutFromSend], v.histograms[GeneratorScheduleLag] = nil, nil, nil
			v.Add(PublishDue, 150)
			v.Add(PublishCount, 150-tt.unsent)
			v.Add(PublishUnsent, tt.unsent)
			for range 5000 {
				v.Record(FanoutLatency, tt.latency*1e6)
				v.Record(FanoutFromSend, tt.from*1e6)
				v.Record(GeneratorScheduleLag, tt.lag*1e6)
			}
		})
		run[5].End = &End{Stall: tt.stall}
		h := sampleHeader()
		if !tt.tolerant {
			h.Defaults = append(h.Defaults, "deliveries.stalled == 0")
		}
		d := mustFold(t, h, run)
		at := slices.IndexFunc(d.Verdict.Inconclusive, func(w Warning) bool { return w.Token == "load_not_offered" })
		if (at >= 0) != (tt.inconclusive != "") || at >= 0 && (!strings.Contains(d.Verdict.Inconclusive[at].Message, tt.inconclusive) ||
			!strings.Contains(d.Verdict.Inconclusive[at].Message, "publish.concurrent: true")) {
			t.Errorf("%s: %v", name, d.Verdict.Inconclusive)
		}
		if warned := slices.ContainsFunc(d.Warnings, func(w Warning) bool { return w.Token == "publish_waited" }); warned != tt.warned {
			t.Errorf("%s: %v", name, d.Warnings)
		}
	}
}

func TestAStallCountsWhereItIsLongerThanWhatIsUsual(t *testing.T) {
	for name, tt := range map[string]struct {
		stall    Stall
		id       ID
		usual    int64 // ms
		want     float64
		toTheEnd string
	}{
		"longer":                         {Stall{LengthNS: 5e9, ShortestNS: 2e9}, FanoutFromSend, 5, 5e9, ""},
		"shorter":                        {Stall{LengthNS: 1.9e9, ShortestNS: 2e9}, FanoutFromSend, 5, 0, ""},
		"none":                           {Stall{ShortestNS: 2e9}, FanoutFromSend, 5, 0, ""},
		"all is that late":               {Stall{LengthNS: 5e9, ShortestNS: 2e9}, FanoutFromSend, 1700, 0, ""},
		"a hook that takes so long":      {Stall{LengthNS: 5e9, ShortestNS: 2e9}, PublishDuration, 1700, 0, ""},
		"the rhythm of a server's own":   {Stall{LengthNS: 5e9, ShortestNS: 2e9, Paced: true}, EventsInterval, 1700, 0, ""},
		"a rhythm that nobody asked for": {Stall{LengthNS: 5e9, ShortestNS: 2e9}, EventsInterval, 1700, 5e9, ""},
	} {
		run := sampleRun()
		for _, i := range run {
			for _, p := range i.Phases {
				p.Values.histograms[tt.id] = nil
			}
		}
		run[3].with(2, func(v *Values) {
			for range 5000 {
				v.Record(tt.id, tt.usual*1e6)
			}
		})
		run[5].End = &End{Stall: &tt.stall}
		d := mustFold(t, sampleHeader(), run)
		if got := d.Metrics[DeliveriesStalled.String()].Value; got == nil || *got != tt.want || (d.Run.Stall != nil) != (tt.want > 0) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
