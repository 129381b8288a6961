// Command ergobench measures an Ergo node on the same work as Tergo's own benchmarks.
//
//	ergobench SUITE   SUITE is one of local-1-1 local-n-n pingpong call spawn events
//	network-1-1 network-n-n network-object-1-1 network-object-n-n network-call network-call-100 pubsub
//
// It prints one JSON line: {"system":"ergo","suite":…,"ops":…,"seconds":…,"rate":…}.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ergo.services/ergo"
	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	"ergo.services/ergo/net/edf"
)

var (
	received sync.WaitGroup
	ready    sync.WaitGroup
)

// So many rounds count, after one that does not.
const rounds = 5

// The two nodes of the network suites.
const (
	local  gen.Atom = "bench_a@localhost"
	remote gen.Atom = "bench_b@localhost"
)

type flood struct {
	N        int
	IsObject bool
}
type calls struct{ N int }

// order is the small object of the network-object suites.
type order struct {
	Type string
	ID   int
	Name string
}

// prepare has a source spawn its sink, on the other node if it is remote.
type prepare struct{ IsRemote bool }
type pairUp struct{ Peer gen.PID }
type event struct{ Payload string }

// sink counts what it receives and answers each call with its request.
type sink struct{ act.Actor }

func (s *sink) HandleMessage(from gen.PID, message any) error { received.Done(); return nil }
func (s *sink) HandleCall(from gen.PID, ref gen.Ref, request any) (any, error) {
	return request, nil
}
func newSink() gen.ProcessBehavior { return &sink{} }

// source spawns a sink, and floods or calls it.
type source struct {
	act.Actor
	sink gen.PID
}

func newSource() gen.ProcessBehavior { return &source{} }
func (s *source) HandleMessage(from gen.PID, message any) error {
	switch m := message.(type) {
	case prepare:
		if m.IsRemote {
			s.sink = must(s.RemoteSpawn(remote, "sink", gen.ProcessOptions{}))
		} else {
			s.sink = must(s.Spawn(newSink, gen.ProcessOptions{}))
		}
		ready.Done()
	case flood:
		for i := 0; i < m.N; i++ {
			if m.IsObject {
				s.SendPID(s.sink, order{"order", i, "customer"})
			} else {
				s.SendPID(s.sink, 1)
			}
		}
	case calls:
		for i := 0; i < m.N; i++ {
			if answer := must(s.CallPID(s.sink, i, 5)); answer != i {
				panic(fmt.Sprint("answered ", answer, " to ", i))
			}
		}
		received.Done()
	}
	return nil
}

// pong answers every message until its budget is spent.
type pong struct {
	act.Actor
	left int
}

func (p *pong) Init(args ...any) error { p.left = args[0].(int); return nil }
func (p *pong) HandleMessage(from gen.PID, message any) error {
	if m, ok := message.(pairUp); ok {
		p.SendPID(m.Peer, 1)
		return nil
	}
	if p.left--; p.left < 0 {
		received.Done()
		return nil
	}
	p.SendPID(from, 1)
	return nil
}
func newPong() gen.ProcessBehavior { return &pong{} }

type producer struct {
	act.Actor
	token gen.Ref
}

func newProducer() gen.ProcessBehavior { return &producer{} }
func (p *producer) HandleMessage(from gen.PID, message any) error {
	switch message.(type) {
	case string:
		p.token = must(p.RegisterEvent("bench.event", gen.EventOptions{}))
		ready.Done()
	case int:
		if err := p.SendEvent("bench.event", p.token, event{"hello"}); err != nil {
			panic(err)
		}
	}
	return nil
}

type subscriber struct{ act.Actor }

func newSubscriber() gen.ProcessBehavior { return &subscriber{} }
func (s *subscriber) HandleMessage(from gen.PID, message any) error {
	must(s.MonitorEvent(gen.Event{Name: "bench.event", Node: local}))
	ready.Done()
	return nil
}
func (s *subscriber) HandleEvent(message gen.MessageEvent) error { received.Done(); return nil }

func main() {
	if len(os.Args) < 2 {
		fail("usage: ergobench SUITE")
	}
	suite := os.Args[1]
	switch suite {
	case "local-1-1":
		runFlood(suite, 1, 3_000_000, flood{})
	case "local-n-n":
		runFlood(suite, runtime.NumCPU(), 1_000_000, flood{})
	case "network-1-1":
		runFlood(suite, 1, 3_000_000, flood{})
	case "network-n-n":
		runFlood(suite, runtime.NumCPU(), 1_000_000, flood{})
	case "network-object-1-1":
		runFlood(suite, 1, 1_000_000, flood{IsObject: true})
	case "network-object-n-n":
		runFlood(suite, runtime.NumCPU(), 500_000, flood{IsObject: true})
	case "pingpong":
		runPingPong(suite, 1_000_000)
	case "call":
		runCalls(suite, 1, 100_000)
	case "network-call":
		runCalls(suite, 1, 10_000)
	case "network-call-100":
		runCalls(suite, 100, 2_000)
	case "spawn":
		runSpawn(suite, 1_000_000)
	case "events":
		runEvents(suite, 100_000, 20)
	case "pubsub":
		runPubsub(suite, 10, 100_000)
	default:
		fail("unknown suite " + suite)
	}
	os.Exit(0)
}

// runFlood has as many pairs flood at once as there are; each source spawns its own sink.
func runFlood(suite string, pairs, n int, work flood) {
	node := startNodes(suite)
	if work.IsObject {
		register(order{})
	}
	sources := startSources(node, suite, pairs)
	work.N = n
	inRounds(suite, pairs*n, pairs*n, func() {
		for _, pid := range sources {
			node.Send(pid, work)
		}
	})
}

func runCalls(suite string, callers, n int) {
	node := startNodes(suite)
	sources := startSources(node, suite, callers)
	inRounds(suite, callers*n, callers, func() {
		for _, pid := range sources {
			node.Send(pid, calls{n})
		}
	})
}

// inRounds reports the median of some rounds after one that warms up, as Tergo's own suites do; a round is over when as
// many as are awaited have come.
func inRounds(suite string, ops, awaited int, begin func()) {
	took := make([]time.Duration, 0, rounds)
	for round := 0; round <= rounds; round++ {
		received.Add(awaited)
		since := time.Now()
		begin()
		received.Wait()
		if round > 0 {
			took = append(took, time.Since(since))
		}
	}
	slices.Sort(took)
	report(suite, ops, took[rounds/2], nil)
}

func startSources(node gen.Node, suite string, n int) []gen.PID {
	sources := make([]gen.PID, n)
	for i := range sources {
		sources[i] = must(node.Spawn(newSource, gen.ProcessOptions{}))
		ready.Add(1)
		node.Send(sources[i], prepare{isNetwork(suite)})
	}
	ready.Wait()
	return sources
}

// startNodes starts the node of the suite, and the other one if it needs two.
func startNodes(suite string) gen.Node {
	node := start(local, isNetwork(suite))
	if isNetwork(suite) {
		other := start(remote, true)
		if err := other.Network().EnableSpawn("sink", newSink); err != nil {
			panic(err)
		}
	}
	return node
}

func isNetwork(suite string) bool { return strings.HasPrefix(suite, "network-") }

func start(name gen.Atom, hasNetwork bool) gen.Node {
	options := gen.NodeOptions{}
	options.Network.Cookie = "bench"
	if !hasNetwork {
		options.Network.Mode = gen.NetworkModeDisabled
	}
	options.Log.Level = gen.LogLevelError
	return must(ergo.StartNode(name, options))
}

func register(value any) {
	if err := edf.RegisterTypeOf(value); err != nil {
		panic(err)
	}
}

func runPingPong(suite string, n int) {
	node := startNodes(suite)
	x := must(node.Spawn(newPong, gen.ProcessOptions{}, n))
	y := must(node.Spawn(newPong, gen.ProcessOptions{}, n))
	received.Add(1)
	begin := time.Now()
	node.Send(x, pairUp{y})
	received.Wait()
	report(suite, 2*n, time.Since(begin), nil)
}

func runSpawn(suite string, n int) {
	node := startNodes(suite)
	runtime.GC()
	before := rss()
	begin := time.Now()
	for i := 0; i < n; i++ {
		must(node.Spawn(newSink, gen.ProcessOptions{}))
	}
	elapsed := time.Since(begin)
	runtime.GC()
	report(suite, n, elapsed, map[string]any{"rss_bytes_per_process": (rss() - before) / float64(n)})
}

// runEvents publishes one event to all subscribers, waits for every delivery, and again.
func runEvents(suite string, subscribers, rounds int) {
	node := startNodes(suite)
	p := startProducer(node)
	subscribe(node, subscribers)
	begin := time.Now()
	for i := 0; i < rounds; i++ {
		received.Add(subscribers)
		node.Send(p, 1)
		received.Wait()
	}
	report(suite, rounds*subscribers, time.Since(begin), nil)
}

// runPubsub publishes one event to the subscribers of other nodes, each of which has as many.
func runPubsub(suite string, nodes, subscribers int) {
	register(event{})
	node := start(local, true)
	p := startProducer(node)
	for i := 0; i < nodes; i++ {
		other := start(gen.Atom(fmt.Sprintf("bench_c%d@localhost", i)), true)
		must(other.Network().GetNode(local))
		subscribe(other, subscribers)
	}
	received.Add(nodes * subscribers)
	begin := time.Now()
	node.Send(p, 1)
	received.Wait()
	report(suite, nodes*subscribers, time.Since(begin), nil)
}

func startProducer(node gen.Node) gen.PID {
	p := must(node.Spawn(newProducer, gen.ProcessOptions{}))
	ready.Add(1)
	node.Send(p, "register")
	ready.Wait()
	return p
}

func subscribe(node gen.Node, subscribers int) {
	ready.Add(subscribers)
	for i := 0; i < subscribers; i++ {
		node.Send(must(node.Spawn(newSubscriber, gen.ProcessOptions{})), "go")
	}
	ready.Wait()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, text)
	os.Exit(2)
}

func report(suite string, ops int, elapsed time.Duration, extra map[string]any) {
	out := map[string]any{"system": "ergo", "suite": suite, "ops": ops, "seconds": elapsed.Seconds(), "rate": float64(ops) / elapsed.Seconds()}
	for k, v := range extra {
		out[k] = v
	}
	json.NewEncoder(os.Stdout).Encode(out)
}

func rss() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "VmRSS:") {
			kb, _ := strconv.ParseFloat(strings.Fields(line)[1], 64)
			return kb * 1024
		}
	}
	return 0
}
