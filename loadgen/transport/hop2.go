package transport

func (s *stream) hop2() error { return fail(tokenHTTP2, "not yet") }
