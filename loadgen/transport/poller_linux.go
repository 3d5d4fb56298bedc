package transport

import (
	"errors"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// While events come, a loop sleeps between polls: a loop that blocks makes the sender pay for waking it with each event, on the same
// machine often more than the event itself. nap is how long; after calm polls in a row without an event the loop blocks again.
const (
	nap  = 100 * time.Microsecond
	calm = 20
)

// wakeSlot is what the event of a wake names.
const wakeSlot = int32(-1)

// poller is an epoll descriptor with a way to be woken.
type poller struct {
	fd, wakefd int
	adaptive   bool
	naps       int // polls that may still come to nothing before the next one blocks
	full       bool
	coarse     bool // no epoll_pwait2(2): the kernel is older than 5.11
	pause      unix.Timespec
	events     [batch]unix.EpollEvent
}

func (p *poller) open(adaptive bool) (err error) {
	p.adaptive = adaptive
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if p.wakefd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		unix.Close(p.fd)
		return os.NewSyscallError("eventfd", err)
	}
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: wakeSlot}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, p.wakefd, &e); err != nil {
		p.close()
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

func (p *poller) close() {
	unix.Close(p.fd)
	unix.Close(p.wakefd)
}

// wake ends a wait. Any goroutine calls it until the loop ended.
func (p *poller) wake() {
	one := [8]byte{1}
	unix.Write(p.wakefd, one[:]) // it fails only where it is to be woken anyway
}

// add polls a descriptor; its events name the slot and the turn, in Fd and Pad.
func (p *poller) add(fd, slot int32, turn, events uint32) error {
	e := unix.EpollEvent{Events: events, Fd: slot, Pad: int32(turn)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, int(fd), &e))
}

func (p *poller) modify(fd, slot int32, turn, events uint32) error {
	e := unix.EpollEvent{Events: events, Fd: slot, Pad: int32(turn)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, int(fd), &e))
}

func (p *poller) remove(fd int32) { unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, int(fd), nil) }

// wait gives the sockets that are ready; valid until the next call. It blocks no longer than it may; negative: for ever. Without leave
// to nap, while handshakes need the processors, it is woken by whatever comes.
func (p *poller) wait(most time.Duration, mayNap bool) []unix.EpollEvent {
	if p.adaptive && mayNap && p.naps > 0 && most != 0 {
		if !p.full {
			p.pause = unix.NsecToTimespec(int64(nap))
			if most > 0 && most < nap {
				p.pause = unix.NsecToTimespec(int64(most))
			}
			// The loop keeps its processor meanwhile, which the scheduler has others beside (loops_linux.go): handing it over and
			// back would cost more than the nap saves. Cut short by a signal it does no harm.
			unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&p.pause)), 0, 0)
		}
		most = 0
	}
	n := p.poll(most)
	p.full = n == batch
	if n > 0 {
		p.naps = calm
	} else if p.naps > 0 {
		p.naps--
	}
	return p.events[:n]
}

func (p *poller) poll(most time.Duration) int {
	if most == 0 {
		// Cannot block, so the scheduler need not know.
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), batch, 0, 0, 0)
		if errno != 0 {
			return 0
		}
		return int(n)
	}
	if !p.coarse {
		var timeout *unix.Timespec
		if most > 0 {
			p.pause = unix.NsecToTimespec(int64(most))
			timeout = &p.pause
		}
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), batch, uintptr(unsafe.Pointer(timeout)), 0, 0)
		if errno == 0 {
			return int(n)
		}
		p.coarse = errors.Is(errno, unix.ENOSYS)
		if !p.coarse {
			return 0 // interrupted
		}
	}
	millis := -1
	if most > 0 {
		millis = int((most + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := unix.EpollWait(p.fd, p.events[:], millis)
	if err != nil {
		return 0
	}
	return n
}
