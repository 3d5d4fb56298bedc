// Package sse reads event streams (text/event-stream) as a browser does: WHATWG HTML section 9.2, byte by byte.
package sse
