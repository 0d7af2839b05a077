%% The same work in Erlang, message by message: each is of 16 bytes and counts, in its first eight, who passed it on.
%% A literal would not do: Erlang sends it without copying it. `lunatic_peer:main([Name, N])` prints nanoseconds for
%% each of N operations.
-module(lunatic_peer).
-export([main/1, pass/1]).

main([Name, Count]) ->
    N = list_to_integer(Count),
    _ = run(Name, max(1, N div 10)),
    io:format("~p~n", [run(Name, N) / N]),
    halt().

%% Nanoseconds that work takes which must have this outcome.
time(Outcome, Work) ->
    Start = erlang:monotonic_time(nanosecond),
    Outcome = Work(),
    erlang:monotonic_time(nanosecond) - Start.

run("round-trip", N) ->
    Self = self(),
    Echo = spawn(fun() -> pass(Self) end),
    Time = time(N, fun() -> ask(Echo, N, message(0)) end),
    exit(Echo, kill),
    Time;
%% The same between two nodes on this machine, each with one scheduler.
run("node-trip", N) ->
    Arguments = ["+S", "1", "-pa", ".", "-setcookie", atom_to_list(erlang:get_cookie())],
    Options = #{name => peer:random_name(), host => "127.0.0.1", longnames => true, args => Arguments},
    {ok, Peer, Node} = peer:start(Options),
    Echo = spawn(Node, ?MODULE, pass, [self()]),
    Time = time(N, fun() -> ask(Echo, N, message(0)) end),
    peer:stop(Peer),
    Time;
run("ring", N) ->
    First = lists:foldl(fun(_, Next) -> spawn(fun() -> pass(Next) end) end, self(), lists:seq(1, 999)),
    999 = ask(First, 1, message(0)),
    Time = time(999 * (N div 1000), fun() -> ask(First, N div 1000, message(0)) end),
    exit(First, kill),
    Time;
run("spawn", N) ->
    time(N, fun() -> spawn_and_wait(N, 0) end).

message(Count) -> <<Count:64, 0:64>>.

pass_on(<<Count:64, Rest/binary>>, Next) -> Next ! <<(Count + 1):64, Rest/binary>>.

pass(Next) ->
    receive Message -> pass_on(Message, Next), pass(Next) end.

%% Sends a message N times, waits each time until it has come back, and tells what it has counted.
ask(_, 0, <<Count:64, _/binary>>) -> Count;
ask(To, N, Message) ->
    To ! Message,
    receive Answer -> ask(To, N - 1, Answer) end.

%% Spawns N processes, one after the other, each of which sends one message and ends. Counts the messages.
spawn_and_wait(0, Told) -> Told;
spawn_and_wait(N, Told) ->
    Self = self(),
    spawn(fun() -> pass_on(message(0), Self) end),
    receive <<Count:64, _/binary>> -> spawn_and_wait(N - 1, Told + Count) end.
