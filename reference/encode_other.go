//go:build !amd64 || purego

package reference

import "unsafe"

// copyText copies n bytes, at least 16, and says whether one of them is CR or
// below, as every line end is.
func copyText(dst, src *byte, n int) bool {
	copy(unsafe.Slice(dst, n), unsafe.Slice(src, n))
	p := unsafe.Pointer(src)
	bad := controls(get64(unsafe.Add(p, n-8)))
	for ; n >= 8; n -= 8 {
		bad |= controls(get64(p))
		p = unsafe.Add(p, 8)
	}
	return bad != 0
}

// putLines leaves all to the caller.
func putLines(dst, src []byte) (wrote, read int) { return 0, 0 }
