package loadgen

import (
	"runtime"
	"testing"
	"unsafe"
)

// The generator may take half a kibibyte for each stream, transport included: subscriptions have about half of it.
func TestASubscriptionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(subscription{}); size > 240 {
		t.Errorf("a subscription has %d bytes", size)
	}
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	inUse := func(subscribers int) int64 {
		before := live()
		f := openField(t, subscribers)
		for range 3 {
			f.publish()
			f.visitAll(t)
		}
		used := live() - before
		runtime.KeepAlive(f)
		return used
	}
	const few, many = 5_000, 45_000
	each := (inUse(many) - inUse(few)) / (many - few)
	if each > 250 { // with its place in the slice of all subscriptions, and the wider histograms of more receipts
		t.Errorf("a subscription that has received events takes %d bytes", each)
	}
	t.Logf("%d bytes, %d in all", unsafe.Sizeof(subscription{}), each)
}
