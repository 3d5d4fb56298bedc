package transport

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(peerProcess) != "" {
		servePeer()
		return
	}
	goleak.VerifyTestMain(m)
}
