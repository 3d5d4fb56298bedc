// The peers of the parser live here, so that they stay out of the module's own requirements.
module ssebench/loadgen/sse/bench

go 1.26.0

require (
	github.com/r3labs/sse/v2 v2.10.0
	github.com/tmaxmax/go-sse v0.11.0
	ssebench v0.0.0
)

require (
	golang.org/x/net v0.62.0 // indirect
	gopkg.in/cenkalti/backoff.v1 v1.1.0 // indirect
)

replace ssebench => ../../..
