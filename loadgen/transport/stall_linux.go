package transport

import (
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A read that brings so many bytes, of which even the last waited so long for us, had most of a receive buffer to read: TCP stops the sender
// at a half to all of its 128 KiB, of which small segments fill a good part with what the kernel needs for each.
const (
	stalledBytes = 16 << 10
	stalledLag   = int64(20 * time.Millisecond)
	// stalledFor is how long such a read is remembered: the samples of the machine's counters are a second apart.
	stalledFor = int64(2 * time.Second)
)

// The places of SO_MEMINFO (linux/sock_diag.h).
const (
	memoryReceived = 0 // bytes that what waits to be read takes
	memoryBuffer   = 1 // bytes that it may take
	memoryFields   = 9
)

// isHalfFull reports whether what waits in a socket fills the half of its receive buffer, beyond which TCP may close its window.
func isHalfFull(fd int32) bool {
	var memory [memoryFields]uint32
	size := uint32(unsafe.Sizeof(memory))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO, uintptr(unsafe.Pointer(&memory)), uintptr(unsafe.Pointer(&size)), 0)
	return errno == 0 && memory[memoryBuffer] > 0 && memory[memoryReceived] >= memory[memoryBuffer]/2
}

// stalled implements engine.
func (e *loops) stalled() bool {
	for _, p := range e.byLane {
		if p.isStalled() {
			return true
		}
	}
	return false
}

// isStalled looks at the last read that came too late, and at every socket. It goes in steps, so that no stream waits for long.
func (p *loop) isStalled() bool {
	p.lane.Hold()
	defer p.lane.Release()
	if p.stall != 0 && p.clock.now()-p.stall < stalledFor {
		return true
	}
	for slot := 0; slot < len(p.sockets); slot++ {
		if k := &p.sockets[slot]; k.owner != nil && isHalfFull(k.owner.descriptor()) {
			return true
		}
		if slot%weighBatch == weighBatch-1 {
			p.lane.Release()
			runtime.Gosched()
			p.lane.Hold()
		}
	}
	return false
}
