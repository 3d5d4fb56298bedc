package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"ssebench/loadgen"
)

// Hook is a Publisher that is closed once, after its last Publish returned.
type Hook interface {
	loadgen.Publisher
	// Close lets go of connections and processes, at once when ctx ends. Its error says that a published event may not have come through.
	Close(ctx context.Context) error
	// Warnings are what went well by the hook's own account and still looks wrong. Call it after the run.
	Warnings() []Warning
}

// Warning is one line about a run, with a token.
type Warning struct{ Token, Message string }

const (
	// defaultTimeout bounds a call where the configuration does not.
	defaultTimeout = 10 * time.Second
	// defaultInFlight bounds the connections of a hook where the configuration does not. It is far above what topics in
	// parallel need, and far below the limits on open files.
	defaultInFlight = 256
)

func fail(token, format string, args ...any) *loadgen.Failure {
	return &loadgen.Failure{Token: token, Message: fmt.Sprintf(format, args...)}
}

// setup is a failure whose reason is probably how the hook is set up, and what to do about that.
func setup(advice, token, format string, args ...any) *loadgen.SetupFailure {
	return &loadgen.SetupFailure{Failure: *fail(token, format, args...), Advice: advice}
}

// refusal is the error of a dial to an address that Allow refuses.
type refusal struct{ error }

// dialer asks allow for each address that a name led to, right before it connects.
func dialer(allow func(netip.Addr) error, timeout time.Duration) *net.Dialer {
	d := &net.Dialer{Timeout: timeout}
	if allow != nil {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err == nil {
				err = allow(ap.Addr())
			}
			if err != nil {
				return refusal{err}
			}
			return nil
		}
	}
	return d
}

// orDefault is v, or the default for zero.
func orDefault[T comparable](v, byDefault T) T {
	var zero T
	if v == zero {
		return byDefault
	}
	return v
}

// cutOff tells a call that the run ended from one that took too long: parent is the context that Publish was given.
func cutOff(parent context.Context, what string) *loadgen.Failure {
	if parent.Err() != nil && !errors.Is(parent.Err(), context.DeadlineExceeded) {
		return fail("hook_canceled", "%s was cut off: the run ended", what)
	}
	return nil
}
