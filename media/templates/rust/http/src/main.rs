//! An HTTP server. Each connection is handled by a process of its own, and a counter counts visits.

use std::io::{BufRead, BufReader, Result, Write};

use lunatic::ap::handlers::{Message, Request};
use lunatic::ap::{AbstractProcess, Config, MessageHandler, ProcessRef, RequestHandler, State};
use lunatic::net::{TcpListener, TcpStream};
use lunatic::serializer::Bincode;
use lunatic::supervisor::{Supervisor, SupervisorConfig, SupervisorStrategy};
use lunatic::{Mailbox, Process};
use serde::{Deserialize, Serialize};

// ---- The counter -------------------------------------------------------------------------------------------------------

/// Nobody else can reach the count, so it needs no lock.
struct Counter {
    visits: u64,
}

impl AbstractProcess for Counter {
    type Arg = ();
    type State = Self;
    type Serializer = Bincode;
    type Handlers = (Request<Visit>, Message<Crash>);
    type StartupError = ();

    /// Runs at the first start and after each crash.
    fn init(config: Config<Self>, _: ()) -> std::result::Result<Self, ()> {
        // The name leads to the counter, also to the one that the supervisor has started again.
        config.self_ref().register(&"counter");
        Ok(Counter { visits: 0 })
    }
}

/// Counts a visit. The answer is which one it is.
#[derive(Serialize, Deserialize)]
struct Visit;

impl RequestHandler<Visit> for Counter {
    type Response = u64;

    fn handle(mut counter: State<Self>, _: Visit) -> u64 {
        counter.visits += 1;
        counter.visits
    }
}

#[derive(Serialize, Deserialize)]
struct Crash;

impl MessageHandler<Crash> for Counter {
    fn handle(_: State<Self>, _: Crash) {
        panic!("the counter was made to crash");
    }
}

fn find_counter() -> ProcessRef<Counter> {
    ProcessRef::lookup("counter").expect("there is a counter")
}

struct CounterSupervisor;

impl Supervisor for CounterSupervisor {
    type Arg = ();
    type Children = (Counter,);

    fn init(config: &mut SupervisorConfig<Self>, _: ()) {
        config.set_strategy(SupervisorStrategy::OneForOne);
        config.set_args(((),));
    }
}

// ---- A request ---------------------------------------------------------------------------------------------------------

/// Finds the path in the first line of a request, as in "GET /path HTTP/1.1".
fn read_path(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["GET", path, _] if path.starts_with('/') => Some(path),
        _ => None,
    }
}

fn answer(stream: &mut TcpStream, status: &str, body: &str) -> Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn handler(mut stream: TcpStream, _: Mailbox<()>) {
    // The headers end with an empty line.
    let lines = BufReader::new(stream.clone()).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let path = head.first().and_then(|line| read_path(line));
    let sent = match path {
        None => answer(&mut stream, "400 Bad Request", "Only GET is understood.\n"),
        Some("/") => {
            let visit = find_counter().request(Visit);
            answer(
                &mut stream,
                "200 OK",
                &format!("Hello! You are visitor {visit}.\n"),
            )
        }
        Some("/crash") => panic!("this request was made to crash"),
        Some("/crash-counter") => {
            find_counter().send(Crash);
            answer(&mut stream, "200 OK", "The counter crashes.\n")
        }
        Some(_) => answer(&mut stream, "404 Not Found", "There is nothing here.\n"),
    };
    // Whoever has closed the connection does not want an answer.
    drop(sent);
}

// ---- The server --------------------------------------------------------------------------------------------------------

#[lunatic::main]
fn main(_: Mailbox<()>) {
    // Linked: should the supervisor fail, so does the server.
    let _supervisor = CounterSupervisor::link().start(()).unwrap();
    let port = std::env::args().nth(1).unwrap_or_else(|| "8080".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).expect("the port is free");
    println!("listening on http://{}", listener.local_addr().unwrap());
    while let Ok((stream, _)) = listener.accept() {
        // Not linked: a request that crashes is nobody else's concern.
        Process::spawn(stream, handler);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[lunatic::test]
    fn paths_are_read() {
        assert_eq!(read_path("GET /index.html HTTP/1.1"), Some("/index.html"));
        assert_eq!(read_path("POST / HTTP/1.1"), None);
        assert_eq!(read_path(""), None);
    }

    #[lunatic::test]
    fn visits_are_counted() {
        let counter = Counter::start(()).unwrap();
        assert_eq!(counter.request(Visit), 1);
        assert_eq!(counter.request(Visit), 2);
    }
}
