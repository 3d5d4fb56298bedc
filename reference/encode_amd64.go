//go:build !purego

package reference

// copyText copies n bytes, at least 16, and says whether one of them is CR or
// below, as every line end is. It does both in one pass of 16 bytes a step.
//
//go:noescape
func copyText(dst, src *byte, n int) bool

// putLines copies src to dst and puts the name of the data field after each LF,
// up to the first long line, the last 15 bytes of src, or where dst has little
// room. It returns how many bytes it wrote and read, and may scribble on the
// rest of dst.
//
//go:noescape
func putLines(dst, src []byte) (wrote, read int)
