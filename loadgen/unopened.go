package loadgen

import "fmt"

// nothingOpened says why no stream opened, and what to do about it.
func (r *run) nothingOpened() string {
	token, top := r.refused.most()
	url := ShowURL(r.subscriptions[0].client.Request.URL)
	switch n := r.unanswered.Load(); {
	case n > top.count:
		return fmt.Sprintf("no stream opened: %d connections were accepted and their requests sent, and no response header came from %s; "+
			"a proxy that buffers holds the header back until the answer is complete (turn its buffering off), "+
			"or the server sends its header only with the first event (flush it as soon as a stream begins)", n, url)
	case top.count > 0:
		return fmt.Sprintf("no stream opened: %d attempts ended with %s (%s)", top.count, token, top.message)
	}
	return fmt.Sprintf("no stream opened: no connection to %s was established in time; look for a firewall that drops packets, or for a full backlog", url)
}
