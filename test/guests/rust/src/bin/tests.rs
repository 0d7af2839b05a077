//! Tests for test mode: each `#[lunatic::test]` is an export that the runtime finds by its name. Run as a
//! program, this does nothing.

use lunatic::{spawn_link, Mailbox, Process};
use lunatic_guests::ms;

fn main() {}

#[lunatic::test]
fn passes() {
    println!("output of a test that passes");
    assert_eq!(2 + 2, 4);
}

#[lunatic::test]
fn fails() {
    println!("output of a test that fails");
    assert_eq!(2 + 2, 5, "the sum is wrong");
}

#[lunatic::test]
fn returns_a_result() -> Result<(), String> {
    Ok(())
}

#[lunatic::test]
fn returns_an_error() -> Result<(), String> {
    Err("this did not work".to_owned())
}

#[lunatic::test]
#[ignore]
fn is_ignored() {
    panic!("only with --ignored");
}

#[lunatic::test]
#[should_panic]
fn panics_as_it_should() {
    panic!("anything");
}

#[lunatic::test]
#[should_panic(expected = "number #7")]
fn panics_with_the_message() {
    panic!("this is number #7 of them");
}

#[lunatic::test]
#[should_panic(expected = "number #7")]
fn panics_with_another_message() {
    panic!("this is number #8 of them");
}

#[lunatic::test]
#[should_panic]
fn does_not_panic() {}

#[lunatic::test]
fn traps_without_a_message() {
    core::arch::wasm32::unreachable();
}

#[lunatic::test]
fn has_a_mailbox(mailbox: Mailbox<u32>) {
    let this = mailbox.this();
    spawn_link!(|this| {
        println!("output of a child");
        this.send(5);
    });
    assert_eq!(mailbox.receive(), 5);
}

#[lunatic::test]
fn is_failed_by_a_child() {
    Process::spawn_link((), |_, _: Mailbox<()>| panic!("the child fails"));
    lunatic::sleep(ms(10_000));
}

/// Each test is alone: the process ids begin anew, and names of other tests are not seen.
#[lunatic::test]
fn is_alone(mailbox: Mailbox<()>) {
    assert_eq!(mailbox.this().id(), 1);
    assert!(Process::<()>::lookup("the same name").is_none());
    mailbox.this().register(&"the same name");
}

#[lunatic::test]
fn is_alone_too(mailbox: Mailbox<()>) {
    assert_eq!(mailbox.this().id(), 1);
    assert!(Process::<()>::lookup("the same name").is_none());
    mailbox.this().register(&"the same name");
}
