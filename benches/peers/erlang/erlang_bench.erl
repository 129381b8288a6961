%% Measures Erlang/OTP on the same work as Tergo's own benchmarks.
%% usage: erl -noshell +P 4000000 -eval 'erlang_bench:main(["SUITE"])'
%% SUITE is one of local-1-1 local-n-n pingpong call spawn events. Prints one JSON line.
-module(erlang_bench).
-export([main/1]).

main([Suite]) -> run(Suite), halt(0).

run("local-1-1") -> floods("local-1-1", 1, 3000000);
run("local-n-n") -> floods("local-n-n", erlang:system_info(schedulers_online), 1000000);
run("pingpong") ->
    Me = self(), N = 1000000,
    B = spawn(fun pong/0),
    A = spawn(fun() -> receive go -> ok end, ping(B, N), Me ! done end),
    T = now_ns(), A ! go, receive done -> ok end,
    report("pingpong", 2 * N, T);
run("call") ->
    N = 300000,
    Server = spawn(fun server/0),
    T = now_ns(), call(Server, N),
    report("call", N, T);
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

floods(Suite, Pairs, N) ->
    Me = self(),
    Sinks = [spawn(fun() -> sink(N, Me) end) || _ <- lists:seq(1, Pairs)],
    T = now_ns(),
    [spawn(fun() -> flood(Sink, N) end) || Sink <- Sinks],
    [receive done -> ok end || _ <- Sinks],
    report(Suite, Pairs * N, T).

flood(_, 0) -> ok;
flood(Pid, N) -> Pid ! 1, flood(Pid, N - 1).
sink(0, Owner) -> Owner ! done;
sink(N, Owner) -> receive 1 -> sink(N - 1, Owner) end.

pong() -> receive {From, M} -> From ! M, pong() end.
ping(_, 0) -> ok;
ping(B, N) -> B ! {self(), m}, receive m -> ok end, ping(B, N - 1).

%% The gen_server call protocol, with a plain process as the server.
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

now_ns() -> erlang:monotonic_time(nanosecond).
rss() ->
    {ok, Text} = file:read_file("/proc/self/status"),
    {match, [KB]} = re:run(Text, "VmRSS:\\s+(\\d+)", [{capture, all_but_first, list}]),
    list_to_integer(KB) * 1024.
report(Suite, Ops, T) -> report_elapsed(Suite, Ops, now_ns() - T, "").
report_elapsed(Suite, Ops, E, Extra) ->
    io:format("{\"system\":\"erlang\",\"suite\":\"~s\",\"ops\":~b,\"seconds\":~.6f,\"rate\":~.1f~s}~n",
              [Suite, Ops, E / 1.0e9, Ops / (E / 1.0e9), Extra]).
