%% The same work in Erlang. `lunatic_peer:main([Name, N])` prints nanoseconds for each of N operations.
-module(lunatic_peer).
-export([main/1]).

main([Name, Count]) ->
    N = list_to_integer(Count),
    _ = run(Name, max(1, N div 10)),
    io:format("~p~n", [run(Name, N) / N]),
    halt().

%% Nanoseconds that something takes.
time(Work) ->
    Start = erlang:monotonic_time(nanosecond),
    ok = Work(),
    erlang:monotonic_time(nanosecond) - Start.

run("round-trip", N) ->
    Echo = spawn(fun echo/0),
    Time = time(fun() -> ask(Echo, N) end),
    exit(Echo, kill),
    Time;
run("ring", N) ->
    Self = self(),
    First = lists:foldl(fun(_, Next) -> spawn(fun() -> pass(Next) end) end, Self, lists:seq(1, 999)),
    go_round(First, 1),
    Time = time(fun() -> go_round(First, N div 1000) end),
    exit(First, kill),
    Time;
run("spawn", N) ->
    time(fun() -> spawn_and_wait(N) end).

echo() ->
    receive {From, Data} -> From ! {self(), Data}, echo() end.

ask(_, 0) -> ok;
ask(Echo, N) ->
    Echo ! {self(), <<"0123456789abcdef">>},
    receive {Echo, _} -> ask(Echo, N - 1) end.

pass(Next) ->
    receive Token -> Next ! Token, pass(Next) end.

go_round(_, 0) -> ok;
go_round(First, N) ->
    First ! <<"0123456789abcdef">>,
    receive _ -> go_round(First, N - 1) end.

spawn_and_wait(0) -> ok;
spawn_and_wait(N) ->
    Self = self(),
    spawn(fun() -> Self ! done end),
    receive done -> spawn_and_wait(N - 1) end.
