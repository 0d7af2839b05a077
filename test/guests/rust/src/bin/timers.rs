//! Timers: delayed messages, their order, cancelling, and a timer that outlives its maker.

use lunatic::{spawn_link, Mailbox, Tag};
use lunatic_guests::{check, ms, wait_for_end};
use std::time::Instant;

#[lunatic::main]
fn main(mailbox: Mailbox<u32>) {
    let this = mailbox.this();

    let begin = Instant::now();
    this.send_after(1, ms(30));
    println!("received: {}", mailbox.receive());
    check("not before its time", begin.elapsed() >= ms(29));

    this.send_after(50, ms(50));
    this.send_after(10, ms(10));
    this.send_after(30, ms(30));
    let order: Vec<u32> = (0..3).map(|_| mailbox.receive()).collect();
    println!("by time: {order:?}");

    let timer = this.send_after(2, ms(20));
    check("cancelled", timer.cancel());
    check("not twice", !timer.cancel());
    check("nothing comes", mailbox.receive_timeout(ms(40)).unwrap_err().is_timed_out());

    // A delay of zero is still not "now".
    this.send_after(4, ms(0));
    this.send(3);
    println!("sent at once: {}", mailbox.receive());
    println!("sent after 0 ms: {}", mailbox.receive());

    let tag = Tag::new();
    this.tag_send_after(tag, 5, ms(5));
    this.send(6);
    println!("the tagged one: {}", mailbox.tag_receive(&[tag]));
    println!("the other one: {}", mailbox.receive());

    let maker = spawn_link!(|this| {
        this.send_after(7, ms(20));
    });
    wait_for_end(maker);
    println!("from a dead process: {}", mailbox.receive());

    let begin = Instant::now();
    lunatic::sleep(ms(20));
    check("sleeps long enough", begin.elapsed() >= ms(19));

    // Many timers of one process.
    for number in 0..200 {
        this.send_after(number, ms((number % 10) as u64));
    }
    let sum: u32 = (0..200).map(|_| mailbox.receive()).sum();
    println!("sum of 200: {sum}");
}
