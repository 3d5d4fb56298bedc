package host

import "testing"

func TestEveryRunHasTheSameRoomForGarbage(t *testing.T) {
	for _, streams := range []int{0, 100, 5_000, 15_000, 50_000} {
		live := liveBase + livePerStream*streams
		if room := collectorPercent(streams) * live / 100; room < 3<<18 || room > 5<<19 {
			t.Errorf("%d streams: %d MiB of garbage", streams, room>>20)
		}
	}
	if p := collectorPercent(10_000_000); p != 10 {
		t.Errorf("%d %% of very many streams", p)
	}
}
