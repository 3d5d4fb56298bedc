//go:build !linux

package transport

// wire knows nothing of what sockets cost on the link.
type wire struct{ closed carriage }

func (*wire) read(int32) carriage         { return carriage{} }
func (*wire) last(int32, manner) carriage { return carriage{} }
func (*wire) layer() (string, int)        { return "", 0 }
