package results

import "fmt"

// quantity tells numbers without dimension apart.
type quantity string

const (
	number quantity = "" // a bare literal: fits every quantity without a dimension
	count  quantity = "count"
	ratio  quantity = "ratio"
	cores  quantity = "cores"
)

// dimension is what a number measures: powers of nanoseconds and bytes, and where both are 0, a quantity.
type dimension struct {
	time, bytes int
	kind        quantity
}

func (d dimension) bare() bool { return d.time == 0 && d.bytes == 0 }

// String names the dimension in a message.
func (d dimension) String() string {
	switch {
	case d == dimension{time: 1}:
		return "a duration"
	case d == dimension{bytes: 1}:
		return "a size"
	case d == dimension{time: -1}:
		return "a rate"
	case d == dimension{bytes: 1, time: -1}:
		return "a size for each duration"
	case !d.bare():
		return fmt.Sprintf("a quantity in %s", d.unit())
	case d.kind == count:
		return "a count"
	case d.kind == ratio:
		return "a ratio"
	case d.kind == cores:
		return "a number of cores"
	default:
		return "a number without a unit"
	}
}

// unit names the dimension in a document.
func (d dimension) unit() Unit {
	switch {
	case d.bare() && d.kind == ratio:
		return UnitRatio
	case d.bare() && d.kind == cores:
		return UnitCores
	case d.bare():
		return UnitOne
	}
	power := func(unit Unit, n int) string {
		if n == 1 {
			return string(unit)
		}
		return fmt.Sprintf("%s^%d", unit, n)
	}
	over, under := "", ""
	for _, p := range []struct {
		unit Unit
		n    int
	}{{UnitBytes, d.bytes}, {UnitNanoseconds, d.time}} {
		switch {
		case p.n > 0:
			over += power(p.unit, p.n)
		case p.n < 0:
			under += "/" + power(p.unit, -p.n)
		}
	}
	if over == "" {
		over = "1"
	}
	return Unit(over + under)
}

// fits says whether two numbers can be compared or added.
func (d dimension) fits(o dimension) bool {
	if d.time != o.time || d.bytes != o.bytes {
		return false
	}
	return !d.bare() || d.kind == o.kind || d.kind == number || o.kind == number ||
		d.kind == cores && o.kind == ratio || d.kind == ratio && o.kind == cores // 150 % of a core
}

// sum gives the dimension of two numbers that fit, added.
func (d dimension) sum(o dimension) dimension {
	if d.bare() && d.kind == number {
		return o
	}
	return d
}

func (d dimension) product(o dimension) dimension {
	p := dimension{time: d.time + o.time, bytes: d.bytes + o.bytes}
	if p.bare() && d.bare() {
		p.kind = d.kind
		if d.kind == number || d.kind == ratio && o.kind != number {
			p.kind = o.kind
		}
	}
	return p
}

func (d dimension) quotient(o dimension) dimension {
	q := dimension{time: d.time - o.time, bytes: d.bytes - o.bytes}
	switch {
	case !q.bare():
	case !d.bare(), d.kind == o.kind && d.kind != number: // a duration over a duration, a count over a count
		q.kind = ratio
	default:
		q.kind = d.kind
	}
	return q
}
