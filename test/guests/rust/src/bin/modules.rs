//! Modules at run time: compile bytes, spawn from them, send them on, and refuse bad ones.

use lunatic::{Mailbox, Param, Process, WasmModule};
use lunatic_guests::check;

/// Built from `modules/adder.wat`.
static ADDER: &[u8] = include_bytes!("../../modules/adder.wasm");

/// Receives a module in a message and spawns from it.
fn user_of_modules(parent: u64, mailbox: Mailbox<WasmModule>) {
    let module = mailbox.receive();
    let parameters = [Param::I64(parent as i64), Param::I32(40), Param::I32(2)];
    module.spawn::<(), lunatic::serializer::Bincode>("add", &parameters).unwrap();
}

#[lunatic::main]
fn main(mailbox: Mailbox<i32>) {
    let this = mailbox.this().id();
    let module = WasmModule::new(ADDER).unwrap();

    let parameters = [Param::I64(this as i64), Param::I32(1), Param::I32(-8)];
    module.spawn::<(), lunatic::serializer::Bincode>("add", &parameters).unwrap();
    println!("1 + -8 = {}", mailbox.receive());

    let user = Process::spawn_link(this, user_of_modules);
    user.send(module);
    println!("40 + 2 = {}", mailbox.receive());

    check("bytes that are no module are refused", WasmModule::new(b"not wasm").is_err());
    check("half a module is refused", WasmModule::new(&ADDER[..ADDER.len() / 2]).is_err());
    let module = WasmModule::new(ADDER).unwrap();

    // A missing entry function is found out by the child, not by the spawn.
    let mailbox = mailbox.catch_link_failure();
    let tag = lunatic::Tag::new();
    module.spawn_link::<(), lunatic::serializer::Bincode>("subtract", &[], tag).unwrap();
    check("a missing entry function fails the child", mailbox.receive().is_signal());
    let tag = lunatic::Tag::new();
    module.spawn_link::<(), lunatic::serializer::Bincode>("add", &[], tag).unwrap();
    check("so do missing parameters", mailbox.receive().is_signal());
}
