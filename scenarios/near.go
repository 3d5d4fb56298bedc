package scenarios

import "strings"

// near returns the name that a typing mistake could have made of s; empty where none is near.
func near(s string, names []string) string {
	if len(s) > 64 {
		return ""
	}
	plain := plainName(s)
	best, bestAt := "", max(1, len(plain)/3)+1
	for _, name := range names {
		candidate := plainName(name)
		if at := distance(plain, candidate); at < bestAt && at < len(candidate) {
			best, bestAt = name, at
		}
	}
	if best == "" {
		best = sharesBeginning(plain, names)
	}
	if best == s {
		return ""
	}
	return best
}

// sharesBeginning finds chromium for chrome: the first four letters at the least, and half of the longer name.
func sharesBeginning(plain string, names []string) string {
	for _, name := range names {
		candidate := plainName(name)
		n := 0
		for n < len(plain) && n < len(candidate) && plain[n] == candidate[n] {
			n++
		}
		if n >= 4 && 2*n >= len(plain) && 2*n >= len(candidate) {
			return name
		}
	}
	return ""
}

var separators = strings.NewReplacer("-", "", "_", "", " ", "", "/", "")

// plainName makes letter case and the kind of separator no part of the distance.
func plainName(s string) string {
	return separators.Replace(strings.ToLower(s))
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that lead from a to b.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	before, last, now := make([]int, len(rb)+1), make([]int, len(rb)+1), make([]int, len(rb)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(ra); i++ {
		now[0] = i
		for j := 1; j <= len(rb); j++ {
			cost := 1
			if ra[i-1] == rb[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(rb)]
}
