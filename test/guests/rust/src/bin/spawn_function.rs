//! Processes from functions: a captured value, a reference to a function in a message, many at once.

use lunatic::function::reference::FuncRef;
use lunatic::{Mailbox, Process};

fn square(number: u64) -> u64 {
    number * number
}

fn cube(number: u64) -> u64 {
    number * number * number
}

/// Runs the function it gets in a message.
fn runner(parent: Process<u64>, mailbox: Mailbox<(FuncRef<fn(u64) -> u64>, u64)>) {
    let (function, number) = mailbox.receive();
    parent.send(function(number));
}

#[lunatic::main]
fn main(mailbox: Mailbox<u64>) {
    let this = mailbox.this();

    Process::<()>::spawn_link((this, 20), |(parent, number), _: Mailbox<()>| parent.send(number + 1));
    println!("captured: {}", mailbox.receive());

    for function in [FuncRef::new(square as fn(u64) -> u64), FuncRef::new(cube as fn(u64) -> u64)] {
        let runner = Process::spawn_link(this, runner);
        runner.send((function, 7));
        println!("by reference: {}", mailbox.receive());
    }

    let many = 1000;
    for number in 1..=many {
        Process::<()>::spawn_link((this, number), |(parent, number): (Process<u64>, u64), _: Mailbox<()>| {
            parent.send(square(number));
        });
    }
    let sum: u64 = (0..many).map(|_| mailbox.receive()).sum();
    println!("sum of {many} squares: {sum}");

    // What a child changes stays its own.
    static mut SHARED: u32 = 1;
    lunatic::spawn_link!(|this| unsafe {
        SHARED += 1;
        this.send(SHARED as u64);
    });
    println!("in the child: {}", mailbox.receive());
    println!("in the parent: {}", unsafe { SHARED });
}
