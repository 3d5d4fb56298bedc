package reference

import (
	"encoding/binary"
	"errors"
	"math"

	"golang.org/x/net/http2"
)

// read handles the client's frames until the connection ends.
func (c *h2conn) read() error {
	for first := true; ; first = false {
		f, err := c.framer.ReadFrame()
		var stream http2.StreamError
		if errors.As(err, &stream) {
			c.reset(stream.StreamID, stream.Code)
			continue
		}
		if err != nil {
			return err
		}
		if _, ok := f.(*http2.SettingsFrame); first && !ok {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		if err := c.frameIn(f); err != nil {
			return err
		}
		c.mu.Lock()
		drowned := len(c.out) > h2Drowned
		c.mu.Unlock()
		if drowned {
			return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
		}
		c.flushBatch()
	}
}

func (c *h2conn) frameIn(f http2.Frame) error {
	switch f := f.(type) {
	case *http2.SettingsFrame:
		return c.settings(f)
	case *http2.MetaHeadersFrame:
		return c.headers(f)
	case *http2.DataFrame:
		return c.data(f)
	case *http2.WindowUpdateFrame:
		return c.windowUpdate(f.StreamID, int64(f.Increment))
	case *http2.PingFrame:
		if !f.IsAck() {
			c.mu.Lock()
			c.out = appendFrameHead(c.out, 8, http2.FramePing, http2.FlagPingAck, 0)
			c.out = append(c.out, f.Data[:]...)
			c.mu.Unlock()
		}
	case *http2.RSTStreamFrame:
		c.mu.Lock()
		defer c.mu.Unlock()
		if f.StreamID > c.last {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		if st := c.streams[f.StreamID]; st != nil {
			c.forget(f.StreamID, st)
		}
	case *http2.PushPromiseFrame:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	// PRIORITY has no meaning any more, and GOAWAY from a client none for us:
	// its streams go on until it closes. Unknown frames are ignored.
	return nil
}

func (c *h2conn) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	err := f.ForeachSetting(func(s http2.Setting) error {
		if err := s.Valid(); err != nil {
			return err
		}
		switch s.ID {
		case http2.SettingInitialWindowSize:
			change := int64(s.Val) - c.initial
			c.initial = int64(s.Val)
			for _, st := range c.streams {
				if st.window += change; st.window > math.MaxInt32 {
					return http2.ConnectionError(http2.ErrCodeFlowControl)
				}
				if change > 0 && st.sub != nil {
					c.lane.post(command{do: doFlush, sub: st.sub})
				}
			}
		case http2.SettingMaxFrameSize:
			c.frame = int(min(s.Val, 1<<20))
		case http2.SettingHeaderTableSize:
			c.hpack.SetMaxDynamicTableSizeLimit(min(s.Val, 4096))
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.unblock()
	c.out = appendFrameHead(c.out, 0, http2.FrameSettings, http2.FlagSettingsAck, 0)
	return nil
}

func (c *h2conn) windowUpdate(id uint32, n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id == 0 {
		if c.window += n; c.window > math.MaxInt32 {
			return http2.ConnectionError(http2.ErrCodeFlowControl)
		}
		c.unblock()
		return nil
	}
	if id > c.last {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	st := c.streams[id]
	if st == nil { // ended, and the client could not know yet
		return nil
	}
	if st.window += n; st.window > math.MaxInt32 {
		c.resetLocked(id, http2.ErrCodeFlowControl)
		return nil
	}
	if st.sub != nil && st.starved {
		st.starved = false
		c.lane.post(command{do: doFlush, sub: st.sub})
	}
	if st.room != nil {
		st.room.Broadcast()
	}
	return nil
}

// reset ends a stream with an error.
func (c *h2conn) reset(id uint32, code http2.ErrCode) {
	c.mu.Lock()
	c.resetLocked(id, code)
	c.mu.Unlock()
	c.flushBatch()
}

func (c *h2conn) resetLocked(id uint32, code http2.ErrCode) {
	c.last = max(c.last, id)
	c.out = appendFrameHead(c.out, 4, http2.FrameRSTStream, 0, id)
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(code))
	if st := c.streams[id]; st != nil {
		c.forget(id, st)
	}
}

// appendFrameHead appends the nine bytes before a frame's payload (RFC 9113,
// 4.1).
func appendFrameHead(b []byte, length int, t http2.FrameType, flags http2.Flags, stream uint32) []byte {
	return append(b, byte(length>>16), byte(length>>8), byte(length), byte(t), byte(flags),
		byte(stream>>24)&0x7f, byte(stream>>16), byte(stream>>8), byte(stream))
}

func appendSettings(b []byte, settings ...http2.Setting) []byte {
	b = appendFrameHead(b, 6*len(settings), http2.FrameSettings, 0, 0)
	for _, s := range settings {
		b = binary.BigEndian.AppendUint16(b, uint16(s.ID))
		b = binary.BigEndian.AppendUint32(b, s.Val)
	}
	return b
}

func appendGoAway(b []byte, last uint32, code http2.ErrCode) []byte {
	b = appendFrameHead(b, 8, http2.FrameGoAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, last)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

// appendDataFrames appends data as DATA frames of at most size bytes.
func appendDataFrames(b, data []byte, size int, stream uint32, end bool) []byte {
	for len(data) > size {
		b = appendFrameHead(b, size, http2.FrameData, 0, stream)
		b = append(b, data[:size]...)
		data = data[size:]
	}
	var flags http2.Flags
	if end {
		flags = http2.FlagDataEndStream
	}
	b = appendFrameHead(b, len(data), http2.FrameData, flags, stream)
	return append(b, data...)
}
