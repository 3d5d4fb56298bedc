package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"ssebench/loadgen/host/hosttest"
	"ssebench/loadgen/sse/ssetest"
)

// heard is what a client made of a subscription, as far as a page can see it.
type heard struct {
	Events []ssetest.Outcome
	// Back says whether the client came back, or would have, after the first stream: a page sees CONNECTING, and not CLOSED.
	Back bool
}

// chromiumPage subscribes to everything at once. An EventSource is left when it is closed for good, or, where its stream asks for hours
// of waiting, when the stream has ended and all others are closed.
const chromiumPage = `<!doctype html><title>EventSource</title><script>
async function subscribe(names, urls, types, patient) {
	const all = names.map((name, i) => {
		const source = new EventSource(urls[i])
		const heard = {name, events: [], states: []}
		for (const type of types) {
			source.addEventListener(type, e => {
				if (e instanceof MessageEvent) heard.events.push({type: e.type, data: e.data, id: e.lastEventId})
			})
		}
		const left = new Promise(resolve => source.addEventListener('error', e => {
			if (e instanceof MessageEvent) return
			heard.states.push(source.readyState)
			if (patient.includes(name) || source.readyState == EventSource.CLOSED) resolve()
		}))
		return {source, heard, left}
	})
	await Promise.all(all.map(s => s.left))
	for (const s of all) s.source.close()
	return all.map(s => s.heard)
}
</script>`

// longWait is a reconnection time that this test does not wait for, in milliseconds.
const longWait = 10_000

// TestChromiumHearsTheSame subscribes a real Chromium and listen to the same streams. What they hear must be equal, event for event;
// where it is not, the difference must be one that deviations explains, and listen must be on the standard's side.
func TestChromiumHearsTheSame(t *testing.T) {
	long(t)
	hosttest.Program(t, "chromium", "chromium") // which goroutines open
	vectors := loadVectors(t)
	subscriptions := slices.Clone(answersRightAndWrong)
	standard := map[string]*heard{} // what the vectors say
	types := map[string]bool{"message": true, "open": true, "error": true}
	var patient []string
	for _, v := range vectors {
		s := &subscription{name: v.Name, answers: []reply{{body: v.In}}}
		if v.Last != "" {
			s.answers = []reply{{body: "retry: 20\nid: " + v.Last + "\n\n"}, {body: v.In}}
		}
		subscriptions = append(subscriptions, s)
		for line := range strings.FieldsFuncSeq(v.In, func(r rune) bool { return r == '\n' || r == '\r' }) {
			if kind, ok := strings.CutPrefix(line, "event:"); ok { // also what the vector does not expect to be heard
				types[text([]byte(strings.TrimPrefix(kind, " ")))] = true
			}
		}
		want := &heard{Back: true}
		retry := int64(0)
		for _, o := range shown(v.Out) {
			switch o.Kind {
			case "event":
				want.Events = append(want.Events, o)
				types[o.Type] = true
			case "retry":
				retry = o.Millis
			}
		}
		if v.Limit == 0 { // browsers know no limit
			standard[v.Name] = want
		}
		if retry > longWait {
			patient = append(patient, v.Name)
		}
	}
	server := newVectorServer(t, chromiumPage, subscriptions)
	var wait sync.WaitGroup
	ours, delays := map[string]*heard{}, map[string]int64{}
	var mu sync.Mutex
	for _, s := range subscriptions {
		wait.Go(func() {
			h, delay := listenTo(t, server, s, slices.Contains(patient, s.name))
			mu.Lock()
			defer mu.Unlock()
			ours[s.name], delays[s.name] = h, delay
		})
	}
	theirs := browse(t, server, subscriptions, types, patient)
	wait.Wait()

	explained := map[string]bool{}
	differ := func(name, aspect, format string, args ...any) {
		t.Helper()
		reason, ok := deviations[name+": "+aspect]
		if !ok {
			t.Errorf("%s: %s: %s", name, aspect, fmt.Sprintf(format, args...))
			return
		}
		explained[name+": "+aspect] = true
		t.Logf("%s: %s: a known difference: %s", name, aspect, reason)
	}
	for _, s := range subscriptions {
		our, their := ours[s.name], theirs[s.name]
		if our == nil || their == nil {
			t.Errorf("%s: listen %v, Chromium %v", s.name, our, their)
			continue
		}
		if want := standard[s.name]; want != nil && !reflect.DeepEqual(our, want) {
			t.Errorf("%s: listen heard\n%+v\nthe standard wants\n%+v", s.name, *our, *want)
		}
		if !reflect.DeepEqual(our.Events, their.Events) {
			differ(s.name, "events", "listen heard\n%+v\nChromium\n%+v", our.Events, their.Events)
		}
		if our.Back != their.Back {
			differ(s.name, "outcome", "listen comes back: %t, Chromium: %t", our.Back, their.Back)
		}
		compareHeaders(s, server, differ)
		compareReturns(s, server, delays[s.name], differ)
	}
	for what := range deviations {
		if !explained[what] {
			t.Logf("no difference any more: %s", what)
		}
	}
	t.Logf("%d subscriptions, %d of them vectors; %d differences, all explained", len(subscriptions), len(vectors), len(explained))
}

// compareHeaders compares what both sent of the fields that say what is asked for, and by whom but for the numbers of the version.
func compareHeaders(s *subscription, server *vectorServer, differ func(name, aspect, format string, args ...any)) {
	ours, theirs := server.requests("listen", s.name), server.requests("chromium", s.name)
	if len(ours) == 0 || len(theirs) == 0 {
		differ(s.name, "requests", "listen sent %d, Chromium %d", len(ours), len(theirs))
		return
	}
	for _, name := range []string{"Accept", "Cache-Control", "Pragma", "User-Agent"} {
		our, their := ours[0].header[name], theirs[0].header[name]
		if name == "User-Agent" {
			our, their = versionless(our), versionless(their)
		}
		if !slices.Equal(our, their) {
			differ(s.name, name, "listen sent %q, Chromium %q", our, their)
		}
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// versionless is who somebody is, without versions, and with a window.
func versionless(agents []string) (plain []string) {
	for _, agent := range agents {
		plain = append(plain, digits.ReplaceAllString(strings.ReplaceAll(agent, "HeadlessChrome", "Chrome"), "N"))
	}
	return plain
}

// compareReturns compares when and how both came back after the last stream of a subscription. delay is what listen said that it
// waits, in milliseconds.
func compareReturns(s *subscription, server *vectorServer, delay int64, differ func(name, aspect, format string, args ...any)) {
	ours, theirs := server.requests("listen", s.name), server.requests("chromium", s.name)
	n := len(s.answers)
	if delay > longWait {
		if len(theirs) != n {
			differ(s.name, "reconnection time", "Chromium sent %d requests, though %d ms have not passed", len(theirs), delay)
		}
		return
	}
	if len(ours) <= n || len(theirs) <= n {
		if len(ours) != len(theirs) {
			differ(s.name, "requests", "listen sent %d, Chromium %d", len(ours), len(theirs))
		}
		return
	}
	if ours[n].lastEventID != theirs[n].lastEventID {
		differ(s.name, "last event ID", "listen sent %q, Chromium %q", ours[n].lastEventID, theirs[n].lastEventID)
	}
	const chromiumWaits = 3000
	waited := theirs[n].began.Sub(theirs[n-1].ended).Milliseconds()
	if delay >= chromiumWaits && waited < delay-1 || delay < chromiumWaits && waited >= chromiumWaits-1 {
		differ(s.name, "reconnection time", "listen waits %d ms, Chromium waited %d ms", delay, waited)
	}
}

// listenTo runs listen --json as Chromium would behave. Where that would wait for hours, it does not come back.
func listenTo(t *testing.T, server *vectorServer, s *subscription, patient bool) (h *heard, delay int64) {
	args := []string{"listen", "--json", "--profile", "chromium", server.url("listen", s)}
	if patient {
		args = append(args, "--no-reconnect")
	}
	var out, failures strings.Builder
	if code := run(t.Context(), args, nil, &out, &failures); code != 0 && code != exitFailed {
		t.Errorf("%s: exit code %d: %s", s.name, code, failures.String())
	}
	h = &heard{Back: patient}
	for line := range strings.Lines(out.String()) {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Errorf("%s: %v in %s", s.name, err, line)
			return nil, 0
		}
		switch {
		case o.Event != nil:
			h.Events = append(h.Events, ssetest.Outcome{Kind: "event", Type: o.Event.Type, Data: o.Event.Data, ID: o.Event.ID})
		case o.Reconnect != nil:
			h.Back, delay = true, o.Reconnect.Delay
		case o.End != nil && patient:
			delay = *o.End.Retry
		}
	}
	return h, delay
}

// openChromium starts a browser without a window that ends with the test.
func openChromium(t *testing.T, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	long(t)
	program := hosttest.Program(t, "chromium", "chromium")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 50*time.Second)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true)), options...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// browse opens the page and gives what it heard.
func browse(t *testing.T, server *vectorServer, subscriptions []*subscription, types map[string]bool, patient []string) map[string]*heard {
	t.Helper()
	ctx := openChromium(t)
	var names, urls, kinds []string
	for _, s := range subscriptions {
		names, urls = append(names, s.name), append(urls, server.url("chromium", s))
	}
	for kind := range types {
		kinds = append(kinds, kind)
	}
	arguments, err := json.Marshal([][]string{names, urls, kinds, patient})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	dispatched := 0 // events that the browser itself tells of, whether somebody listens or not
	err = chromedp.Listen(ctx, func(ev any) {
		if _, ok := ev.(*network.EventEventSourceMessageReceived); ok {
			mu.Lock()
			dispatched++
			mu.Unlock()
		}
	})
	if err == nil {
		_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	}
	if err == nil {
		err = chromedp.Do(ctx, chromedp.Navigate(server.URL+"/"))
	}
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	all, err := chromedp.Run(ctx, chromedp.Evaluate[[]struct {
		Name   string
		Events []struct{ Type, Data, ID string }
		States []int
	}]("subscribe(..."+string(arguments)+")", chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	total, by := 0, map[string]*heard{}
	for _, s := range all {
		const connecting = 0
		h := &heard{Back: s.States[0] == connecting}
		for _, e := range s.Events {
			h.Events = append(h.Events, ssetest.Outcome{Kind: "event", Type: e.Type, Data: e.Data, ID: e.ID})
		}
		by[s.Name] = h
		total += len(h.Events)
	}
	mu.Lock()
	defer mu.Unlock()
	if dispatched != total {
		t.Errorf("Chromium dispatched %d events, of which the page heard %d", dispatched, total)
	}
	return by
}
