package loadgen

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type loss struct {
	Range
	kind LossKind
}

func closeLedger(l *Ledger, end uint64, failed []Range) (lost []loss, excused []Range) {
	l.Close(end, failed,
		func(r Range, k LossKind) { lost = append(lost, loss{r, k}) },
		func(r Range) { excused = append(excused, r) })
	return lost, excused
}

func TestLedgerAttributesLosses(t *testing.T) {
	type receipt struct {
		seq    uint64
		stream uint32
	}
	tests := []struct {
		name     string
		first    uint64
		sure     uint64
		receipts []receipt
		end      uint64
		failed   []Range
		lost     []loss
		excused  []Range
	}{
		{name: "nothing published", first: 1, sure: 1, end: 0},
		{name: "all came", first: 1, sure: 1, receipts: []receipt{{1, 1}, {2, 1}, {3, 1}}, end: 3},
		{name: "none came", first: 1, sure: 1, end: 3, lost: []loss{{Range{1, 3}, LostTail}}},
		{name: "midstream", first: 1, sure: 1, receipts: []receipt{{1, 1}, {4, 1}}, end: 4, lost: []loss{{Range{2, 3}, LostMidstream}}},
		{name: "before the first receipt", first: 1, sure: 1, receipts: []receipt{{3, 1}}, end: 3, lost: []loss{{Range{1, 2}, LostMidstream}}},
		{name: "reconnect gap", first: 1, sure: 1, receipts: []receipt{{1, 1}, {4, 2}}, end: 4, lost: []loss{{Range{2, 3}, LostGap}}},
		{name: "tail", first: 1, sure: 1, receipts: []receipt{{1, 1}}, end: 4, lost: []loss{{Range{2, 4}, LostTail}}},
		{
			name: "a late receipt splits a gap and takes part in the attribution", first: 1, sure: 1,
			receipts: []receipt{{1, 1}, {7, 2}, {4, 2}}, end: 7,
			lost: []loss{{Range{2, 3}, LostGap}, {Range{5, 6}, LostMidstream}},
		},
		{
			name: "straddling the opening is excused", first: 3, sure: 5, receipts: []receipt{{6, 1}}, end: 6,
			lost: []loss{{Range{5, 5}, LostMidstream}}, excused: []Range{{3, 4}},
		},
		{
			name: "failed calls are excused where they did not come", first: 1, sure: 1, receipts: []receipt{{1, 1}, {5, 1}}, end: 8,
			failed: []Range{{3, 3}, {5, 6}},
			lost:   []loss{{Range{2, 2}, LostMidstream}, {Range{4, 4}, LostMidstream}, {Range{7, 8}, LostTail}}, excused: []Range{{3, 3}, {6, 6}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l Ledger
			l.Start(tt.first, tt.sure, 1)
			for _, r := range tt.receipts {
				l.Receive(r.seq, r.stream)
			}
			lost, excused := closeLedger(&l, tt.end, tt.failed)
			if !slices.Equal(lost, tt.lost) || !slices.Equal(excused, tt.excused) {
				t.Errorf("lost %v excused %v, want %v and %v", lost, excused, tt.lost, tt.excused)
			}
		})
	}
}

func TestLedgerKnowsKindsOfReceipt(t *testing.T) {
	var l Ledger
	l.Start(3, 4, 1)
	for i, step := range []struct {
		seq  uint64
		want Receipt
	}{
		{2, Receipt{Unexpected: true}},
		{3, Receipt{First: true}},
		{3, Receipt{Duplicate: true}},
		{6, Receipt{First: true, Sure: true}},
		{4, Receipt{First: true, Sure: true, Reordered: true}},
		{4, Receipt{Duplicate: true}},
		{5, Receipt{First: true, Sure: true, Reordered: true}},
		{6, Receipt{Duplicate: true}},
		{7, Receipt{First: true, Sure: true}},
	} {
		if got := l.Receive(step.seq, 1); got != step.want {
			t.Errorf("step %d, sequence %d: %+v, want %+v", i, step.seq, got, step.want)
		}
	}
}

// The ledger against a model that keeps a set: random losses, duplicates, reorderings, streams and failed calls.
func TestLedgerAgreesWithASet(t *testing.T) {
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		first := 1 + rnd.Uint64N(4)
		sure := first + rnd.Uint64N(3)
		end := first + rnd.Uint64N(40)
		var order []uint64
		for seq := uint64(1); seq <= end; seq++ {
			for range rnd.IntN(3) {
				order = append(order, seq)
			}
		}
		for range rnd.IntN(10) {
			if n := len(order); n > 1 {
				i, j := rnd.IntN(n), rnd.IntN(n)
				order[i], order[j] = order[j], order[i]
			}
		}
		var failed []Range
		for from := uint64(1); from <= end; from += 2 + rnd.Uint64N(6) {
			to := min(from+rnd.Uint64N(2), end)
			failed = append(failed, Range{from, to})
			from = to
		}

		var l Ledger
		l.Start(first, sure, 1)
		came, highest := map[uint64]bool{}, first-1
		for i, seq := range order {
			want := Receipt{First: true, Sure: seq >= sure}
			switch {
			case seq < first:
				want = Receipt{Unexpected: true}
			case came[seq]:
				want = Receipt{Duplicate: true}
			default:
				want.Reordered = seq < highest
				came[seq], highest = true, max(highest, seq)
			}
			if got := l.Receive(seq, uint32(1+i/10)); got != want {
				t.Fatalf("seed %d, receipt %d of %d: %+v, want %+v", seed, i, seq, got, want)
			}
		}
		lost, excused := closeLedger(&l, end, failed)
		var lostSet, excusedSet, wantLost, wantExcused []uint64
		for _, r := range lost {
			for seq := r.From; seq <= r.To; seq++ {
				lostSet = append(lostSet, seq)
			}
		}
		for _, r := range excused {
			for seq := r.From; seq <= r.To; seq++ {
				excusedSet = append(excusedSet, seq)
			}
		}
		for seq := first; seq <= end; seq++ {
			isFailed := slices.ContainsFunc(failed, func(r Range) bool { return r.From <= seq && seq <= r.To })
			switch {
			case came[seq]:
			case seq < sure || isFailed:
				wantExcused = append(wantExcused, seq)
			default:
				wantLost = append(wantLost, seq)
			}
		}
		if !slices.Equal(lostSet, wantLost) || !slices.Equal(excusedSet, wantExcused) {
			t.Fatalf("seed %d: lost %v excused %v, want %v and %v", seed, lostSet, excusedSet, wantLost, wantExcused)
		}
	}
}

func TestLedgerAllocatesNothingUntilSomethingIsMissing(t *testing.T) {
	var l Ledger
	l.Start(1, 1, 1)
	seq := uint64(0)
	if n := testing.AllocsPerRun(1000, func() { seq++; l.Receive(seq, 1) }); n != 0 {
		t.Errorf("%v allocations a receipt", n)
	}
}

func TestOldLossesAreSettled(t *testing.T) {
	var l Ledger
	l.Start(1, 1, 1)
	var settled []loss
	settle := func() {
		l.Settle(l.Oldest().To, []Range{{4, 4}}, func(r Range, k LossKind) { settled = append(settled, loss{r, k}) }, func(r Range) { settled = append(settled, loss{r, -1}) })
	}
	for seq := uint64(1); !l.IsFull(); seq += 3 { // 1, 4, 7: two of three are missing
		l.Receive(seq, 1)
	}
	highest := l.Highest()
	settle()
	const quarter = (mostGaps + 1) / 4
	if l.IsFull() || len(settled) != quarter || settled[0] != (loss{Range{2, 3}, LostMidstream}) || settled[quarter-1] != (loss{Range{quarter*3 - 1, quarter * 3}, LostMidstream}) {
		t.Errorf("%d gaps are left, settled %v", len(l.gaps()), settled)
	}
	for seq, want := range map[uint64]Receipt{
		2:             {Stale: true},
		4:             {Stale: true}, // it came before, and nobody knows any more
		quarter*3 + 2: {First: true, Sure: true, Reordered: true},
		highest:       {Duplicate: true},
	} {
		if got := l.Receive(seq, 1); got != want {
			t.Errorf("%d: got %+v, want %+v", seq, got, want)
		}
	}
	lost, _ := closeLedger(&l, highest, nil)
	if len(lost) != mostGaps+1-quarter || lost[0] != (loss{Range{quarter*3 + 3, quarter*3 + 3}, LostMidstream}) {
		t.Errorf("%d losses at the end, the first %v", len(lost), lost[0])
	}
	if l.lacks(Range{1, quarter * 3}, nil, false) != true || l.lacks(Range{highest, highest}, nil, false) {
		t.Error("what is settled is missing, and what came is not")
	}
}
