package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() {
	commands["answer"] = answer
	commands["serving"] = serving
	commands["certificate"] = certificate
}

// answer FILE[:hold|:reset]... starts a server that answers its n-th request with the n-th file, byte for byte but for the head's
// line ends, and those of a chunked body, which become CRLF, and $URL in the head; an empty file is no answer. It then closes the
// connection, waits for the client to do so (:hold), or resets it (:reset). Every later request gets the last file. URL is set to its address. What was asked stands in the file requests.
func answer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: answer FILE[:hold|:reset]...")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	a := &answers{url: "http://" + l.Addr().String(), log: ts.MkAbs("requests")}
	for _, arg := range args {
		file, how, _ := strings.Cut(arg, ":")
		head, body, _ := strings.Cut(ts.ReadFile(file), "\n\n")
		if head != "" {
			head = strings.ReplaceAll(strings.ReplaceAll(head, "$URL", a.url), "\n", "\r\n") + "\r\n\r\n"
		}
		if strings.Contains(head, "chunked") {
			body = strings.ReplaceAll(body, "\n", "\r\n")
		}
		a.all = append(a.all, canned{head + body, how})
	}
	ts.Check(os.WriteFile(a.log, nil, 0o644))
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { a.serve(c.(*net.TCPConn)) })
		}
	})
	ts.Defer(func() {
		l.Close()
		a.close()
		serving.Wait()
	})
	ts.Setenv("URL", a.url)
}

type canned struct{ bytes, how string }

type answers struct {
	url string
	log string
	all []canned

	mu       sync.Mutex
	requests int
	open     []*net.TCPConn
}

func (a *answers) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.open {
		c.Close()
	}
}

func (a *answers) serve(c *net.TCPConn) {
	defer c.Close()
	in := bufio.NewReader(c)
	r, err := readRequest(in)
	if err != nil {
		return
	}
	a.mu.Lock()
	this := a.all[min(a.requests, len(a.all)-1)]
	a.requests++
	a.open = append(a.open, c)
	log, err := os.OpenFile(a.log, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = log.WriteString(r)
		log.Close()
	}
	a.mu.Unlock()
	if err != nil {
		return
	}
	io.WriteString(c, this.bytes)
	switch this.how {
	case "hold":
		io.Copy(io.Discard, in)
	case "reset":
		c.SetLinger(0)
	}
}

// readRequest gives a request as text: its line, its fields as they came but for the value of Host, its body, and a blank line.
func readRequest(in *bufio.Reader) (string, error) {
	var b strings.Builder
	length := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimSuffix(line, "\r\n")
		if line == "" {
			break
		}
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "host":
			line = name + ": HOST"
		case "content-length":
			if _, err := fmt.Sscanf(line, name+": %d", &length); err != nil {
				return "", err
			}
		}
		b.WriteString(line + "\n")
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(in, body); err != nil {
		return "", err
	}
	if length > 0 {
		fmt.Fprintf(&b, "\n%s\n", body)
	}
	return b.String() + "\n", nil
}

// serving ARGS... starts the reference server with these flags on a free port and sets URL to its address.
func serving(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serving ARGS...")
	}
	program, err := exec.LookPath("ssebench")
	ts.Check(err)
	cmd := exec.Command(program, slices.Concat([]string{"serve", "--listen", "127.0.0.1:0"}, args)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = tethered()
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		ts.Fatalf("ssebench serve said %q", line)
	}
	ts.Setenv("URL", url)
}

// certificate NAME writes NAME.pem and NAME.key: a certificate for 127.0.0.1 that signed itself.
func certificate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: certificate NAME")
	}
	cert, key, err := selfSigned(args[0])
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}

// selfSigned returns a certificate for 127.0.0.1 that signed itself, and its key.
func selfSigned(name string) (cert []byte, key *ecdsa.PrivateKey, err error) {
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	cert, err = x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	return cert, key, err
}
