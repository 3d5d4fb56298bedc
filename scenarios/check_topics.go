package scenarios

import "slices"

// topics: with several, each subscriber has to say which is its own. Else every event of the others comes to every subscriber, and none of
// them is expected. Where an event goes, the server may take from what the hook sends.
func (c checker) topics() {
	if c.Publish == nil || len(c.Load.Topics) < 2 {
		return
	}
	if c.Target != nil && c.given("target.url") && !c.Target.namesTopic() {
		c.mistakes.add(c.source.atKey("load.topics", "there are several topics, and no subscriber says which is its own: put {{.Topic}} into target.url, its headers or what it sends, or leave topics out", ""))
	}
}

// namesTopic reports whether what a subscriber sends tells it from the subscribers of another topic.
func (t *Target) namesTopic() bool {
	return slices.ContainsFunc(t.texts(), func(text string) bool {
		p, wrong := parseTemplate(text, subscriberScope)
		return len(wrong) > 0 || len(p.fields) > 0
	})
}

// texts are the templates of what a subscriber sends.
func (t *Target) texts() []string {
	texts := []string{t.URL, t.Body}
	headers := []map[string]Values{t.Headers}
	if t.WebSocket != nil {
		texts = append(texts, t.WebSocket.Subscribe)
	}
	if l := t.Login; l != nil {
		texts, headers = append(texts, l.URL, l.Body), append(headers, l.Headers)
	}
	for _, fields := range headers {
		for _, values := range fields {
			texts = append(texts, values...)
		}
	}
	return texts
}
