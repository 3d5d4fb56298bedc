package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ssebench/loadgen/host/hosttest"
)

// The commands of the scripts are this test binary under another name, so that every one is a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ssebench": main,
		"fixture":  fixture,
	})
}

// Each script keeps one promise of the command line, messages included.
func TestScripts(t *testing.T) { runScripts(t, "testdata/script") }

// What a run concludes: for each script one promise.
func TestVerdicts(t *testing.T) { runScripts(t, "testdata/script/verdicts") }

// These need the machine for themselves: nothing of what they do may be another's doing.
func TestScriptsAlone(t *testing.T) { runScripts(t, "testdata/alone") }

func runScripts(t *testing.T, dir string) {
	scripts, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%s has no scripts (%v)", dir, err)
	}
	if scripts = slices.DeleteFunc(scripts, isLong); len(scripts) == 0 {
		long(t)
	}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		Setup:               setup,
		Cmds:                commands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// loads is what a script has that runs something for seconds.
var loads = regexp.MustCompile(`(?m)^(passes|crosses|signal)\b|\bssebench (run|compare|calibrate|listen)\b`)

// isLong reports whether a script is left out of go test -short.
func isLong(script string) bool {
	if !testing.Short() {
		return false
	}
	text, err := os.ReadFile(script)
	return err == nil && loads.Match(text) // one that cannot be read is left to fail
}

// long leaves a test out of go test -short: it starts servers, and runs for seconds.
func long(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("it starts servers, and takes seconds")
	}
}

func setup(env *testscript.Env) error {
	servers, err := filepath.Abs("testdata/servers")
	if err != nil {
		return err
	}
	env.Setenv("SERVERS", servers)
	env.Setenv("NO_COLOR", "1")
	env.Setenv("GORACE", "atexit_sleep_ms=0") // each command is a process, which would wait a second at its end
	env.Values[testKey{}] = env.T()
	return nil
}

// testKey is where a script keeps its test.
type testKey struct{}

// scriptTest is the test of a script.
type scriptTest struct {
	testscript.T
	name string
}

func (scriptTest) Helper()        {}
func (t scriptTest) Name() string { return t.name }

func testOf(ts *testscript.TestScript) scriptTest {
	return scriptTest{ts.Value(testKey{}).(testscript.T), "script " + ts.Name()}
}

// needs PROGRAM|root... skips the script on a machine that lacks one of them.
func needs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: needs PROGRAM|root...")
	}
	packages := map[string]string{"node": "nodejs", "taskset": "util-linux", "unshare": "util-linux"} // where they are not called so
	for _, name := range args {
		if name == "root" {
			hosttest.Root(testOf(ts), "the script says so")
			continue
		}
		hosttest.Program(testOf(ts), name, cmp.Or(packages[name], name))
	}
}

var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"needs":   needs,
	"limited": limited,
	"exits":   exits,
	"passes":  passes,
	"crosses": crosses,
	"metric":  metric,
	"redis":   startRedis,
	"unused":  unusedPort,
	"signal":  interrupt,
	"biggest": makeFile,
}

// exits CODE PROGRAM ARGS... runs a program and checks its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts, args[1:]); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// limited WHY lets passes and crosses take 98 from here on, and says why: the generator may be its own limit.
func limited(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] == "" {
		ts.Fatalf("usage: limited WHY")
	}
	ts.Setenv("LIMITED", args[0])
}

// passes PROGRAM ARGS... runs a program that must exit with 0: every threshold held.
func passes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: passes PROGRAM ARGS...")
	}
	concludes(ts, 0, args)
}

// crosses PROGRAM ARGS... runs a program that must exit with 99.
func crosses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: crosses PROGRAM ARGS...")
	}
	concludes(ts, 99, args)
}

// concludes checks the exit code of a run; 98 will do as well where the script says why.
func concludes(ts *testscript.TestScript, want int, args []string) {
	switch got := exitCode(ts, args); {
	case got == want || got == 98 && ts.Getenv("LIMITED") != "":
	case got == 98:
		ts.Fatalf("exit code 98, want %d; where the generator may be its own limit, say why: limited WHY", want)
	default:
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(ts *testscript.TestScript, args []string) int {
	err := ts.Exec(args[0], args[1:]...)
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// metric NAME OP VALUE holds a value of the only document in ssebench-results against a number. NAME is metric, metric.field or
// metric["token"].
func metric(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: metric NAME ==|<=|>=|<|> VALUE")
	}
	paths, err := filepath.Glob(ts.MkAbs("ssebench-results/*.json"))
	ts.Check(err)
	if len(paths) == 0 {
		ts.Fatalf("no document in ssebench-results")
	}
	newest := paths[0]
	for _, p := range paths {
		if modified(ts, p).After(modified(ts, newest)) {
			newest = p
		}
	}
	raw, err := os.ReadFile(newest)
	ts.Check(err)
	var document struct {
		Metrics map[string]map[string]any `json:"metrics"`
	}
	ts.Check(json.Unmarshal(raw, &document))
	got, err := look(document.Metrics, args[0])
	ts.Check(err)
	want, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	holds := map[string]bool{"==": got == want, "<=": got <= want, ">=": got >= want, "<": got < want, ">": got > want}
	ok, known := holds[args[1]]
	if !known {
		ts.Fatalf("unknown comparison %s", args[1])
	}
	if !ok {
		ts.Fatalf("%s is %v, want %s %v", args[0], got, args[1], want)
	}
}

func modified(ts *testscript.TestScript, path string) time.Time {
	info, err := os.Stat(path)
	ts.Check(err)
	return info.ModTime()
}

func look(metrics map[string]map[string]any, name string) (float64, error) {
	field := "value"
	if base, token, ok := strings.Cut(name, "["); ok {
		by, _ := metrics[base]["by"].(map[string]any)
		n, _ := by[strings.Trim(token, `]"`)].(float64)
		return n, nil
	}
	if metrics[name] == nil {
		i := strings.LastIndexByte(name, '.')
		name, field = name[:max(i, 0)], name[i+1:]
	}
	v, ok := metrics[name]
	if !ok {
		return math.NaN(), fmt.Errorf("the document has no metric %s", name)
	}
	n, ok := v[field].(float64)
	if !ok {
		return math.NaN(), fmt.Errorf("%s has no number in %q: %v", name, field, v[field])
	}
	return n, nil
}

// startRedis starts a real redis-server on a free port and sets REDIS to its address.
func startRedis(ts *testscript.TestScript, _ bool, _ []string) {
	address, err := redisServer(testOf(ts), ts.MkAbs("."), ts.Defer)
	ts.Check(err)
	ts.Setenv("REDIS", address)
}

// redisServer starts a redis-server that keeps nothing on disk, and gives its address once it answers.
func redisServer(t hosttest.TB, dir string, cleanup func(func())) (address string, err error) {
	t.Helper()
	program := hosttest.Program(t, "redis-server", "redis-server")
	port, err := freePort()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(program, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir)
	cmd.SysProcAttr = tethered()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Ready to accept connections") {
				ready <- true
			}
		}
		ready <- false
	}()
	if !<-ready {
		return "", errors.New("redis-server ended")
	}
	return fmt.Sprintf("127.0.0.1:%d", port), nil
}

// unusedPort sets UNUSED to an address with nothing behind it, and PORT to its port.
func unusedPort(ts *testscript.TestScript, _ bool, _ []string) {
	port, err := freePort()
	ts.Check(err)
	ts.Setenv("PORT", strconv.Itoa(port))
	ts.Setenv("UNUSED", fmt.Sprintf("127.0.0.1:%d", port))
}

// freePort gives a port that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// interrupt SIGNAL SECONDS TIMES PROGRAM ARGS... runs a program, waits until its journal holds that many seconds, sends it the signal
// that many times, and sets CODE to its exit code (-1: killed). STALL stops it for a second.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	seconds, err := strconv.Atoi(args[1])
	ts.Check(err)
	times, err := strconv.Atoi(args[2])
	ts.Check(err)
	kind := map[string]os.Signal{"INT": os.Interrupt, "KILL": os.Kill}[args[0]]
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	program, err := exec.LookPath(args[3])
	ts.Check(err)
	cmd := exec.CommandContext(ctx, program, args[4:]...)
	cmd.Dir = ts.MkAbs(".")
	stderr, err := os.Create(ts.MkAbs("stderr.txt"))
	ts.Check(err)
	defer stderr.Close()
	cmd.Stderr = stderr
	ts.Check(cmd.Start())
	for countIntervals(ts) < seconds && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond) // the condition is in another process's file
	}
	for range times {
		if args[0] == "STALL" {
			ts.Check(cmd.Process.Signal(syscall.SIGSTOP))
			time.Sleep(time.Second)
			kind = syscall.SIGCONT
		}
		ts.Check(cmd.Process.Signal(kind))
		time.Sleep(50 * time.Millisecond) // two signals at once are one
	}
	_ = cmd.Wait() // its code is what the script asks for
	ts.Setenv("CODE", strconv.Itoa(cmd.ProcessState.ExitCode()))
}

// countIntervals counts the seconds in the journal.
func countIntervals(ts *testscript.TestScript) int {
	paths, _ := filepath.Glob(ts.MkAbs("ssebench-results/*.journal"))
	if len(paths) == 0 {
		return 0
	}
	raw, err := os.ReadFile(paths[0])
	ts.Check(err)
	return max(strings.Count(string(raw), "\n")-2, 0) // the header, and what was before the first second
}

// makeFile SIZE FILE writes a file of so many bytes of YAML.
func makeFile(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Repeat("# nothing\n", n/10)), 0o644))
}
