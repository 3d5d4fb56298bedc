//go:build !linux

package transport

// wire knows nothing of what sockets cost on the link.
type wire struct{ closed carriage }

func (*wire) read(int32) carriage         { return carriage{} }
func (*wire) last(int32, manner) carriage { return carriage{} }
func (*wire) layer() (string, int)        { return "", 0 }

// isHalfFull reports false where the system does not tell how full a receive buffer is.
func isHalfFull(int32) bool { return false }
