// Package scenarios turns what a person writes into what a run does.
//
//  1. A [Source] is a scenario as text: a file ([LoadFile]), an embedded scenario ([Find]) or nothing at all, and the settings of
//     the command line on top of it.
//  2. [Decode] reads it into a [Scenario]. Everything that is wrong with it comes back at once as [*Mistakes], each with its
//     place, the line, a caret and the nearest valid name.
//  3. [Scenario.Plan] fills in the defaults, expands ${ENV}, reads the users file, parses thresholds and templates, and gives a
//     [Plan]: what remains is to run it.
//  4. Where the address of the server is known only after it was started, [Plan.WithTarget] puts it in.
//  5. [Plan.Request] is what one subscriber sends.
//
// The same structs give the JSON Schema ([Schema]) that editors complete scenario files with.
package scenarios
