package loadgen

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ssebench/scenarios"
)

// buildRequest turns what the plan says into what the transport sends.
func buildRequest(to *Request, from *scenarios.ClientRequest, complete func([]Field) []Field) error {
	u, err := url.Parse(from.URL)
	if err != nil {
		return err
	}
	to.Method, to.URL = from.Method, u
	if from.Body != "" {
		to.Body = []byte(from.Body)
	}
	to.Header = complete(fields(from.Header))
	if from.Login != nil {
		to.Login = new(Request)
		return buildRequest(to.Login, from.Login, func(f []Field) []Field { return f })
	}
	return nil
}

func fields(h http.Header) (f []Field) {
	for name, values := range h {
		for _, v := range values {
			f = append(f, Field{name, v})
		}
	}
	slices.SortFunc(f, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return f
}
