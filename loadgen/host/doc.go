// Package host is this machine, as far as a run depends on it.
//
//  1. [Preflight] compares what a plan needs (descriptors, ports, memory) with what the machine allows, before the first
//     connection. [RaiseFileLimit] lifts the soft limit first; [LoopbackSources] derives further source addresses;
//     [MaxConnections] tells a scenario that shrinks itself how far; [FreePort] finds it a port.
//  2. A [Guard] keeps load away from every machine that the user did not name.
//  3. [Start] runs the server under test in a process group of its own and waits until it is ready; [Attach] looks at one that
//     runs already. A [Process] samples its CPU, memory and run delay, restarts it and stops it.
//  4. [Self] samples our own process and its GC pauses, [Pressure] the whole machine's shortage of CPU, [Watch] notices full receive
//     buffers and steps of the clock, and [Environment] tells what figures depend on.
//
// Where a system does not offer a figure it is left out or marked as unknown; that is never an error by itself.
package host
