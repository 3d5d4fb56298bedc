package sse

// idString is the standard's last event ID string, kept across streams. A short one lies in the parser itself: with thousands of
// streams each ID elsewhere is one more piece of memory to fetch for every event.
type idString struct {
	long  *[]byte // nil until there was one that short cannot hold
	n     uint8   // bytes of short in use
	short [23]byte
}

func (s *idString) bytes() []byte {
	if s.long != nil {
		return *s.long
	}
	return s.short[:s.n]
}

// set makes the string a copy of id, which may be what bytes returned.
func (s *idString) set(id []byte) {
	if s.long == nil {
		if len(id) <= len(s.short) {
			s.n = uint8(copy(s.short[:], id))
			return
		}
		s.long = new([]byte)
	}
	*s.long = replace(*s.long, id)
}
