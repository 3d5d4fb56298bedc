package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"ssebench/loadgen"
)

// errCut is how the code of a stream tells itself that the stream was cut.
var errCut = errors.New("cut")

func fail(token, format string, args ...any) *loadgen.Failure {
	return &loadgen.Failure{Token: token, Message: oneLine(fmt.Sprintf(format, args...))}
}

// failureOf finds what the end of an opening is counted as; nil for a proper end.
func failureOf(err error) *loadgen.Failure {
	var f *loadgen.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.Is(err, errCut):
		return &loadgen.Failure{Token: loadgen.TokenCut}
	}
	return fail(tokenHandler, "%v", err)
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// system gives the token of an error of the operating system that means the same wherever it comes up.
func system(err error) (token string, ok bool) {
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return tokenOpenFiles, true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return tokenReset, true
	}
	return "", false
}

// dialFailure names what went wrong between socket(2) and connect(2).
func dialFailure(err error) *loadgen.Failure {
	token := tokenDialFailed
	var op *os.SyscallError
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fail(tokenOpenFiles, "%v; raise the limit on open files (ulimit -n)", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		token = tokenDialRefused
	case errors.Is(err, syscall.ECONNRESET):
		token = tokenReset
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EADDRINUSE):
		token = tokenDialLocalPorts
		if errors.As(err, &op) && op.Syscall == "bind" {
			token = tokenSourceAddress
		}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT), isTimeout(err):
		token = tokenDialTimeout
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTDOWN), errors.Is(err, syscall.ENETDOWN):
		token = tokenDialUnreachable
	}
	return fail(token, "%v", err)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// readFailure names an error of a read that is no end of file.
func readFailure(err error) *loadgen.Failure {
	var record tls.RecordHeaderError
	if token, ok := system(err); ok {
		return fail(token, "%v", err)
	}
	if errors.As(err, &record) || strings.Contains(err.Error(), "tls: ") {
		return fail(tokenTLSRecord, "%v", err)
	}
	return fail(tokenRead, "%v", err)
}

func writeFailure(err error) *loadgen.Failure {
	if token, ok := system(err); ok {
		return fail(token, "while the request was written: %v", err)
	}
	return fail(tokenWrite, "%v", err)
}
