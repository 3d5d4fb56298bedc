package loadgen

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"testing"
)

// mouth is a stream that notes who speaks.
type mouth struct {
	name  string
	said  *[]string
	err   error
	asked *Request
}

func (m *mouth) Cut(Cut) {}

func (m *mouth) Send([]byte) error {
	*m.said = append(*m.said, m.name)
	return m.err
}

func (m *mouth) Post(_ context.Context, r *Request) (*Answer, error) {
	*m.said = append(*m.said, m.name)
	m.asked = r
	return &Answer{Status: http.StatusAccepted}, m.err
}

// newMouths gives the senders of a run with two topics, and a subscription of the first for each name.
func newMouths(said *[]string, names ...string) (*senders, []*subscription) {
	r := &run{topics: []*topic{{name: "a"}, {name: "b"}}}
	d := newSenders(r)
	var all []*subscription
	for _, name := range names {
		s := &subscription{place: &place{run: r, lane: new(Lane), topic: r.topics[0]}, stream: &mouth{name: name, said: said}}
		s.client.Request = new(Request)
		all = append(all, s)
	}
	return d, all
}

func TestSendersTakeTurns(t *testing.T) {
	var said []string
	d, all := newMouths(&said, "1", "2", "3", "slow")
	all[3].special |= slow
	want := func(step string, names ...string) {
		t.Helper()
		said = nil
		for range names {
			if err := d.Send("a", nil); err != nil {
				t.Fatalf("%s: %v", step, err)
			}
		}
		if !slices.Equal(said, names) {
			t.Errorf("%s: %v, want %v", step, said, names)
		}
	}
	nobody := func(step, topic string) {
		t.Helper()
		_, err := d.Post(t.Context(), topic, new(Request))
		for _, err := range []error{d.Send(topic, nil), err} {
			if f, ok := errors.AsType[*Failure](err); !ok || f.Token != TokenNoSubscriber {
				t.Errorf("%s: %v", step, err)
			}
		}
	}
	nobody("before the first", "a")
	for _, s := range all {
		d.enter(s)
		d.enter(s) // as a poller that failed in between may
	}
	want("all", "1", "2", "3", "1")
	d.leave(all[1])
	d.leave(all[1])
	want("without 2", "3", "1", "3", "1")
	d.enter(all[1])
	want("2 is back", "3", "2", "1", "3")
	nobody("the other topic", "b")
	for _, s := range all {
		d.leave(s)
	}
	nobody("after the last", "a")
	var none *senders
	none.enter(all[0])
	none.leave(all[0])
}

// Who leaves by plan first waits for the answer to his own.
func TestNobodyLeavesInTheMiddleOfACall(t *testing.T) {
	var said []string
	d, all := newMouths(&said, "1")
	d.enter(all[0])
	s, _ := d.topics["a"].turn()
	if s != all[0] || d.part(s) {
		t.Error("he left in the middle")
	}
	d.topics["a"].done(s)
	if !d.part(s) {
		t.Error("he stays after it")
	}
	if s, _ := d.topics["a"].turn(); s != nil {
		t.Error("he had a turn after he left")
	}
}

// A stream that ended at that moment is passed over, as long as there is another; all other failures are the call's.
func TestSendersPassOverWhatIsNotOpen(t *testing.T) {
	var said []string
	d, all := newMouths(&said, "1", "2")
	for _, s := range all {
		d.enter(s)
	}
	closed := &Failure{TokenNotOpen, "it is not open"}
	all[0].stream.(*mouth).err = closed
	if _, err := d.Post(t.Context(), "a", new(Request)); err != nil || !slices.Equal(said, []string{"1", "2"}) {
		t.Errorf("%v said, %v", said, err)
	}
	all[1].stream.(*mouth).err = closed
	said = nil
	if err := d.Send("a", nil); err != closed || len(said) != 2 {
		t.Errorf("%v said, %v", said, err)
	}
	broken := &Failure{"reset", "it was reset"}
	all[0].stream.(*mouth).err, all[1].stream.(*mouth).err = broken, broken
	said = nil
	if err := d.Send("a", nil); err != broken || len(said) != 1 {
		t.Errorf("%v said, %v", said, err)
	}
}

func TestPostsHaveTheSubscribersCookies(t *testing.T) {
	var said []string
	d, all := newMouths(&said, "1")
	d.enter(all[0])
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	all[0].client.Request.Jar = jar
	r := &Request{Method: "PUT"}
	if _, err := d.Post(t.Context(), "a", r); err != nil {
		t.Fatal(err)
	}
	if got := all[0].stream.(*mouth).asked; got.Jar != jar || got.Method != "PUT" || r.Jar != nil {
		t.Errorf("asked %+v for %+v", got, r)
	}
}
