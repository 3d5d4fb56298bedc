package main

import (
	"encoding/binary"
	"io"
	"net"
	"time"

	"ssebench/loadgen/stamp"
)

// publisher hands events to the server over a connection of its own. One goroutine at a time calls it.
type publisher struct {
	conn net.Conn
	buf  []byte
}

func dialPublisher(address string) (*publisher, error) {
	conn, err := net.Dial("tcp", address)
	return &publisher{conn: conn}, err
}

// publish returns when the server has the event; it may not have written it yet.
func (p *publisher) publish(data []byte, size int) error {
	p.buf = binary.BigEndian.AppendUint32(p.buf[:0], uint32(len(data)))
	p.buf = binary.BigEndian.AppendUint32(p.buf, uint32(size))
	p.buf = append(p.buf, data...)
	if _, err := p.conn.Write(p.buf); err != nil {
		return err
	}
	_, err := io.ReadFull(p.conn, p.buf[:1])
	return err
}

// publishAll publishes a peer's events at their due times, with the marks that the engine's have, and gives their number. What a slow
// server leaves undone when the time is over is not made up for.
func (p *publisher) publishAll(c *clientConfig, m *meter) (events int64, err error) {
	begun := time.Now()
	m.begin()
	mark := stamp.Mark{Run: 1 << 40}
	var data []byte
	for n := 0; ; n++ {
		due := time.Duration(float64(n) / c.PerSecond * float64(time.Second))
		if due >= c.publishing() || time.Since(begun) >= c.publishing() {
			return int64(n), nil
		}
		time.Sleep(time.Until(begun.Add(due)))
		mark.Seq, mark.Due, mark.Sent = uint64(n+1), begun.Add(due).UnixNano(), time.Now().UnixNano()
		data = stamp.Append(data[:0], &mark, markSize)
		if err := p.publish(data, c.size(due, n)); err != nil {
			return 0, err
		}
	}
}
