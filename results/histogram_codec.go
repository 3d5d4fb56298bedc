package results

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// The cookies that HdrHistogram's V2 format begins with, uncompressed and compressed, for words of eight bytes.
const (
	cookieV2           = 0x1c849303 | 0x10
	cookieV2Compressed = 0x1c849304 | 0x10
)

// encoder is what encoding needs. There is one: a compressor has half a megabyte of tables, and a run encodes a dozen histograms a
// second, one after the other.
var encoder struct {
	mu         sync.Mutex
	payload    []byte
	compressed bytes.Buffer
	zlib       *zlib.Writer
}

// encode gives the base64 of HdrHistogram's V2 compressed format: the counts of all slots up to the last one in use as ZigZag
// LEB128 numbers, where -n stands for a run of n zeros.
func (b *buckets) encode() (string, error) {
	e := &encoder
	e.mu.Lock()
	defer e.mu.Unlock()
	const header = 40
	p := append(e.payload[:0], make([]byte, header)...)
	next := 0
	b.each(func(slot int, n int64) bool {
		switch zeros := int64(slot - next); zeros {
		case 0:
		case 1:
			p = appendZigZag(p, 0)
		default:
			p = appendZigZag(p, -zeros)
		}
		p = appendZigZag(p, n)
		next = slot + 1
		return true
	})
	if next == 0 {
		p = appendZigZag(p, 0)
	}
	e.payload = p
	binary.BigEndian.PutUint32(p, cookieV2)
	binary.BigEndian.PutUint32(p[4:], uint32(len(p)-header))
	binary.BigEndian.PutUint32(p[12:], histogramDigits) // after an offset of zero
	binary.BigEndian.PutUint64(p[16:], uint64(histogramLowest))
	binary.BigEndian.PutUint64(p[24:], uint64(histogramHighest))
	binary.BigEndian.PutUint64(p[32:], math.Float64bits(1))

	e.compressed.Reset()
	e.compressed.Write(make([]byte, 8))
	if e.zlib == nil {
		var err error
		if e.zlib, err = zlib.NewWriterLevel(&e.compressed, zlib.BestSpeed); err != nil {
			return "", fmt.Errorf("encoding a histogram: %w", err)
		}
	}
	e.zlib.Reset(&e.compressed)
	if _, err := e.zlib.Write(p); err != nil {
		return "", fmt.Errorf("encoding a histogram: %w", err)
	}
	if err := e.zlib.Close(); err != nil {
		return "", fmt.Errorf("encoding a histogram: %w", err)
	}
	out := e.compressed.Bytes()
	binary.BigEndian.PutUint32(out, cookieV2Compressed)
	binary.BigEndian.PutUint32(out[4:], uint32(len(out)-8))
	return base64.StdEncoding.EncodeToString(out), nil
}

// appendZigZag appends a number in seven bits a byte, lowest first, its sign in the lowest; a ninth byte has eight.
func appendZigZag(p []byte, n int64) []byte {
	v := uint64(n<<1) ^ uint64(n>>63)
	for range 8 {
		if v < 0x80 {
			return append(p, byte(v))
		}
		p = append(p, byte(v)|0x80)
		v >>= 7
	}
	return append(p, byte(v))
}

// histogramJSON is a histogram in a journal. Min and Max are exact; the buckets are not.
type histogramJSON struct {
	HDR        string `json:"hdr"` // base64 of the V2 compressed buckets
	Min        *int64 `json:"min,omitempty"`
	Max        *int64 `json:"max,omitempty"`
	Negatives  int64  `json:"negatives,omitempty"`
	Censored   int64  `json:"censored,omitempty"`
	OutOfRange int64  `json:"out_of_range,omitempty"`
}

// MarshalJSON writes the histogram with its buckets compressed.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	encoded, err := h.buckets.encode()
	if err != nil {
		return nil, err
	}
	j := histogramJSON{HDR: encoded, Negatives: h.Negatives, Censored: h.Censored, OutOfRange: h.OutOfRange}
	if h.Count() > 0 {
		j.Min, j.Max = &h.min, &h.max
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote. A histogram of another range is refused: it would not merge.
func (h *Histogram) UnmarshalJSON(data []byte) error {
	var j histogramJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	decoded, err := decodeHistogram(j.HDR, j.Negatives, j.Censored, j.OutOfRange)
	if err != nil {
		return err
	}
	if j.Min != nil && j.Max != nil {
		if *j.Min > *j.Max {
			return errors.New("a histogram's minimum is over its maximum")
		}
		decoded.min, decoded.max = *j.Min, *j.Max
	}
	*h = *decoded
	return nil
}

func decodeHistogram(encoded string, negatives, censored, outOfRange int64) (*Histogram, error) {
	if negatives < 0 || censored < 0 || outOfRange < 0 {
		return nil, errors.New("a histogram's count is negative")
	}
	h := NewHistogram()
	h.Negatives, h.Censored, h.OutOfRange = negatives, censored, outOfRange
	if encoded != "" {
		buckets, err := hdr.DecodePacked([]byte(encoded))
		if err != nil {
			return nil, fmt.Errorf("a histogram's buckets are damaged: %w", err)
		}
		if buckets.LowestTrackableValue() != histogramLowest || buckets.HighestTrackableValue() != histogramHighest ||
			buckets.SignificantFigures() != histogramDigits {
			return nil, fmt.Errorf("a histogram has the range %d ns to %d ns at %d digits, not %d ns to %d ns at %d",
				buckets.LowestTrackableValue(), buckets.HighestTrackableValue(), buckets.SignificantFigures(),
				histogramLowest, histogramHighest, histogramDigits)
		}
		for value, n := range buckets.ForEachBucket {
			slot := slotOf(value)
			if slot >= allSlots {
				return nil, errors.New("a histogram's buckets are damaged: a value lies beyond its range")
			}
			if err := h.buckets.addMany(slot, n); err != nil {
				return nil, fmt.Errorf("a histogram's buckets are damaged: %w", err)
			}
		}
	}
	h.buckets.each(func(slot int, _ int64) bool {
		lowest, width := bounds(slot)
		h.min, h.max = min(h.min, lowest), max(h.max, lowest+width-1)
		return true
	})
	if h.Negatives > 0 {
		h.min, h.max = min(h.min, -1), max(h.max, -1)
	}
	if h.OutOfRange > 0 {
		h.min, h.max = min(h.min, histogramHighest+1), max(h.max, histogramHighest+1)
	}
	return h, nil
}
