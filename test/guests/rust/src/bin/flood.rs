//! A process sends without end to one that makes requests of a third and never reads what it is sent. `flood N` makes
//! N requests, 500 if it is not told, and then waits for the end of standard input.

use std::io::Read;

use lunatic::ap::handlers::Request;
use lunatic::ap::{AbstractProcess, Config, RequestHandler, State};
use lunatic::serializer::Bincode;
use lunatic::{Mailbox, Process};
use serde::{Deserialize, Serialize};

struct Adder;

#[derive(Serialize, Deserialize)]
struct Add(i32, i32);

impl AbstractProcess for Adder {
    type Arg = ();
    type State = Self;
    type Serializer = Bincode;
    type Handlers = (Request<Add>,);
    type StartupError = ();

    fn init(_: Config<Self>, _: ()) -> Result<Self, ()> {
        Ok(Adder)
    }
}

impl RequestHandler<Add> for Adder {
    type Response = i32;

    fn handle(_: State<Self>, Add(a, b): Add) -> i32 {
        a + b
    }
}

#[lunatic::main]
fn main(mailbox: Mailbox<u64>) {
    let requests = match std::env::args().nth(1) {
        Some(text) => text.parse().expect("a number of requests"),
        None => 500,
    };
    let this = mailbox.this();
    Process::spawn(this, |to: Process<u64>, _: Mailbox<()>| loop {
        to.send(1337);
    });
    let adder = Adder::link().start(()).unwrap();
    let mut sum: i64 = 0;
    for number in 0..requests {
        sum += i64::from(adder.request(Add(number, 1)));
    }
    assert_eq!(sum, i64::from(requests) * i64::from(requests + 1) / 2);
    println!("{requests} requests are answered");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
