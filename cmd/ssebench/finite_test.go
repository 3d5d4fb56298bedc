package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// serveAnswers is a server whose streams are finite: each answer is an event of a size and ends, and the client comes back after 100 ms, as a poller
// does.
//
//	fixture answers [-listen ADDR] [-size BYTES] [-close] [-cert FILE -key FILE]
func serveAnswers(args []string) {
	flags := flag.NewFlagSet("answers", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address")
	size := flags.Int("size", 100, "bytes of an answer")
	closes := flags.Bool("close", false, "a connection carries one answer")
	cert := flags.String("cert", "", "certificate file (PEM)")
	key := flags.String("key", "", "key file (PEM)")
	_ = flags.Parse(args)

	const head, tail = "retry: 100\ndata: ", "\n\n"
	answer := head + strings.Repeat("x", *size-len(head)-len(tail)) + tail
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		if *closes {
			w.Header().Set("Connection", "close")
		}
		fmt.Fprint(w, answer)
	})
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening on " + l.Addr().String())
	if *cert != "" {
		err = http.ServeTLS(l, handler, *cert, *key)
	} else {
		err = http.Serve(l, handler)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
