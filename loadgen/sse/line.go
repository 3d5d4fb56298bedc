package sse

import "math"

// A field is the kind of a line.
type field int

const (
	fieldUnknown field = iota // ignored by the standard
	fieldComment
	fieldData
	fieldEvent
	fieldID
	fieldRetry
)

var fieldNames = [...]string{fieldData: "data", fieldEvent: "event", fieldID: "id", fieldRetry: "retry"}

// split takes a line that is not empty apart (9.2.6, the steps for each line): the name ends at the first colon or the
// line's end, one space after the colon does not count. A comment's value is all that follows its colon.
func split(line []byte) (field, []byte) {
	switch line[0] {
	case 'd':
		if len(line) >= 4 && string(line[:4]) == "data" {
			return valueOf(fieldData, line[4:])
		}
	case 'e':
		if len(line) >= 5 && string(line[:5]) == "event" {
			return valueOf(fieldEvent, line[5:])
		}
	case 'i':
		if len(line) >= 2 && line[1] == 'd' {
			return valueOf(fieldID, line[2:])
		}
	case 'r':
		if len(line) >= 5 && string(line[:5]) == "retry" {
			return valueOf(fieldRetry, line[5:])
		}
	case ':':
		return fieldComment, line[1:]
	}
	return fieldUnknown, nil
}

// valueOf takes off what is between a field's name and its value.
func valueOf(f field, value []byte) (field, []byte) {
	if len(value) > 0 {
		if value[0] != ':' {
			return fieldUnknown, nil
		}
		if value = value[1:]; len(value) > 0 && value[0] == ' ' {
			value = value[1:]
		}
	}
	return f, value
}

// couldBeField reports whether a line that the stream's end cut short was a field, or the start of a field's name.
func couldBeField(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	if f, _ := split(line); f != fieldUnknown {
		return f != fieldComment
	}
	for _, name := range fieldNames {
		if len(line) < len(name) && string(line) == name[:len(line)] {
			return true
		}
	}
	return false
}

// parseMillis reads a retry field's value: ASCII digits, at least one, and nothing else (9.2.6). What int64 cannot hold
// becomes its maximum.
func parseMillis(value []byte) (millis int64, ok bool) {
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		if digit := int64(c - '0'); millis > (math.MaxInt64-digit)/10 {
			millis = math.MaxInt64
		} else {
			millis = millis*10 + digit
		}
	}
	return millis, len(value) > 0
}
