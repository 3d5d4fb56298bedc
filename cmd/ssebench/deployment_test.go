package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// deployment is two nodes of the reference server behind nginx, and what an operator has beside them: something that publishes to both,
// and something that restarts one of them.
type deployment struct {
	url     string // of nginx
	control string // POST /publish?topic=&id= and POST /restart?node=&how=
	down    time.Duration

	mu    sync.Mutex // of restarts
	nodes [2]*node
}

// node is one reference server, on a port that it keeps over its restarts.
type node struct {
	address string
	process *exec.Cmd
}

// proxies are ways to configure nginx's upstream: what stands before its nodes and behind each, and in the location.
var proxies = map[string]struct{ balance, node, location string }{
	// Nothing is said: nodes in turn, and another one where a node cannot be reached, which is then held for dead for ten seconds.
	"stock": {},
	// The same, and no node is held for dead.
	"patient": {node: " max_fails=0"},
	// Each client has its node, whatever comes.
	"pinned": {balance: "hash $arg_client;", node: " max_fails=0", location: "proxy_next_upstream off;"},
}

// deploy starts a deployment behind one of the proxies that ends with the test. down is how long a node is away when it is restarted.
func deploy(tb testing.TB, proxy string, down time.Duration) *deployment {
	tb.Helper()
	long(tb)
	d := &deployment{down: down}
	say, ok := proxies[proxy]
	if !ok {
		tb.Fatalf("no proxy has the name %s", proxy)
	}
	upstream := say.balance
	for i := range d.nodes {
		port, err := freePort()
		if err != nil {
			tb.Fatal(err)
		}
		d.nodes[i] = &node{address: fmt.Sprintf("127.0.0.1:%d", port)}
		upstream += " server " + d.nodes[i].address + say.node + ";"
		if err := d.nodes[i].start(); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Cleanup(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, n := range d.nodes {
			_ = n.stop(os.Kill) // at the end of the test it does not matter how
		}
	})
	port, err := freePort()
	if err != nil {
		tb.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	startNginx(tb, listen, nginxCommand(tb, fmt.Sprintf(`
	upstream nodes { %s }
	server {
		listen %s backlog=4096;
		location / { proxy_pass http://nodes; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 1h; %s }
	}`, upstream, listen, say.location)))
	d.url = "http://" + listen
	mux := http.NewServeMux()
	mux.HandleFunc("POST /publish", d.publish)
	mux.HandleFunc("POST /restart", d.restart)
	control := httptest.NewServer(mux)
	tb.Cleanup(control.Close)
	d.control = control.URL
	return d
}

// startNginx starts nginx and waits until it listens.
func startNginx(tb testing.TB, listen string, words []string) {
	tb.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.SysProcAttr = released() // which takes its workers along
	cmd.Stderr = os.Stderr
	startUntilEnd(tb, cmd)
	awaitListener(tb, listen)
}

func (n *node) start() error {
	path, err := exec.LookPath("ssebench")
	if err != nil {
		return err
	}
	n.process = exec.Command(path, "serve", "--listen", n.address, "--cors", "*")
	n.process.SysProcAttr = tethered()
	n.process.Stderr = os.Stderr
	out, err := n.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := n.process.Start(); err != nil {
		return err
	}
	_, err = bufio.NewReader(out).ReadString('\n')
	return err
}

func (n *node) stop(how os.Signal) error {
	if err := n.process.Process.Signal(how); err != nil {
		return err
	}
	_ = n.process.Wait() // its status is the signal's
	return nil
}

// toNode takes a new connection each time: one that a node left behind would fail at the next one.
var toNode = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// publish gives an event to the nodes that are there, as a broker behind them would.
func (d *deployment) publish(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	failures := make([]error, len(d.nodes))
	var both sync.WaitGroup
	for i, n := range d.nodes {
		both.Go(func() {
			answer, err := toNode.Post("http://"+n.address+"/publish?"+r.URL.RawQuery, "text/plain", bytes.NewReader(body))
			if err != nil {
				failures[i] = err
				return
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				failures[i] = errors.New(answer.Status)
			}
		})
	}
	both.Wait()
	if failures[0] != nil && failures[1] != nil {
		http.Error(w, errors.Join(failures...).Error(), http.StatusBadGateway)
	}
}

// restart ends a node, with a drain (its streams get a farewell with a reconnection time of their own) or by SIGKILL, and starts it again.
func (d *deployment) restart(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	how := map[string]os.Signal{"drain": syscall.SIGTERM, "kill": syscall.SIGKILL}[r.FormValue("how")]
	n := d.nodes[strings.Index("12", r.FormValue("node"))]
	back := time.NewTimer(d.down)
	err := n.stop(how)
	if err == nil {
		<-back.C
		err = n.start()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
