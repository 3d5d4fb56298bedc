package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/spf13/cobra"
)

// newBroadcastCommand is the other end of calibrate, in a process of its own so that its CPU is not the generator's: it opens every
// stream that is asked for, writes each line of standard input to all of them as an event, and answers with an empty line when it
// has. It ends with standard input.
func newBroadcastCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "broadcast",
		Short:  "The bare server that calibrate measures the generator against",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			b := broadcaster{listener: l}
			go b.accept()
			defer b.close()
			if _, err := fmt.Fprintln(c.OutOrStdout(), l.Addr()); err != nil {
				return err
			}
			return b.relay(c.InOrStdin(), c.OutOrStdout())
		},
	}
}

type broadcaster struct {
	listener net.Listener

	mu      sync.Mutex
	streams []net.Conn
}

// accept opens streams until the listener is closed. They come from this machine alone, and one by one.
func (b *broadcaster) accept() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		if err := open(c); err != nil {
			c.Close()
			continue
		}
		b.mu.Lock()
		b.streams = append(b.streams, c)
		b.mu.Unlock()
	}
}

// open reads a request without a body and answers it with an event stream that ends with the connection.
func open(c net.Conn) error {
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if line == "\r\n" {
			break
		}
	}
	_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
	return err
}

// relay broadcasts until the input ends.
func (b *broadcaster) relay(in io.Reader, out io.Writer) error {
	var frame []byte
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		frame = append(append(append(frame[:0], "data: "...), lines.Bytes()...), "\n\n"...)
		b.broadcast(frame)
		if _, err := io.WriteString(out, "\n"); err != nil {
			return err
		}
	}
	return lines.Err()
}

// broadcast writes to every stream; one that is gone is left out from then on.
func (b *broadcaster) broadcast(frame []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	open := b.streams[:0]
	for _, c := range b.streams {
		if _, err := c.Write(frame); err != nil {
			c.Close()
			continue
		}
		open = append(open, c)
	}
	clear(b.streams[len(open):])
	b.streams = open
}

func (b *broadcaster) close() {
	b.listener.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.streams {
		c.Close()
	}
}
