package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"ssebench/loadgen/host/hosttest"
)

// nginxCommand writes a configuration and gives the command that serves it, in the foreground. http is what stands in the http block,
// modules are those of Debian's packages to be loaded.
func nginxCommand(tb testing.TB, http string, modules ...string) []string {
	tb.Helper()
	program := hosttest.Program(tb, "nginx", "nginx-light")
	load := ""
	for _, m := range modules {
		path := "/usr/lib/nginx/modules/" + m + ".so"
		if _, err := os.Stat(path); err != nil {
			hosttest.Missing(tb, "nginx's module "+m+" is not installed (apt-get install libnginx-mod-nchan)")
		}
		load += "load_module " + path + ";\n"
	}
	dir := tb.TempDir()
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`%s
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 20000; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
%s
}
`, load, http)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return []string{program, "-p", dir, "-e", "stderr", "-c", conf}
}

// nchan is a configuration of nginx's nchan module at an address: GET /events?topic=, POST /publish?topic=, and GET /ready, which answers
// 204 once it can serve both. It keeps the history of a topic in Redis where there is an address for that, and else in its own memory.
func nchan(listen, redis string) string {
	upstream, pass := "", ""
	if redis != "" {
		upstream = "upstream history { nchan_redis_server redis://" + redis + "; }"
		pass = "nchan_redis_pass history;"
	}
	return fmt.Sprintf(`%[1]s
	server {
		listen %[2]s backlog=4096;
		location = /events { nchan_subscriber eventsource; nchan_channel_id $arg_topic; nchan_subscriber_first_message newest; %[3]s }
		location = /publish { nchan_publisher; nchan_channel_id $arg_topic; nchan_message_buffer_length 1000; nchan_message_timeout 10m; %[3]s }
		# Until it has found Redis it answers 503, and then 404 about a topic that nobody has.
		location = /ready { proxy_pass http://%[2]s/publish?topic=nobody; proxy_intercept_errors on; error_page 404 = @ready; }
		location @ready { return 204; }
	}`, upstream, listen, pass)
}
