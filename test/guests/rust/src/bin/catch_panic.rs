//! `catch_panic`: a trap is cut off, and the process goes on.

use lunatic::panic::catch_panic;
use lunatic::{spawn_link, Mailbox};
use lunatic_guests::{check, ms};

#[inline(never)]
fn divide(a: i32, b: i32) -> i32 {
    if b == 0 {
        panic!("cannot divide {a} by nothing");
    }
    a / b
}

#[lunatic::main]
fn main(mailbox: Mailbox<u32>) {
    println!("no panic: {:?}", catch_panic(|| divide(12, 4)));
    println!("panic: {:?}", catch_panic(|| divide(12, 0)));

    let nested = catch_panic(|| {
        let inner = catch_panic(|| divide(1, 0));
        (inner.is_err(), divide(9, 3))
    });
    println!("nested: {nested:?}");

    println!("index out of bounds: {:?}", catch_panic(|| vec![1, 2, 3][mailbox_size()]));
    println!("unreachable: {:?}", catch_panic(|| core::arch::wasm32::unreachable()));
    println!("exit: {:?}", catch_panic(|| -> u32 { std::process::exit(0) }));
    println!("abort: {:?}", catch_panic(|| -> u32 { std::process::abort() }));

    // Waiting inside is allowed.
    let this = mailbox.this();
    spawn_link!(|this| {
        lunatic::sleep(ms(5));
        this.send(42);
    });
    println!("received inside: {:?}", catch_panic(|| mailbox.receive()));
    println!(
        "failed after a wait: {:?}",
        catch_panic(|| {
            lunatic::sleep(ms(1));
            divide(1, 0)
        })
    );

    // A kill is not caught.
    let killed = spawn_link!(|_mailbox: Mailbox<()>| {
        let _ = catch_panic(|| lunatic::sleep(ms(60_000)));
        panic!("a kill was caught");
    });
    killed.unlink();
    lunatic::sleep(ms(5));
    killed.kill();
    lunatic_guests::wait_for_end(killed);
    check("a kill is not caught", true);

    let many = (0..1000).filter(|number| catch_panic(|| divide_quietly(*number)).is_err()).count();
    println!("caught {many} of 1000");
}

fn mailbox_size() -> usize {
    std::env::args().count() + 10
}

/// Traps without a message for every tenth number.
fn divide_quietly(number: u32) -> u32 {
    if number % 10 == 0 {
        core::arch::wasm32::unreachable();
    }
    100 / number
}
