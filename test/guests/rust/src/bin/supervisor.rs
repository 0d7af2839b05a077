//! Supervisors: a child that panics is started again, alone (one-for-one), with all its siblings
//! (one-for-all), or with those started after it (rest-for-one).

use lunatic::ap::handlers::{Message, Request};
use lunatic::ap::{AbstractProcess, Config, MessageHandler, ProcessRef, RequestHandler, State};
use lunatic::serializer::Bincode;
use lunatic::supervisor::{Supervisor, SupervisorConfig, SupervisorStrategy};
use lunatic::Mailbox;
use lunatic_guests::{check, wait_until};
use serde::{Deserialize, Serialize};

/// A counter that panics on demand.
struct Counter {
    count: u32,
}

impl AbstractProcess for Counter {
    type Arg = u32;
    type State = Self;
    type Serializer = Bincode;
    type Handlers = (Message<Add>, Message<Crash>, Request<Count>);
    type StartupError = ();

    fn init(_: Config<Self>, start: u32) -> Result<Self, ()> {
        Ok(Counter { count: start })
    }
}

#[derive(Serialize, Deserialize)]
struct Add(u32);

impl MessageHandler<Add> for Counter {
    fn handle(mut state: State<Self>, Add(amount): Add) {
        state.count += amount;
    }
}

#[derive(Serialize, Deserialize)]
struct Crash;

impl MessageHandler<Crash> for Counter {
    fn handle(state: State<Self>, _: Crash) {
        panic!("told to crash at {}", state.count);
    }
}

#[derive(Serialize, Deserialize)]
struct Count;

impl RequestHandler<Count> for Counter {
    type Response = u32;

    fn handle(state: State<Self>, _: Count) -> u32 {
        state.count
    }
}

type Children = (ProcessRef<Counter>, ProcessRef<Counter>, ProcessRef<Counter>);

/// Three counters that begin with 10, 20 and 30; the last one has a name.
struct Family;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Strategy {
    OneForOne,
    OneForAll,
    RestForOne,
}

impl Supervisor for Family {
    type Arg = Strategy;
    type Children = (Counter, Counter, Counter);

    fn init(config: &mut SupervisorConfig<Self>, strategy: Strategy) {
        config.set_strategy(match strategy {
            Strategy::OneForOne => SupervisorStrategy::OneForOne,
            Strategy::OneForAll => SupervisorStrategy::OneForAll,
            Strategy::RestForOne => SupervisorStrategy::RestForOne,
        });
        config.set_args((10, 20, 30));
        config.set_names((None, None, Some("youngest".to_owned())));
    }
}

fn play(strategy: Strategy) {
    println!("-- {strategy:?}");
    let supervisor = Family::start(strategy).unwrap();
    let before = supervisor.children();
    before.0.send(Add(1));
    before.1.send(Add(1));
    before.2.send(Add(1));
    show("before", before);

    // Crash the middle one, and look at the children until the supervisor has acted.
    before.1.send(Crash);
    wait_until("the child is replaced", || supervisor.children().1.id() != before.1.id());
    let after = supervisor.children();
    show("after ", after);
    println!(
        "replaced: {} {} {}",
        after.0.id() != before.0.id(),
        after.1.id() != before.1.id(),
        after.2.id() != before.2.id()
    );
    check("the name leads to the living child", youngest().id() == after.2.id());

    // The named one too, so that its name moves to the new process.
    after.2.send(Crash);
    wait_until("the named child is replaced", || supervisor.children().2.id() != after.2.id());
    let last = supervisor.children();
    check("the name moved to the new child", youngest().id() == last.2.id());

    supervisor.shutdown();
    wait_until("all have ended", || {
        !supervisor.is_alive() && !last.0.is_alive() && !last.1.is_alive() && !last.2.is_alive()
    });
    println!("ok: a shutdown of the supervisor ends all children");
    // Names outlive their processes: the next family wants this one.
    Counter::forget("youngest");
}

fn youngest() -> ProcessRef<Counter> {
    ProcessRef::lookup("youngest").unwrap()
}

impl Counter {
    /// Takes a name out of the registry. The SDK writes the types of a process into its registered name.
    fn forget(name: &str) {
        let counter = std::any::type_name::<Counter>();
        let serializer = std::any::type_name::<Bincode>();
        let name = format!("{counter}/{serializer}/ProcessRef/{name}");
        unsafe { lunatic::host::api::registry::remove(name.as_ptr(), name.len()) };
    }
}

fn show(when: &str, children: Children) {
    println!(
        "{when}: {} {} {}",
        children.0.request(Count),
        children.1.request(Count),
        children.2.request(Count)
    );
}

#[lunatic::main]
fn main(_: Mailbox<()>) {
    play(Strategy::OneForOne);
    play(Strategy::OneForAll);
    play(Strategy::RestForOne);
}
