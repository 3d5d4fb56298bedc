package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// external is a server that is no Go program: better-sse on Node, or nginx with
// nchan. Its CPU time comes from the kernel, its publishing goes over HTTP.
type external struct {
	cmd  *exec.Cmd
	addr string
	pub  string // URL
	dir  string
}

const nginxConf = `load_module %s;
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid %s/nginx.pid;
error_log %s/error.log;
events { worker_connections 19000; }
http {
  access_log off;
  client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;
  server {
    listen %s backlog=4096;
    location /events { nchan_subscriber eventsource; nchan_channel_id a; }
    location /publish { nchan_publisher; nchan_channel_id a; }
  }
}
`

const nchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so"

// startExternal starts the server; the error says what has to be installed.
func startExternal(kind string) (*external, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	e := &external{addr: addr, pub: "http://" + addr + "/publish"}
	if e.dir, err = os.MkdirTemp("", "refbench"); err != nil {
		return nil, err
	}
	switch kind {
	case "better-sse":
		_, port, _ := net.SplitHostPort(addr)
		script := filepath.Join("peers", "server.js")
		if _, err := os.Stat(filepath.Join("peers", "node_modules", "better-sse")); err != nil {
			if err := installPeers(); err != nil {
				return nil, fmt.Errorf("better-sse is not there: %w", err)
			}
		}
		e.cmd = exec.Command("node", script, port)
	case "nchan":
		if _, err := os.Stat(nchanModule); err != nil {
			return nil, fmt.Errorf("nchan is not there: apt-get install nginx libnginx-mod-nchan")
		}
		conf := filepath.Join(e.dir, "nginx.conf")
		text := fmt.Sprintf(nginxConf, nchanModule, e.dir, e.dir, e.dir, e.dir, e.dir, e.dir, e.dir, addr)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			return nil, err
		}
		e.cmd = exec.Command("nginx", "-c", conf)
	}
	e.cmd.Stderr = os.Stderr
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return e, nil
		}
		if time.Now().After(end) {
			e.stop()
			return nil, fmt.Errorf("%s never listened: %w", kind, err)
		}
	}
}

// installPeers gets the packages of the lock file. The bench runs in its own
// folder.
func installPeers() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	cmd.Dir = "peers"
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("npm ci: %w %s", err, first)
	}
	return nil
}

func (e *external) stop() {
	e.cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() { e.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		e.cmd.Process.Kill()
		<-done
	}
	os.RemoveAll(e.dir)
}

// pids are the server's process and its children.
func (e *external) pids() []int {
	pids := []int{e.cmd.Process.Pid}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pids[0], pids[0]))
	if err == nil {
		for _, f := range strings.Fields(string(b)) {
			var pid int
			if _, err := fmt.Sscan(f, &pid); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// cpu is the CPU time of all threads so far, in ns.
func (e *external) cpu() (ns int64) {
	for _, pid := range e.pids() {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, t := range tasks {
			b, err := os.ReadFile(t)
			if err != nil {
				continue
			}
			var run int64
			if _, err := fmt.Sscan(string(b), &run); err == nil {
				ns += run
			}
		}
	}
	return ns
}

func (e *external) rss() (bytes int64) {
	for _, pid := range e.pids() {
		bytes += rss(pid)
	}
	return bytes
}

// quiet waits until the server has used no CPU for a while.
func (e *external) quiet() {
	last := int64(-1)
	for still := 0; still < 5; time.Sleep(50 * time.Millisecond) {
		now := e.cpu()
		if now-last < 200_000 {
			still++
		} else {
			still = 0
		}
		last = now
	}
}

// externalRound is round for a server that is no Go program. Its CPU is not
// split, and the moment of its last write is not known.
func (p *plan) externalRound(kind string, n int) (result, error) {
	var r result
	e, err := startExternal(kind)
	if err != nil {
		return r, err
	}
	defer e.stop()
	base := e.rss()
	c, err := startChild("drain", e.addr, "0", fmt.Sprint(n))
	if err != nil {
		return r, err
	}
	defer c.stop()
	if _, err := c.line(); err != nil {
		return r, err
	}
	e.quiet()
	if err := c.drain(); err != nil {
		return r, err
	}
	time.Sleep(4 * time.Second)
	r.rest = float64(e.rss()-base) / 1024 / float64(n)
	r.trimmed = r.rest
	for i := range p.events + 1 {
		before := e.cpu()
		resp, err := http.Post(e.pub, "text/plain", strings.NewReader(strings.Repeat("x", 100)))
		if err != nil {
			return r, err
		}
		resp.Body.Close()
		e.quiet()
		got, err := c.read()
		if err != nil {
			return r, err
		}
		if got < 100*n {
			return r, fmt.Errorf("%d bytes came, fewer than %d events have", got, n)
		}
		if i > 0 {
			r.sys += float64(e.cpu()-before) / 1e3 / float64(n*p.events)
		}
	}
	return r, nil
}
