package transport

import "testing"

func TestAddresses(t *testing.T) {
	for in, want := range map[string][3]string{ // origin, authority, the URL as it is sent
		"http://a/":                  {"http://a:80", "a", "http://a/"},
		"http://a:80/":               {"http://a:80", "a", "http://a:80/"},
		"https://a:443/":             {"https://a:443", "a", "https://a:443/"},
		"https://a:80/":              {"https://a:80", "a:80", "https://a:80/"},
		"http://[::1]/":              {"http://[::1]:80", "[::1]", "http://[::1]/"},
		"http://[::1]:8080/":         {"http://[::1]:8080", "[::1]:8080", "http://[::1]:8080/"},
		"http://bücher.example:81/?": {"http://xn--bcher-kva.example:81", "xn--bcher-kva.example:81", "http://xn--bcher-kva.example:81/?"},
		"http://[fe80::1%25eth0]/":   {"http://[fe80::1%eth0]:80", "[fe80::1]", "http://[fe80::1%25eth0]/"},
		"http://[fe80::1%25e]:81/":   {"http://[fe80::1%e]:81", "[fe80::1]:81", "http://[fe80::1%25e]:81/"},
		"https://[::1%251]:443/":     {"https://[::1%1]:443", "[::1]", "https://[::1%251]:443/"},
		"http://a/?q=ä b":            {"http://a:80", "a", "http://a/?q=%C3%A4%20b"},
	} {
		u := sendable(get(t, in).URL)
		if got := [3]string{origin(u), authority(u), u.String()}; got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	for _, c := range []Config{{Protocol: "http3"}, {ConnectTo: ":80"}} {
		if tr, err := New(c); err == nil {
			t.Errorf("%+v is accepted", c)
			tr.Close()
		}
	}
	for in, want := range map[string][2]string{"127.0.0.2": {"127.0.0.2", ""}, "::1": {"::1", ""}, "[::1]": {"::1", ""}, "[::1]:81": {"::1", "81"}, "a:1": {"a", "1"}, "bücher.example:1": {"xn--bcher-kva.example", "1"}} {
		tr, _ := newTransport(t, Config{ConnectTo: in})
		if got := [2]string{tr.connectHost, tr.connectPort}; got != want {
			t.Errorf("%s: got %q", in, got)
		}
	}
}
