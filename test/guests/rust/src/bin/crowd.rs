//! Many processes, one after the other, at once, or in a ring. `npm run bench` times them.
//!
//! `crowd wait N`   spawns N processes that wait, and then waits for standard input
//! `crowd turn N`   spawns a process that sends a message and ends, N times, each after the last one's message
//! `crowd burst N`  spawns N processes that send a message and end, then receives all messages
//! `crowd ring N H` spawns a ring of N processes, then passes on a message H times
//!
//! Each prints nanoseconds: of the spawning, and for a ring those of the hops in a second line.

use std::io::Read;
use std::time::Instant;

use lunatic::{Mailbox, Process};

/// Says that it is there, and waits.
fn wait(parent: Process<u64>, mailbox: Mailbox<u64>) {
    parent.send(1);
    mailbox.receive();
}

fn end(parent: Process<u64>, _: Mailbox<u64>) {
    parent.send(1);
}

/// Passes on what it gets, one less each time. Whoever gets 0 tells the parent.
fn pass_on((parent, next): (Process<u64>, Process<u64>), mailbox: Mailbox<u64>) {
    loop {
        match mailbox.receive() {
            0 => parent.send(0),
            left => next.send(left - 1),
        }
    }
}

/// Makes the next process of the ring, and takes its own place when the parent has sent it the first one.
fn first(parent: Process<u64>, mailbox: Mailbox<Process<u64>>) {
    let next = mailbox.receive();
    let ring = unsafe { Mailbox::<u64>::new() };
    parent.send(1);
    pass_on((parent, next), ring);
}

fn receive(mailbox: &Mailbox<u64>, count: u64) {
    for _ in 0..count {
        mailbox.receive();
    }
}

fn report(since: Instant) {
    println!("{}", since.elapsed().as_nanos());
}

#[lunatic::main]
fn main(mailbox: Mailbox<u64>) {
    let this = mailbox.this();
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().unwrap_or_default();
    let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(3);
    let count = number();
    let start = Instant::now();
    match program.as_str() {
        "wait" => {
            for _ in 0..count {
                Process::spawn(this, wait);
            }
            receive(&mailbox, count);
            report(start);
            let _ = std::io::stdin().read(&mut [0]);
        }
        "turn" => {
            for _ in 0..count {
                Process::spawn(this, end);
                mailbox.receive();
            }
            report(start);
        }
        "burst" => {
            for _ in 0..count {
                Process::spawn(this, end);
            }
            receive(&mailbox, count);
            report(start);
        }
        "ring" => {
            let hops = number();
            let head = Process::spawn(this, first);
            let mut next = unsafe { Process::<u64>::new(lunatic::host::node_id(), head.id()) };
            for _ in 1..count {
                next = Process::spawn((this, next), pass_on);
            }
            head.send(next);
            mailbox.receive();
            report(start);
            let start = Instant::now();
            next.send(hops);
            mailbox.receive();
            report(start);
        }
        _ => eprintln!("usage: crowd wait|turn|burst N, crowd ring N HOPS"),
    }
}
