package transport

import "bytes"

// chunkLineLimit bounds the line with a chunk's size and its extensions, in bytes.
const chunkLineLimit = 4 << 10

// chunkLine handles a line of the chunked coding (RFC 9112 section 7.1). Here a bare LF ends no line: section 2.2 allows it in the
// head only, and a lenient reading lets two parties see different bodies.
func (p *responseParser) chunkLine(line []byte, bare bool) error {
	if bare {
		return fail(tokenChunkMalformed, "a line of the chunked coding ends with a bare LF")
	}
	switch p.state {
	case inChunkLine:
		size, err := chunkSize(line)
		if err != nil {
			return err
		}
		if size == 0 {
			p.enter(inTrailer, p.limit)
		} else {
			p.state, p.left = inChunk, size
		}
	case inChunkEnd:
		if len(line) > 0 {
			return p.overflow()
		}
		p.enter(inChunkLine, chunkLineLimit)
	case inTrailer:
		if len(line) == 0 {
			p.state = isDone
			return nil
		}
		// Trailers say nothing to a reader of event streams; they only have to be well formed.
		if _, _, err := fieldLine(line); err != nil {
			return fail(tokenChunkMalformed, "malformed trailer field %q", line[:min(len(line), 60)])
		}
	}
	return nil
}

// chunkSize reads the size and passes over extensions.
func chunkSize(line []byte) (size uint64, err error) {
	digits, _, _ := bytes.Cut(line, []byte{';'})
	digits = bytes.TrimRight(digits, " \t")
	bad := func() (uint64, error) {
		return 0, fail(tokenChunkMalformed, "malformed chunk size %q", line[:min(len(line), 60)])
	}
	if len(digits) == 0 || len(digits) > 15 || bytes.IndexByte(line, '\r') >= 0 {
		return bad()
	}
	for _, c := range digits {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return bad()
		}
		size = size<<4 | uint64(c)
	}
	return size, nil
}
