package results

import (
	"runtime/debug"
	"strings"
)

// version is set by the linker in released builds (.goreleaser.yaml).
var version string

// Version returns the release, or what the Go toolchain knows of the build: the tag or the commit that it was made of.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	switch {
	case version != "":
		return version
	case ok && info.Main.Version != "" && info.Main.Version != "(devel)":
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "devel"
}

// UserAgent is what names us in every request that names nobody else: firewalls answer one without a User-Agent with 403.
var UserAgent = "ssebench/" + Version()
