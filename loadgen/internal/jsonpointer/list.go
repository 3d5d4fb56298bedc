package jsonpointer

// List is a walk over the elements of an array.
type List struct {
	array []byte
	at    int
}

// ListOf returns a walk over an array that Find returned or that is Valid. It reports false where
// value is no array.
func ListOf(value []byte) (List, bool) {
	first := skipSpace(value, 0)
	if first == len(value) || value[first] != '[' {
		return List{}, false
	}
	return List{value, first + 1}, true
}

// Next returns the next element as it is written; it reports false behind the last.
func (l *List) Next() (element []byte, ok bool) {
	first := skipSpace(l.array, l.at)
	if l.array[first] == ']' {
		return nil, false
	}
	s := scan{text: l.array}
	end := s.value(first, beside, 0)
	if l.at = skipSpace(l.array, end); l.array[l.at] == ',' {
		l.at++
	}
	return l.array[first:end], true
}
