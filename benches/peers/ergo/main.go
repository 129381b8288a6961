// Command ergobench measures an Ergo node on the same work as Tergo's own benchmarks.
//
//	ergobench SUITE   SUITE is one of local-1-1 local-n-n pingpong call spawn events
//
// It prints one JSON line: {"system":"ergo","suite":…,"ops":…,"seconds":…,"rate":…}.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"ergo.services/ergo"
	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
)

var (
	received sync.WaitGroup
	ready    sync.WaitGroup
)

type flood struct{ N int }
type calls struct{ N int }
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
	case string: // prepare
		s.sink = must(s.Spawn(newSink, gen.ProcessOptions{}))
		ready.Done()
	case flood:
		for i := 0; i < m.N; i++ {
			s.SendPID(s.sink, 1)
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
	must(s.MonitorEvent(gen.Event{Name: "bench.event", Node: "bench@localhost"}))
	ready.Done()
	return nil
}
func (s *subscriber) HandleEvent(message gen.MessageEvent) error { received.Done(); return nil }

func main() {
	if len(os.Args) < 2 {
		fail("usage: ergobench SUITE")
	}
	options := gen.NodeOptions{}
	options.Network.Mode = gen.NetworkModeDisabled
	options.Log.Level = gen.LogLevelError
	node := must(ergo.StartNode("bench@localhost", options))
	suite := os.Args[1]
	switch suite {
	case "local-1-1":
		runFlood(node, suite, 1, 3_000_000)
	case "local-n-n":
		runFlood(node, suite, runtime.NumCPU(), 1_000_000)
	case "pingpong":
		runPingPong(node, suite, 1_000_000)
	case "call":
		runCalls(node, suite, 300_000)
	case "spawn":
		runSpawn(node, suite, 1_000_000)
	case "events":
		runEvents(node, suite, 100_000, 20)
	default:
		fail("unknown suite " + suite)
	}
	os.Exit(0)
}

// runFlood has as many pairs flood at once as there are; each source spawns its own sink.
func runFlood(node gen.Node, suite string, pairs, n int) {
	sources := make([]gen.PID, pairs)
	for i := range sources {
		sources[i] = startSource(node)
	}
	received.Add(pairs * n)
	begin := time.Now()
	for _, pid := range sources {
		node.Send(pid, flood{n})
	}
	received.Wait()
	report(suite, pairs*n, time.Since(begin), nil)
}

func runCalls(node gen.Node, suite string, n int) {
	pid := startSource(node)
	received.Add(1)
	begin := time.Now()
	node.Send(pid, calls{n})
	received.Wait()
	report(suite, n, time.Since(begin), nil)
}

func startSource(node gen.Node) gen.PID {
	pid := must(node.Spawn(newSource, gen.ProcessOptions{}))
	ready.Add(1)
	node.Send(pid, "prepare")
	ready.Wait()
	return pid
}

func runPingPong(node gen.Node, suite string, n int) {
	x := must(node.Spawn(newPong, gen.ProcessOptions{}, n))
	y := must(node.Spawn(newPong, gen.ProcessOptions{}, n))
	received.Add(1)
	begin := time.Now()
	node.Send(x, pairUp{y})
	received.Wait()
	report(suite, 2*n, time.Since(begin), nil)
}

func runSpawn(node gen.Node, suite string, n int) {
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
func runEvents(node gen.Node, suite string, subscribers, rounds int) {
	p := must(node.Spawn(newProducer, gen.ProcessOptions{}))
	ready.Add(1)
	node.Send(p, "register")
	ready.Wait()
	ready.Add(subscribers)
	for i := 0; i < subscribers; i++ {
		node.Send(must(node.Spawn(newSubscriber, gen.ProcessOptions{})), "go")
	}
	ready.Wait()
	begin := time.Now()
	for i := 0; i < rounds; i++ {
		received.Add(subscribers)
		node.Send(p, 1)
		received.Wait()
	}
	report(suite, rounds*subscribers, time.Since(begin), nil)
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
