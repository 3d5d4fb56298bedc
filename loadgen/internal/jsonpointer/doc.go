// Package jsonpointer finds a value in a JSON text by its JSON pointer (RFC 6901): in one pass that
// checks the whole text, builds no values and allocates nothing. It is for events and answers that
// differ from stream to stream, so that each of them has to be read.
//
//  1. [Parse] makes a [Pointer] once for a run.
//  2. [Pointer.Find] returns the value as it is written, [Pointer.Text] what it says, [Pointer.Uint]
//     the number that it is. They accept and reject the texts that encoding/json does, and find what
//     decoding into maps and slices would: of members with one name the last, names and strings
//     without escapes, U+FFFD for bytes that are no UTF-8 (a fuzz target holds them to that).
//  3. [ListOf] walks over the elements of an array that was found.
package jsonpointer
