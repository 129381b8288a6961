%% Measures Erlang/OTP on the same work as Tergo's own benchmarks.
%% usage: erl -noshell +P 4000000 -sname bench@localhost -setcookie bench -eval 'erlang_bench:main(["SUITE"])'
%% SUITE is one of local-1-1 local-n-n pingpong call spawn events network-1-1 network-n-n network-object-1-1
%% network-object-n-n network-call network-call-100. Prints one JSON line. The other node is an OS process of its own.
-module(erlang_bench).
-export([main/1, sink/3, server/0]).

main([Suite]) -> run(Suite), halt(0).

run("local-1-1") -> floods("local-1-1", node(), 1, 3000000, number);
run("local-n-n") -> floods("local-n-n", node(), erlang:system_info(schedulers_online), 1000000, number);
run("network-1-1") -> floods("network-1-1", remote(), 1, 3000000, number);
run("network-n-n") -> floods("network-n-n", remote(), erlang:system_info(schedulers_online), 1000000, number);
run("network-object-1-1") -> floods("network-object-1-1", remote(), 1, 1000000, object);
run("network-object-n-n") ->
    floods("network-object-n-n", remote(), erlang:system_info(schedulers_online), 500000, object);
run("pingpong") ->
    Me = self(), N = 1000000,
    B = spawn(fun pong/0),
    A = spawn(fun() -> receive go -> ok end, ping(B, N), Me ! done end),
    T = now_ns(), A ! go, receive done -> ok end,
    report("pingpong", 2 * N, T);
run("call") -> calls("call", node(), 1, 100000);
run("network-call") -> calls("network-call", remote(), 1, 10000);
run("network-call-100") -> calls("network-call-100", remote(), 100, 2000);
run("spawn") ->
    N = 1000000, garbage_collect(), Before = rss(),
    T = now_ns(), spawn_idle(N), E = now_ns() - T,
    garbage_collect(),
    report_elapsed("spawn", N, E, io_lib:format(",\"rss_bytes_per_process\":~.1f", [(rss() - Before) / N]));
%% OTP has no events of its own; this is what its process groups come to: a send to each member.
run("events") ->
    N = 100000, Rounds = 20, Me = self(),
    Subscribers = [spawn(fun() -> subscriber(Me) end) || _ <- lists:seq(1, N)],
    T = now_ns(),
    [publish(Subscribers, N) || _ <- lists:seq(1, Rounds)],
    report("events", N * Rounds, T).

%% The sinks are on Node.
floods(Suite, Node, Pairs, N, Cargo) ->
    in_rounds(Suite, Pairs * N, fun() ->
        Sinks = [spawn(Node, ?MODULE, sink, [0, N, self()]) || _ <- lists:seq(1, Pairs)],
        T = now_ns(),
        [spawn(fun() -> flood(Sink, 0, N, Cargo) end) || Sink <- Sinks],
        [receive done -> ok end || _ <- Sinks],
        now_ns() - T
    end).

flood(_, N, N, _) -> ok;
flood(Pid, I, N, number) -> Pid ! 1, flood(Pid, I + 1, N, number);
flood(Pid, I, N, object) -> Pid ! #{type => <<"order">>, id => I, name => <<"customer">>}, flood(Pid, I + 1, N, object).
sink(N, N, Owner) -> Owner ! done;
sink(I, N, Owner) -> receive 1 -> ok; #{type := <<"order">>, id := I, name := <<"customer">>} -> ok end, sink(I + 1, N, Owner).

pong() -> receive {From, M} -> From ! M, pong() end.
ping(_, 0) -> ok;
ping(B, N) -> B ! {self(), m}, receive m -> ok end, ping(B, N - 1).

%% The gen_server call protocol, with plain processes on Node as the servers, one for each caller.
calls(Suite, Node, Callers, N) ->
    Me = self(),
    Servers = [spawn(Node, ?MODULE, server, []) || _ <- lists:seq(1, Callers)],
    in_rounds(Suite, Callers * N, fun() ->
        T = now_ns(),
        [spawn(fun() -> call(Server, N), Me ! done end) || Server <- Servers],
        [receive done -> ok end || _ <- Servers],
        now_ns() - T
    end).

%% The median of five rounds after one that warms up, as Tergo's own suites have it.
in_rounds(Suite, Ops, Round) ->
    Round(),
    Took = lists:sort([Round() || _ <- lists:seq(1, 5)]),
    report_elapsed(Suite, Ops, lists:nth(3, Took), "").

call(_, 0) -> ok;
call(S, N) -> N = gen_server:call(S, N), call(S, N - 1).
server() -> receive {'$gen_call', From, R} -> gen_server:reply(From, R), server() end.

spawn_idle(0) -> ok;
spawn_idle(N) -> spawn(fun() -> receive stop -> ok end end), spawn_idle(N - 1).

%% Counted once a round by a shared counter; the last subscriber tells the owner.
subscriber(Owner) ->
    receive {event, Counter, Last, _} ->
        case atomics:add_get(Counter, 1, 1) of
            Last -> Owner ! {delivered, Counter};
            _ -> ok
        end,
        subscriber(Owner)
    end.
publish(Subscribers, N) ->
    Counter = atomics:new(1, []),
    [S ! {event, Counter, N, <<"hello">>} || S <- Subscribers],
    receive {delivered, Counter} -> ok end.

%% Another node, in an OS process of its own.
remote() ->
    Path = filename:dirname(code:which(?MODULE)),
    {ok, _, Node} = peer:start(#{name => peer:random_name(), host => "localhost", args => ["-setcookie", "bench", "-pa", Path]}),
    Node.

now_ns() -> erlang:monotonic_time(nanosecond).
rss() ->
    {ok, Text} = file:read_file("/proc/self/status"),
    {match, [KB]} = re:run(Text, "VmRSS:\\s+(\\d+)", [{capture, all_but_first, list}]),
    list_to_integer(KB) * 1024.
report(Suite, Ops, T) -> report_elapsed(Suite, Ops, now_ns() - T, "").
report_elapsed(Suite, Ops, E, Extra) ->
    io:format("{\"system\":\"erlang\",\"suite\":\"~s\",\"ops\":~b,\"seconds\":~.6f,\"rate\":~.1f~s}~n",
              [Suite, Ops, E / 1.0e9, Ops / (E / 1.0e9), Extra]).
