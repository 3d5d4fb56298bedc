package loadgen

import "ssebench/results"

// UserAgent is that of requests which name no other.
var UserAgent = results.UserAgent

// UserAgentOf returns what the clients of a reconnection profile call themselves. Browsers say more of the system than of themselves, and nothing
// of it is this machine's.
func UserAgentOf(profile string) string {
	switch profile {
	case "chromium":
		return "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
	case "firefox":
		return "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	case "safari":
		return "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"
	}
	return UserAgent
}
