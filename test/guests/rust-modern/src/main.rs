//! What a recent compiler makes of a guest: bulk memory, sign extension and saturating conversions in the code,
//! and panics whose message stands on a line of its own.
//!
//! The other Rust guests are built with an older compiler; see the README.

use lunatic::{spawn_link, Mailbox, MessageSignal, Process, Tag};

#[inline(never)]
fn saturate(number: f64) -> (u8, i32) {
    (number as u8, number as i32)
}

#[inline(never)]
fn extend(number: i64) -> i64 {
    i64::from(number as i8) + i64::from(number as i16)
}

/// Fails, two calls deep.
fn child(parent: Process<String>, _: Mailbox<()>) {
    parent.send("about to panic".to_owned());
    open_the_drawer(&["spoon"]);
}

#[inline(never)]
fn open_the_drawer(content: &[&str]) {
    take_the_fork(content);
}

#[inline(never)]
fn take_the_fork(content: &[&str]) {
    assert!(content.contains(&"fork"), "there is no fork among {content:?}");
}

#[lunatic::main]
fn main(mailbox: Mailbox<String>) {
    let this = mailbox.this();
    println!("saturating: {:?} {:?} {:?}", saturate(1e10), saturate(-3.7), saturate(f64::NAN));
    println!("sign extension: {}", extend(0x80FF));

    let mut bytes = vec![7u8; 100_000];
    bytes.copy_within(0..50_000, 50_000);
    println!("bulk memory: {}", bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>());

    spawn_link!(|this| this.send("a task says hello".to_owned()));
    println!("{}", mailbox.receive());

    println!("caught: {:?}", lunatic::panic::catch_panic(|| open_the_drawer(&[])).is_err());

    let mailbox = mailbox.catch_link_failure();
    let tag = Tag::new();
    Process::spawn_link_tag(this, tag, child);
    loop {
        match mailbox.receive() {
            MessageSignal::Message(text) => println!("child: {text}"),
            MessageSignal::Signal(signal) => {
                println!("the child failed: {}", signal.0 == tag);
                return;
            }
        }
    }
}
