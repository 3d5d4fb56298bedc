package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// delay passes frames on between two devices, each the duration later: netem, for kernels that have none.
func delay(duration, near, far string) error {
	d, err := time.ParseDuration(duration)
	if err != nil {
		return err
	}
	a, err := openDevice(near)
	if err != nil {
		return err
	}
	b, err := openDevice(far)
	if err != nil {
		return err
	}
	ended := make(chan error, 4)
	for _, way := range [][2]int{{a, b}, {b, a}} {
		frames := make(chan frame, 1<<14)
		go func() { ended <- readFrames(way[0], frames) }()
		go func() { ended <- writeFrames(way[1], frames, d) }()
	}
	fmt.Println("relaying")
	return <-ended
}

// frame is what came, behind a virtio_net_hdr, which says which checksums are still to be computed.
type frame struct {
	bytes []byte
	at    time.Time
}

func readFrames(fd int, frames chan<- frame) error {
	const look = 1024 // after so many frames
	for seen := 1; ; seen++ {
		if seen%look == 0 {
			// The kernel forgets what it has told.
			if s, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err != nil || s.Drops > 0 {
				return fmt.Errorf("%d frames were lost on their way through the relay (%v): its buffer is too small", s.Drops, err)
			}
		}
		b := make([]byte, 2048)
		n, err := unix.Read(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		frames <- frame{b[:n], time.Now()}
	}
}

func writeFrames(fd int, frames <-chan frame, d time.Duration) error {
	for f := range frames {
		time.Sleep(d - time.Since(f.at))
		for {
			_, err := unix.Write(fd, f.bytes)
			if err == nil {
				break
			}
			if err != unix.EINTR && err != unix.ENOBUFS {
				return fmt.Errorf("write %d bytes: %w", len(f.bytes), err)
			}
		}
	}
	return nil
}

// openDevice gives a packet(7) socket for all that comes on a device.
func openDevice(name string) (fd int, err error) {
	device, err := net.InterfaceByName(name)
	if err != nil {
		return -1, err
	}
	const ignoreOutgoing = 23 // PACKET_IGNORE_OUTGOING of linux/if_packet.h
	all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
	if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, err
	}
	for _, option := range []int{unix.PACKET_VNET_HDR, ignoreOutgoing} {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, option, 1); err != nil {
			return -1, fmt.Errorf("packet socket option %d: %w", option, err)
		}
	}
	const buffer = 64 << 20 // an event goes to all subscribers at once
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, buffer); err != nil {
		return -1, fmt.Errorf("receive buffer of a packet socket: %w", err)
	}
	return fd, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: device.Index})
}
