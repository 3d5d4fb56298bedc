package loadgen

import (
	"fmt"
	"strings"
)

// mostMessage bounds a message for people, in bytes: a server can bring 64 KiB of its own text into one.
const mostMessage = 1 << 10

// Clip cuts the middle out of a message that is too long. What is secret is to be taken out before: half of it would not be found.
func Clip(message string) string {
	const half = mostMessage / 2
	if len(message) <= mostMessage {
		return message
	}
	head, tail := message[:half], message[len(message)-half:]
	return strings.ToValidUTF8(head, "") + fmt.Sprintf(" … %d bytes … ", len(message)-2*half) + strings.ToValidUTF8(tail, "")
}
