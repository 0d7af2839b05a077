//! Plain processes and mailboxes: order of messages, selective receive by tag, timeouts,
//! and a request with a reply.

use lunatic::{Mailbox, Process, Tag};
use lunatic_guests::{check, ms};
use serde::{Deserialize, Serialize};

/// What the calculator understands. The tag of the answer is chosen by whoever asks.
#[derive(Serialize, Deserialize)]
enum Question {
    Square { number: i64, answer_to: Process<i64>, answer_tag: Tag },
    Stop,
}

fn calculator(_: (), mailbox: Mailbox<Question>) {
    loop {
        match mailbox.receive() {
            Question::Square { number, answer_to, answer_tag } => {
                answer_to.tag_send(answer_tag, number * number);
            }
            Question::Stop => return,
        }
    }
}

#[lunatic::main]
fn main(mailbox: Mailbox<i64>) {
    let this = mailbox.this();

    // One sender, one receiver: messages arrive in the order they were sent.
    for number in 1..=5 {
        this.send(number);
    }
    let received: Vec<i64> = (0..5).map(|_| mailbox.receive()).collect();
    println!("in order: {received:?}");

    // Tags pick messages out of that order; the others stay where they were.
    let (red, green, blue) = (Tag::new(), Tag::new(), Tag::new());
    this.tag_send(red, 1);
    this.tag_send(green, 2);
    this.tag_send(blue, 3);
    this.send(4);
    this.tag_send(green, 5);
    println!("green: {}", mailbox.tag_receive(&[green]));
    println!("blue or green: {}", mailbox.tag_receive(&[green, blue]));
    println!("blue or green: {}", mailbox.tag_receive(&[blue, green]));
    println!("any: {}", mailbox.receive());
    println!("any: {}", mailbox.receive());

    check(
        "an empty mailbox times out",
        mailbox.receive_timeout(ms(5)).unwrap_err().is_timed_out(),
    );
    this.send(6);
    check(
        "a message without the tag does not end the wait",
        mailbox.tag_receive_timeout(&[red], ms(5)).unwrap_err().is_timed_out(),
    );
    println!("it is still there: {}", mailbox.receive());
    this.send(7);
    println!("a timeout of zero takes what is there: {}", mailbox.receive_timeout(ms(0)).unwrap());

    // Requests: the tag tells the answers apart, whatever order they are waited for in.
    let calculator = Process::spawn_link((), calculator);
    let tags: Vec<Tag> = (1..=3)
        .map(|number| {
            let answer_tag = Tag::new();
            calculator.send(Question::Square { number, answer_to: this, answer_tag });
            answer_tag
        })
        .collect();
    for (index, tag) in tags.iter().enumerate().rev() {
        println!("{} squared: {}", index + 1, mailbox.tag_receive(&[*tag]));
    }

    // Numbers that a double cannot hold.
    let answer_tag = Tag::new();
    calculator.send(Question::Square { number: -3_000_000_019, answer_to: this, answer_tag });
    println!("a large number: {}", mailbox.tag_receive(&[answer_tag]));

    calculator.send(Question::Stop);
    lunatic_guests::wait_for_end(calculator);
    check("the calculator has stopped", !calculator.is_alive());
    calculator.send(Question::Stop);
    println!("ok: sending to a dead process is harmless");
}
