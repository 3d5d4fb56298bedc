// Package report shows result documents to people and to other programs.
//
//  1. Text is what a person reads after a run: thresholds, verdict and warnings, then the figures in tables.
//  2. JSON is the document itself, laid out so that a person can read that too.
//
// Every renderer prints the warnings. None of them computes a figure that is not in the document.
package report
