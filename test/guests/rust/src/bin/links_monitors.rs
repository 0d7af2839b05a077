//! Links and monitors: who learns of a death, who dies with whom, and in which order.

use lunatic::{LinkDiedSignal, Mailbox, MessageSignal, Process, ProcessDiedSignal, Tag};
use lunatic_guests::{check, ms, wait_for_end};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Serialize, Deserialize)]
enum End {
    Return,
    Panic,
}

/// Reports to its parent, then ends as told.
fn child(parent: Process<u64>, mailbox: Mailbox<End>) {
    let how = mailbox.receive();
    parent.send(mailbox.this().id());
    if let End::Panic = how {
        panic!("as told");
    }
}

/// Lives until it is killed.
fn sleeper(_: (), mailbox: Mailbox<()>) {
    mailbox.receive();
}

/// Starts a linked child, tells the parent who it is, and then ends as told.
fn middle(parent: Process<u64>, mailbox: Mailbox<End>) {
    let child = Process::spawn_link((), sleeper);
    parent.send(child.id());
    if let End::Panic = mailbox.receive() {
        panic!("the middle one fails");
    }
}

fn by_id(id: u64) -> Process<()> {
    unsafe { Process::new(lunatic::host::node_id(), id) }
}

#[lunatic::main]
fn main(mailbox: Mailbox<u64>) {
    let this = mailbox.this();
    let mailbox = mailbox.catch_link_failure();

    println!("-- a linked child fails");
    let tag = Tag::new();
    let failing = Process::spawn_link_tag(this, tag, child);
    failing.send(End::Panic);
    match mailbox.receive() {
        MessageSignal::Message(id) => check("its last message comes first", id == failing.id()),
        MessageSignal::Signal(_) => panic!("the death overtook the message"),
    }
    match mailbox.receive() {
        MessageSignal::Signal(LinkDiedSignal(died)) => check("then the link's tag", died == tag),
        MessageSignal::Message(_) => panic!("a message from nowhere"),
    }
    check("it is gone", !failing.is_alive());

    println!("-- a linked child returns");
    let returning = Process::spawn_link_tag(this, Tag::new(), child);
    returning.send(End::Return);
    check("its last message comes", mailbox.receive().is_message());
    wait_for_end(returning);
    check("and no signal", mailbox.receive_timeout(ms(5)).unwrap_err().is_timed_out());

    println!("-- a link made later");
    let other = Process::<()>::spawn((), sleeper);
    unsafe { lunatic::host::api::process::link(500, other.id()) };
    other.kill();
    match mailbox.tag_receive(&[Tag::special(100).unwrap(), tag_of(500)]) {
        MessageSignal::Signal(LinkDiedSignal(died)) => println!("killed, tag {}", died.id()),
        MessageSignal::Message(_) => panic!("a message from nowhere"),
    }

    println!("-- a link to a dead process");
    unsafe { lunatic::host::api::process::link(501, other.id()) };
    match mailbox.receive() {
        MessageSignal::Signal(LinkDiedSignal(died)) => println!("dies at once, tag {}", died.id()),
        MessageSignal::Message(_) => panic!("a message from nowhere"),
    }

    println!("-- unlinked before it fails");
    let let_go = Process::spawn_link_tag(this, Tag::new(), child);
    let_go.unlink();
    let_go.send(End::Panic);
    check("its last message comes", mailbox.receive().is_message());
    wait_for_end(let_go);
    check("and no signal", mailbox.receive_timeout(ms(5)).unwrap_err().is_timed_out());
    let_go.unlink();
    let_go.kill();
    println!("ok: unlink and kill of a dead process are harmless");

    println!("-- failures travel along links, returns do not");
    for how in [End::Panic, End::Return] {
        let middle = Process::spawn(this, middle);
        let grandchild = by_id(mailbox.receive().unwrap_message());
        middle.send(how);
        wait_for_end(middle);
        if let End::Panic = how {
            wait_for_end(grandchild);
            println!("ok: the grandchild died with the middle one");
        } else {
            lunatic::sleep(ms(5));
            check("the grandchild lives on", grandchild.is_alive());
            grandchild.kill();
            wait_for_end(grandchild);
        }
    }

    println!("-- monitors");
    let mailbox = monitoring(mailbox);
    let (returns, panics, killed, forgotten) = (
        Process::spawn(this, child),
        Process::spawn(this, child),
        Process::<()>::spawn((), sleeper),
        Process::<()>::spawn((), sleeper),
    );
    mailbox.monitor(returns);
    mailbox.monitor(returns);
    mailbox.monitor(panics);
    mailbox.monitor(killed);
    mailbox.monitor(forgotten);
    mailbox.stop_monitoring(forgotten);
    forgotten.kill();
    wait_for_end(forgotten);

    returns.send(End::Return);
    check("a message first", mailbox.receive().is_message());
    check("a return is reported", died(&mailbox) == returns.id());
    panics.send(End::Panic);
    check("a message first", mailbox.receive().is_message());
    check("a panic is reported", died(&mailbox) == panics.id());
    killed.kill();
    check("a kill is reported", died(&mailbox) == killed.id());
    mailbox.monitor(killed);
    check(
        "each end once, and none of a process that is dead already",
        mailbox.receive_timeout(ms(5)).unwrap_err().is_timed_out(),
    );
}

fn tag_of(id: i64) -> Tag {
    // A tag is one number for whoever reads it; this builds one that the SDK would count to later.
    unsafe { std::mem::transmute(id) }
}

/// Monitors need a mailbox of their own kind; `mailbox` already catches link deaths.
fn monitoring(_: Mailbox<u64, lunatic::serializer::Bincode, LinkDiedSignal>) -> Monitoring {
    unsafe { Mailbox::new() }
}

type Monitoring = Mailbox<u64, lunatic::serializer::Bincode, ProcessDiedSignal>;

fn died(mailbox: &Monitoring) -> u64 {
    match mailbox.receive() {
        MessageSignal::Signal(ProcessDiedSignal(id)) => id,
        MessageSignal::Message(_) => panic!("a message from nowhere"),
    }
}
