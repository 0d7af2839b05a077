//! Names: register, look up, overwrite, remove, and start-or-find in one step.

use lunatic::ap::handlers::Request;
use lunatic::ap::{AbstractProcess, Config, ProcessRef, RequestHandler, StartupError, State};
use lunatic::serializer::Bincode;
use lunatic::{Mailbox, Process, ProcessName};
use lunatic_guests::{check, wait_for_end};
use serde::{Deserialize, Serialize};

fn echo(_: (), mailbox: Mailbox<(Process<u32>, u32)>) {
    loop {
        let (sender, number) = mailbox.receive();
        sender.send(number);
    }
}

type Echo = Process<(Process<u32>, u32)>;

/// A name made from a type.
#[derive(ProcessName)]
struct TheEcho;

/// One store for everybody: whoever comes first starts it.
struct Store(u64);

impl AbstractProcess for Store {
    type Arg = ();
    type State = Self;
    type Serializer = Bincode;
    type Handlers = (Request<Id>,);
    type StartupError = ();

    fn init(config: Config<Self>, _: ()) -> Result<Self, ()> {
        Ok(Store(config.self_ref().id()))
    }
}

#[derive(Serialize, Deserialize)]
struct Id;

impl RequestHandler<Id> for Store {
    type Response = u64;

    fn handle(state: State<Self>, _: Id) -> u64 {
        state.0
    }
}

fn store() -> ProcessRef<Store> {
    match Store::start_as(&"store", ()) {
        Ok(started) => started,
        Err(StartupError::NameAlreadyRegistered(existing)) => existing,
        Err(_) => panic!("the store does not start"),
    }
}

#[lunatic::main]
fn main(mailbox: Mailbox<u32>) {
    check("an unknown name leads nowhere", Echo::lookup("echo").is_none());

    let first = Process::spawn_link((), echo);
    first.register(&"echo");
    let found = Echo::lookup("echo").unwrap();
    check("a name leads to its process", found == first);
    found.send((mailbox.this(), 5));
    println!("echo: {}", mailbox.receive());

    check(
        "names are kept apart by the type of messages",
        Process::<u8>::lookup("echo").is_none(),
    );
    first.register(&TheEcho);
    check("a type can be a name", Echo::lookup(&TheEcho) == Some(first));

    // Another process sees the same names.
    let this = mailbox.this();
    lunatic::spawn_link!(|this| {
        Echo::lookup("echo").unwrap().send((this, 6));
    });
    println!("echo, asked by a child: {}", mailbox.receive());

    let second = Process::spawn_link((), echo);
    second.register(&"echo");
    check("a name can be given anew", Echo::lookup("echo") == Some(second));

    second.unlink();
    second.kill();
    wait_for_end(second);
    check("the name of a dead process stays", Echo::lookup("echo") == Some(second));

    let name = "lunatic_guests-any name/may have: ünïcödé";
    unsafe {
        use lunatic::host::api::registry;
        let (mut node, mut id) = (9, 9);
        registry::put(name.as_ptr(), name.len(), 0, 12345);
        let found = registry::get(name.as_ptr(), name.len(), &mut node, &mut id);
        println!("raw name: {found}, node {node}, process {id}");
        registry::remove(name.as_ptr(), name.len());
        registry::remove(name.as_ptr(), name.len());
        let found = registry::get(name.as_ptr(), name.len(), &mut node, &mut id);
        println!("removed: {found}");
    }

    // Ten processes want the store at the same time; all get the same one.
    let this: Process<u64> = unsafe { Process::this() };
    for _ in 0..10 {
        lunatic::spawn_link!(|this| this.send(store().request(Id)));
    }
    let ids: Mailbox<u64> = unsafe { Mailbox::new() };
    let ids: Vec<u64> = (0..10).map(|_| ids.receive()).collect();
    check("there is one store", ids.iter().all(|id| *id == ids[0]));
    check("and it is the one with the name", ProcessRef::<Store>::lookup("store").unwrap().id() == ids[0]);
}
