//! Tasks and protocols: processes whose messages the compiler checks.

use lunatic::protocol::{End, Protocol, Recv, Send};
use lunatic::{spawn_link, Mailbox, Process};
use lunatic_guests::{check, ms};

/// First a list, then a question about it, and the answer back.
type Search = Recv<Vec<String>, Recv<String, Send<Option<u32>, End>>>;

fn searcher(offset: u32, protocol: Protocol<Search>) {
    let (protocol, list) = protocol.receive();
    let (protocol, wanted) = protocol.receive();
    let place = list.iter().position(|word| *word == wanted);
    let _ = protocol.send(place.map(|index| index as u32 + offset));
}

#[lunatic::main]
fn main(_: Mailbox<()>) {
    let task = spawn_link!(@task |a = 20, b = 22| a + b);
    println!("task: {}", task.result());

    // Started together, awaited in any order.
    let slow = spawn_link!(@task || {
        lunatic::sleep(ms(20));
        "slow".to_owned()
    });
    let quick = spawn_link!(@task || "quick".to_owned());
    println!("tasks: {}, {}", slow.result(), quick.result());

    let never = spawn_link!(@task || lunatic::sleep(ms(200)));
    check("a task can time out", never.result_timeout(ms(5)).unwrap_err().is_timed_out());

    for wanted in ["fox", "cow"] {
        let words = ["the", "quick", "brown", "fox"].map(str::to_owned).to_vec();
        let search = Process::spawn_link(1, searcher);
        let search = search.send(words);
        let search = search.send(wanted.to_owned());
        let (_, place) = search.receive();
        println!("{wanted}: {place:?}");
    }

    // A task may spawn tasks.
    println!("fib(12) = {}", fib(12));
}

fn fib(n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    let one = spawn_link!(@task |n = {n - 1}| fib(n));
    let two = spawn_link!(@task |n = {n - 2}| fib(n));
    one.result() + two.result()
}
