package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

// fixture is a small server in a process of its own, for the scripts: the shapes of servers that people have. It listens on a
// free port, says so on standard output, and ends when it is killed.
//
//	fixture plain               net/http: GET /events?topic=, POST /publish?topic=
//	fixture feed -redis ADDR    a subscription to a Redis channel; publishing by Redis or by POST /publish
//	fixture page -retry MS,...  a finite page with a retry line; the n-th request of a client gets the n-th value, then the last
//	fixture clock [-hold]       unix milliseconds once a second, 20 times; -hold flushes nothing before the end
//	fixture accounts            a login that sets a cookie, and streams for those who have it
//	fixture poster URL          posts each line of its standard input
//	fixture spin DURATION       a busy loop
//	fixture ask URL             posts nothing, and waits for the answer
//	fixture delay TIME DEV DEV  passes frames on between two network devices, so much later (Linux)
//	fixture endings HOW...      streams that end in a way to choose
//	fixture bad                 one path for each way to be wrong
//	fixture holding             one path for each thing that a server can hold back
func fixture() {
	kind := os.Args[1]
	switch kind {
	case "endings":
		serveEndings(os.Args[2:])
	case "poster":
		poster(os.Args[2])
		return
	case "spin":
		spin(os.Args[2])
		return
	case "ask":
		ask(os.Args[2])
		return
	case "delay":
		fmt.Fprintln(os.Stderr, delay(os.Args[2], os.Args[3], os.Args[4]))
		os.Exit(1)
	}
	flags := flag.NewFlagSet(kind, flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address")
	redisAddr := flags.String("redis", "", "address of Redis")
	retries := flags.String("retry", "2000", "values of the retry line, comma-separated")
	hold := flags.Bool("hold", false, "flush nothing before the end")
	_ = flags.Parse(os.Args[2:])

	var handler http.Handler
	switch kind {
	case "plain":
		handler = newPlain()
	case "feed":
		handler = feed(*redisAddr)
	case "page":
		handler = newPage(*retries)
	case "clock":
		handler = clock(*hold)
	case "accounts":
		handler = accounts()
	case "bad":
		handler = bad()
	case "holding":
		handler = newHolding()
	default:
		fmt.Fprintln(os.Stderr, "unknown fixture", kind)
		os.Exit(2)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening on http://" + l.Addr().String())
	fmt.Fprintln(os.Stderr, http.Serve(l, handler))
	os.Exit(1)
}

// spin keeps one processor busy for a time.
func spin(duration string) {
	d, err := time.ParseDuration(duration)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for start := time.Now(); time.Since(start) < d; {
	}
}

// plain is what a Go programmer writes first: a map of channels and a handler that flushes.
type plain struct {
	mu   sync.Mutex
	subs map[string]map[chan []byte]bool
	http.ServeMux
}

func newPlain() *plain {
	p := &plain{subs: make(map[string]map[chan []byte]bool)}
	p.HandleFunc("GET /events", p.events)
	p.HandleFunc("POST /publish", p.publish)
	return p
}

func (p *plain) events(w http.ResponseWriter, r *http.Request) {
	topic, ch := r.FormValue("topic"), make(chan []byte, 1024)
	p.mu.Lock()
	if p.subs[topic] == nil {
		p.subs[topic] = make(map[chan []byte]bool)
	}
	p.subs[topic][ch] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.subs[topic], ch)
		p.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	w.(http.Flusher).Flush()
	for {
		select {
		case data := <-ch:
			fmt.Fprintf(w, "data: %s\n\n", data)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (p *plain) publish(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for ch := range p.subs[r.FormValue("topic")] {
		ch <- data
	}
	w.WriteHeader(http.StatusNoContent)
}

// feed subscribes each client to the Redis channel "feed", whose messages are JSON arrays [event, data].
func feed(addr string) http.Handler {
	pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr) }, MaxIdle: 8}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		conn, err := redis.DialContext(r.Context(), "tcp", addr)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer conn.Close()
		sub := redis.PubSubConn{Conn: conn}
		if err := sub.Subscribe("feed"); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		sub.Receive() // the subscription's own answer
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: 1\n")
		w.(http.Flusher).Flush()
		stop := context.AfterFunc(r.Context(), func() { conn.Close() })
		defer stop()
		for {
			m, ok := sub.Receive().(redis.Message)
			if !ok {
				return
			}
			var pair [2]string
			if json.Unmarshal(m.Data, &pair) != nil {
				continue
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", pair[0], pair[1])
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		message, _ := json.Marshal([2]string{r.FormValue("event"), string(data)})
		conn := pool.Get()
		defer conn.Close()
		if _, err := conn.Do("PUBLISH", "feed", message); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	return mux
}

// page is a finite stream: SSE as polling.
type page struct {
	mu       sync.Mutex
	requests map[string]int
	retries  []string
}

func newPage(retries string) *page {
	return &page{requests: make(map[string]int), retries: strings.Split(retries, ",")}
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	client := r.FormValue("client")
	p.mu.Lock()
	n := p.requests[client]
	p.requests[client]++
	p.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, "retry: %s\n", p.retries[min(n, len(p.retries)-1)])
	for _, event := range []string{"up", "down"} {
		fmt.Fprintf(w, "event: %s\ndata: first line\ndata: second line\n\n", event)
	}
}

func clock(hold bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		if !hold {
			w.(http.Flusher).Flush()
		}
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for range 20 {
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			}
			fmt.Fprintf(w, "data: %d\n\n", time.Now().UnixMilli())
			if !hold {
				w.(http.Flusher).Flush()
			}
		}
	})
}

// accounts lets in who knows "secret-" and the own name, and streams one event to whom the cookie, the path, the team and the body fit.
func accounts() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		name := r.FormValue("name")
		if r.FormValue("password") != "secret-"+name {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "of-" + name, Path: "/"})
	})
	mux.HandleFunc("POST /private/{name}", func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("session")
		var body struct {
			Client int
			Topic  string
		}
		decodeErr := json.NewDecoder(r.Body).Decode(&body)
		team := map[string]string{"ada": "one", "bob": "two", "cyd": "one"}[r.PathValue("name")]
		topic := []string{"red", "green"}[body.Client%2]
		if err != nil || decodeErr != nil || cookie.Value != "of-"+r.PathValue("name") || r.Header.Get("X-Team") != team || body.Topic != topic {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: welcome\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	return mux
}

// poster is an exec hook: a line in, a request out.
func poster(url string) {
	insecure := http.DefaultTransport.(*http.Transport).Clone()
	insecure.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	client := &http.Client{Transport: insecure}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		response, err := client.Post(url, "text/plain", strings.NewReader(lines.Text()))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		response.Body.Close()
	}
}

func ask(url string) {
	response, err := http.Post(url, "text/plain", nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(response.Body)
		fmt.Fprintf(os.Stderr, "%s: %s\n", response.Status, said)
		os.Exit(1)
	}
}

// bad answers wrongly, each path in its own way.
func bad() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><title>Hello</title>")
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	})
	mux.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/halfway", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: whole\n\ndata: ha")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.Handle("/away", http.RedirectHandler("http://192.0.2.1/events", http.StatusFound))
	mux.HandleFunc("/slow-hook", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	return mux
}
