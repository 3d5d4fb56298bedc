package transport

import (
	"bytes"
	"encoding/hex"
	"io"
)

// trafficSecrets is the KeyLogWriter of one handshake. It catches the secrets that the record layer goes on from.
type trafficSecrets struct {
	client, server []byte
	next           io.Writer // the caller's own key log, or nil
}

// Write takes a line of the key log: a label, the client's random, and the secret in hexadecimal digits.
func (s *trafficSecrets) Write(line []byte) (int, error) {
	if f := bytes.Fields(line); len(f) == 3 {
		switch string(f[0]) {
		case "CLIENT_TRAFFIC_SECRET_0":
			s.client, _ = hex.AppendDecode(nil, f[2])
		case "SERVER_TRAFFIC_SECRET_0":
			s.server, _ = hex.AppendDecode(nil, f[2])
		}
	}
	if s.next != nil {
		return s.next.Write(line)
	}
	return len(line), nil
}
