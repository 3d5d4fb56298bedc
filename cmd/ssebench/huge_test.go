package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The sizes of the messages that must arrive whole, in bytes.
var hugeSizes = []int{7e6, 14e6}

// hugeStream writes messages of one line each. Their text has a different byte everywhere that a read may end.
func hugeStream(w io.Writer) error {
	for i, size := range hugeSizes {
		if _, err := fmt.Fprintf(w, "id: %d\ndata: %s\n\n", i, hugeText(size)); err != nil {
			return err
		}
	}
	return nil
}

func hugeText(size int) []byte {
	text := make([]byte, size)
	for i := range text {
		text[i] = 'a' + byte((i^i>>7^i>>15)%26)
	}
	return text
}

// checkHuge reads event objects until the end object.
func checkHuge(t *testing.T, out *bufio.Reader) {
	t.Helper()
	for i := 0; ; {
		line, err := out.ReadBytes('\n')
		if err != nil {
			t.Fatalf("after %d messages: %v", i, err)
		}
		var object struct {
			Event *struct{ Data, ID string }
			End   any
		}
		if err := json.Unmarshal(line, &object); err != nil {
			t.Fatal(err)
		}
		if object.End != nil {
			if i != len(hugeSizes) {
				t.Errorf("%d messages arrived, want %d", i, len(hugeSizes))
			}
			return
		}
		if object.Event == nil {
			continue
		}
		if want := hugeText(hugeSizes[i]); sha256.Sum256([]byte(object.Event.Data)) != sha256.Sum256(want) || object.Event.ID != fmt.Sprint(i) {
			t.Errorf("message %d is not what was sent: %d bytes, want %d", i, len(object.Event.Data), len(want))
		}
		i++
	}
}

// Fed 64 bytes at a time, an algorithm that copies what it has at each step would move a terabyte.
func TestHugeMessagesArriveWhole(t *testing.T) {
	long(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = hugeStream(w)
	}))
	defer server.Close()
	for name, args := range map[string][]string{
		"listen": {"listen", "--json", "--no-reconnect", server.URL}, "decode": {"decode"}, "decode in small chunks": {"decode", "--chunk", "64"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, args...)
			fed := make(chan error, 1)
			go func() {
				defer p.in.Close()
				if args[0] == "decode" {
					fed <- hugeStream(p.in)
				} else {
					fed <- nil
				}
			}()
			checkHuge(t, p.out)
			if err := <-fed; err != nil {
				t.Error(err)
			}
			if code := p.code(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
			t.Logf("%v of CPU time", p.ProcessState.UserTime()+p.ProcessState.SystemTime())
		})
	}
}
