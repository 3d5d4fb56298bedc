// Package results holds what a run comes to, from the first recorded value to the document that is shown and compared.
//
//  1. The Catalogue names every metric: its kind, unit and meaning. Its names are a contract with thresholds and scripts.
//  2. Values holds what was counted and recorded. A shard of the recorder is one, and they merge.
//  3. Histogram is the range that all durations share. What it cannot hold, and what never came, keeps its rank beside it.
//  4. Interval is a second of everything. The journal is a Header and a line for each interval; JournalWriter appends them as
//     they end, JournalReader reads them, also after a kill.
//  5. Folder turns a header and its intervals into a Document: for a live run, a journal and a fleet alike.
//  6. Threshold is an expression over the catalogue, checked for names and units when it is parsed, and held against a document.
//  7. The document's Verdict says whether the thresholds held and whether the generator can be trusted; ExitCode makes one
//     number of it.
//
// Load reads a document or a journal from a file, and Format writes a value in the unit that a person would choose.
package results
