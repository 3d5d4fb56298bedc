package loadgen

import (
	"slices"
	"sort"
)

// Ledger is one subscription's account of its topic: which sequence numbers came, how, and which never did. It starts at a
// sequence and is fed receipts; it allocates nothing until something is missing. The calls come from the loop that owns the
// stream.
type Ledger struct {
	first     uint64  // the first sequence that may be expected
	next      uint64  // above the highest received
	last      uint32  // stream of the receipt of next-1
	straddled uint32  // so many from first on straddled the opening and count only if they came; a pair behind them is expected
	missing   *window // nil until something is missing
}

// window is what is missing below the highest receipt. It is small: of a stream that loses something all the time, the oldest losses are
// settled, and what comes of them later is stale.
type window struct {
	gaps    []gap  // ascending
	settled uint64 // what is missing up to here is lost for good
}

// mostGaps bounds the window, which is 6 KiB at the most: a replay of a thousand events in random order needs no more.
const mostGaps = 255

// gap is a run of sequence numbers that did not come, and the streams of the receipts on either side.
type gap struct {
	Range
	left, right uint32
}

// Range is the sequence numbers from From to To, both included.
type Range struct{ From, To uint64 }

// Receipt says what a receipt was.
type Receipt struct {
	First     bool // the pair had not come before
	Sure      bool // and it is expected without condition
	Reordered bool // a higher sequence had come before (RFC 4737, section 3.2); never with a duplicate
	Duplicate bool
	// Unexpected: from before the subscription.
	Unexpected bool
	// Stale: so far behind that it is no longer known whether it came before.
	Stale bool
}

// Start opens the account on a stream. first ≤ sure.
func (l *Ledger) Start(first, sure uint64, stream uint32) {
	*l = Ledger{first: first, straddled: uint32(sure - first), next: first, last: stream}
}

// Started says whether Start was called.
func (l *Ledger) Started() bool { return l.next > 0 }

// Receive enters a receipt of seq on a stream.
func (l *Ledger) Receive(seq uint64, stream uint32) Receipt {
	switch {
	case seq < l.first:
		return Receipt{Unexpected: true}
	case seq >= l.next:
		if seq > l.next {
			if l.missing == nil {
				l.missing = new(window)
			}
			l.missing.gaps = append(l.missing.gaps, gap{Range{l.next, seq - 1}, l.last, stream})
		}
		l.next, l.last = seq+1, stream
		return Receipt{First: true, Sure: seq >= l.sure()}
	}
	i, found := slices.BinarySearchFunc(l.gaps(), seq, func(g gap, seq uint64) int {
		switch {
		case g.To < seq:
			return -1
		case g.From > seq:
			return 1
		}
		return 0
	})
	if !found {
		stale := seq <= l.settled()
		return Receipt{Duplicate: !stale, Stale: stale}
	}
	l.missing.gaps = fill(l.missing.gaps, i, seq, stream)
	return Receipt{First: true, Sure: seq >= l.sure(), Reordered: true}
}

// sure is the sequence from which on a pair is expected.
func (l *Ledger) sure() uint64 { return l.first + uint64(l.straddled) }

func (l *Ledger) gaps() []gap {
	if l.missing == nil {
		return nil
	}
	return l.missing.gaps
}

// settled is the sequence up to which what is missing is lost for good; 0 where nothing is.
func (l *Ledger) settled() uint64 {
	if l.missing == nil {
		return 0
	}
	return l.missing.settled
}

// IsFull says that the oldest losses have to be settled.
func (l *Ledger) IsFull() bool { return len(l.gaps()) > mostGaps }

// Oldest gives the range of the oldest quarter of what is missing.
func (l *Ledger) Oldest() Range {
	gaps := l.gaps()
	return Range{gaps[0].From, gaps[len(gaps)/4-1].To}
}

// Settle closes the account of what is missing up to a sequence, which Close then leaves out.
func (l *Ledger) Settle(to uint64, failed []Range, lost func(Range, LossKind), excused func(Range)) {
	gaps := l.gaps()
	n := sort.Search(len(gaps), func(i int) bool { return gaps[i].To > to })
	if n == 0 {
		return
	}
	l.close(gaps[:n], false, failed, lost, excused)
	l.missing.settled = gaps[n-1].To
	l.missing.gaps = slices.Delete(gaps, 0, n)
}

// fill takes seq out of the i-th gap, which splits where seq lies inside it.
func fill(missing []gap, i int, seq uint64, stream uint32) []gap {
	g := missing[i]
	before := gap{Range{g.From, seq - 1}, g.left, stream}
	after := gap{Range{seq + 1, g.To}, stream, g.right}
	switch {
	case g.From == seq && g.To == seq:
		return slices.Delete(missing, i, i+1)
	case g.From == seq:
		missing[i] = after
	case g.To == seq:
		missing[i] = before
	default:
		missing[i] = before
		return slices.Insert(missing, i+1, after)
	}
	return missing
}

// First is the sequence that the account starts at.
func (l *Ledger) First() uint64 { return l.first }

// Highest is the highest sequence received, First()-1 if none was.
func (l *Ledger) Highest() uint64 { return l.next - 1 }

// LossKind attributes a loss by the receipts on either side of it.
type LossKind int

// The kinds of loss, as in deliveries.lost_midstream, lost_gap and lost_tail.
const (
	LostMidstream LossKind = iota // both came on one stream; the opening counts as a receipt
	LostGap                       // they came on different streams, or nothing came before on the first, which was asked for and not open
	LostTail                      // nothing followed
)

// Close ends the account at the sequence end. What is missing goes, in ascending order, to lost, or to excused where the pair is
// expected only if it came: it straddled the opening, or lies in one of the failed ranges, which ascend and do not overlap. So of
// the window from first to end the expected pairs are those not excused, and expected = received + lost.
func (l *Ledger) Close(end uint64, failed []Range, lost func(Range, LossKind), excused func(Range)) {
	all := l.gaps()
	tail := l.next <= end
	if tail {
		all = append(slices.Clone(all), gap{Range{l.next, end}, l.last, l.last})
	}
	l.close(all, tail, failed, lost, excused)
}

// close hands gaps out; the last of them may be the tail.
func (l *Ledger) close(all []gap, tail bool, failed []Range, lost func(Range, LossKind), excused func(Range)) {
	holes := failed
	if l.straddled > 0 {
		holes = append([]Range{{l.first, l.sure() - 1}}, failed...)
	}
	for i, g := range all {
		for len(holes) > 0 && holes[0].To < g.From { // both ascend
			holes = holes[1:]
		}
		kind := LostMidstream
		switch {
		case tail && i == len(all)-1:
			kind = LostTail
		case g.left != g.right:
			kind = LostGap
		}
		split(g.Range, holes, func(r Range) { lost(r, kind) }, excused)
	}
}

// split cuts r where it meets the holes and hands the parts out in ascending order.
func split(r Range, holes []Range, outside, inside func(Range)) {
	for _, h := range holes {
		if h.To < r.From {
			continue
		}
		if h.From > r.To {
			break
		}
		if h.From > r.From {
			outside(Range{r.From, h.From - 1})
			r.From = h.From
		}
		to := min(h.To, r.To)
		inside(Range{r.From, to})
		if to == r.To {
			return
		}
		r.From = to + 1
	}
	outside(r)
}
