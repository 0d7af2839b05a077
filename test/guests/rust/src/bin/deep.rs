//! A chain of 1000 processes, each linked to the one that spawned it. A number travels down as
//! captured values and the sum comes back up as messages.

use lunatic::{Mailbox, Process};

fn link_of_the_chain((parent, depth): (Process<u64>, u64), mailbox: Mailbox<u64>) {
    let below = if depth > 0 {
        Process::spawn_link((mailbox.this(), depth - 1), link_of_the_chain);
        mailbox.receive()
    } else {
        0
    };
    parent.send(below + depth);
}

#[lunatic::main]
fn main(mailbox: Mailbox<u64>) {
    for depth in [1, 10, 100, 1000] {
        Process::spawn_link((mailbox.this(), depth), link_of_the_chain);
        println!("{depth} processes deep: {}", mailbox.receive());
    }
}
