package loadgen

// Resumption is what one opening adds to its Request: where the stream is to go on. A transport keeps it for its next opening, so that
// in the long run nothing is allocated. The zero value adds nothing.
type Resumption struct {
	Header []Addition // fields that go out after the Request's own
	Query  []Addition // parameters that go out after the URL's own; a redirect leads away from them
	bytes  []byte     // of all values
}

// Addition is a header field, whose value goes out byte for byte, or a query parameter, whose value the transport escapes.
type Addition struct {
	Name  string
	Value []byte // valid until Reset
}

// AddHeader adds a header field. The value is copied.
func (r *Resumption) AddHeader(name string, value []byte) {
	r.Header = append(r.Header, Addition{name, r.keep(value)})
}

// AddQuery adds a query parameter. The value is copied.
func (r *Resumption) AddQuery(name string, value []byte) {
	r.Query = append(r.Query, Addition{name, r.keep(value)})
}

func (r *Resumption) keep(value []byte) []byte {
	start := len(r.bytes)
	r.bytes = append(r.bytes, value...)
	return r.bytes[start:len(r.bytes):len(r.bytes)]
}

// Reset makes it add nothing, and keeps its memory.
func (r *Resumption) Reset() {
	r.Header, r.Query, r.bytes = r.Header[:0], r.Query[:0], r.bytes[:0]
}
