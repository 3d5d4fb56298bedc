package host

import (
	"os"
	"path/filepath"
	"testing"
)

func TestBufferLimit(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"the machine's":          {map[string]string{"meminfo": "MemTotal: 8192 kB\n", "self/cgroup": "0::/a/b\n"}, 2 * mib},
		"a group's":              {map[string]string{"meminfo": "MemTotal: 8192 kB\n", "self/cgroup": "0::/a/b\n", "g/a/b/memory.max": "4194304\n"}, mib},
		"that around a group":    {map[string]string{"meminfo": "MemTotal: 8192 kB\n", "self/cgroup": "0::/a/b\n", "g/a/b/memory.max": "max\n", "g/a/memory.max": "4194304\n"}, mib},
		"a container's root":     {map[string]string{"meminfo": "MemTotal: 8192 kB\n", "self/cgroup": "0::/../x\n", "g/memory.max": "4194304\n"}, mib},
		"a group of version one": {map[string]string{"meminfo": "MemTotal: 8192 kB\n", "self/cgroup": "4:cpu:/a\n5:memory:/a\n", "g/memory/a/memory.limit_in_bytes": "4194304\n"}, mib},
		"a group beyond it":      {map[string]string{"meminfo": "MemTotal: 8192 kB\n", "self/cgroup": "0::/\n", "g/memory.max": "9223372036854771712\n"}, 2 * mib},
		"unknown":                {nil, 1 << 30},
	} {
		proc := t.TempDir()
		for path, text := range c.files {
			path = filepath.Join(proc, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := bufferLimit(proc, filepath.Join(proc, "g")); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if BufferLimit() < mib {
		t.Errorf("on this machine: %d", BufferLimit())
	}
}
