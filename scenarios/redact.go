package scenarios

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

// mask is a part of a text that is not to be shown, and what stands there.
type mask struct {
	from, to int
	mask     string
}

// Redact returns the text with all known values masked, also such as the end of a quotation cut in two.
func (r *Redactor) Redact(text string) string {
	redacted, _ := r.redactAt(text, 0)
	return redacted
}

// redactAt is Redact that follows a byte of the text: where a value was masked around it, to the mask.
func (r *Redactor) redactAt(text string, at int) (redacted string, moved int) {
	masks := r.masksOf(text, false)
	if len(masks) == 0 {
		return text, at
	}
	var b strings.Builder
	end := 0
	moved = at
	for _, m := range masks {
		b.WriteString(text[end:m.from])
		switch {
		case at >= m.to:
			moved += len(m.mask) - (m.to - m.from)
		case at > m.from:
			moved = b.Len()
		}
		b.WriteString(m.mask)
		end = m.to
	}
	return b.String() + text[end:], moved
}

// RedactParts returns the parts of a text that was read in pieces, and of which the beginning and the end may be missing, with all known values
// masked. A value that several parts share is masked in the one where it begins.
func (r *Redactor) RedactParts(parts [][]byte) [][]byte {
	text := string(slices.Concat(parts...))
	masks := r.masksOf(text, true)
	if len(masks) == 0 {
		return parts
	}
	redacted := make([][]byte, len(parts))
	start, next := 0, 0 // of this part; the first mask that does not end before it
	for i, part := range parts {
		end := start + len(part)
		out, at := make([]byte, 0, len(part)), start
		for ; next < len(masks) && masks[next].from < end; next++ {
			m := masks[next]
			if m.from >= start {
				out = append(append(out, text[at:m.from]...), m.mask...)
			}
			if at = min(m.to, end); m.to > end {
				break
			}
		}
		redacted[i] = append(out, text[at:end]...)
		start = end
	}
	return redacted
}

// mostUnescaped is how many layers of escapes are looked through: our own quotes around a server's JSON in a URL are three.
const mostUnescaped = 3

// masksOf finds the known values in a text, in order and without overlaps. Of an excerpt the beginning may be missing.
func (r *Redactor) masksOf(text string, excerpt bool) []mask {
	if r == nil || len(text) < shortestSecret {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	var masks []mask
	for _, known := range []*knownValues{&r.given, &r.received, &r.earlier} {
		if len(known.values) == 0 {
			continue
		}
		masks = append(append(masks, r.search(known, text, mostUnescaped)...), cutOff(known, text, !excerpt)...)
		if excerpt {
			masks = append(masks, mask{0, known.ending(text), masked})
		}
	}
	return merge(masks)
}

// merge sorts masks, and makes one of those that overlap.
func merge(masks []mask) (merged []mask) {
	slices.SortFunc(masks, func(a, b mask) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	for _, m := range masks {
		if m.from == m.to {
			continue
		}
		if last := len(merged) - 1; last >= 0 && m.from < merged[last].to {
			merged[last].to = max(merged[last].to, m.to)
			continue
		}
		merged = append(merged, m)
	}
	return merged
}

// search finds known values in a text as it is, in what is left of it when a layer of escapes is undone, and in base64.
func (r *Redactor) search(known *knownValues, text string, layers int) []mask {
	masks := append(known.find(text, r.open), r.inBase64(known, text)...)
	if layers == 0 {
		return masks
	}
	for _, e := range escapes {
		if strings.IndexByte(text, e.start) < 0 {
			continue
		}
		plain, places := unescape(text, e)
		if plain == text {
			continue
		}
		for _, m := range r.search(known, plain, layers-1) {
			masks = append(masks, mask{places[m.from], places[m.to], m.mask})
		}
	}
	return masks
}

// cutOff finds the beginning of a known value at the end of a text, and where a quotation in it may have been cut.
func cutOff(known *knownValues, text string, quotations bool) (masks []mask) {
	for end := 0; end < len(text); end++ {
		if i := strings.IndexAny(text[end:], "\"…"); quotations && i >= 0 {
			end += i
		} else {
			end = len(text)
		}
		if n := known.beginning(text[:end]); n > 0 {
			masks = append(masks, mask{end - n, end, masked})
		}
	}
	return masks
}

var (
	base64Run = regexp.MustCompile(`[A-Za-z0-9+/]{6,}={0,2}`)
	base64URL = regexp.MustCompile(`[A-Za-z0-9_\-]{6,}={0,2}`)
)

// inBase64 finds what holds a known value in base64.
func (r *Redactor) inBase64(known *knownValues, text string) (masks []mask) {
	for _, form := range []struct {
		run      *regexp.Regexp
		encoding *base64.Encoding
	}{{base64Run, base64.RawStdEncoding}, {base64URL, base64.RawURLEncoding}} {
		for _, at := range form.run.FindAllStringIndex(text, -1) {
			run := strings.TrimRight(text[at[0]:at[1]], "=")
			if len(run)%4 == 1 {
				run = run[:len(run)-1]
			}
			if plain, err := form.encoding.DecodeString(run); err == nil {
				if found := known.find(string(plain), r.open); len(found) > 0 {
					masks = append(masks, mask{at[0], at[1], found[0].mask})
				}
			}
		}
	}
	return masks
}
