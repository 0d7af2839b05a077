//! Abstract processes: messages, requests, deferred requests, timeouts, delays, startup errors,
//! link deaths and shutdown.

use lunatic::ap::handlers::{DeferredRequest, Message, Request};
use lunatic::ap::{
    AbstractProcess, Config, DeferredRequestHandler, DeferredResponse, MessageHandler, ProcessRef,
    RequestHandler, StartupError, State,
};
use lunatic::serializer::Bincode;
use lunatic::{spawn_link, Mailbox, Process, Tag};
use lunatic_guests::{check, ms, wait_until};
use serde::{Deserialize, Serialize};

/// A door with a log. Whoever asks to come in waits until somebody opens.
struct Door {
    log: Vec<String>,
    waiting: Vec<DeferredResponse<u32, Door>>,
    reporter: Option<Process<String>>,
}

#[derive(Debug, PartialEq, Clone, Serialize, Deserialize)]
enum DoorError {
    NoWood,
}

#[derive(Clone, Serialize, Deserialize)]
enum Plan {
    Fine(Option<Process<String>>),
    WithoutWood,
    Panic,
}

impl AbstractProcess for Door {
    type Arg = Plan;
    type State = Self;
    type Serializer = Bincode;
    type Handlers = (
        Message<Knock>,
        Message<Open>,
        Message<AdoptFailing>,
        Request<ReadLog>,
        Request<Never>,
        DeferredRequest<ComeIn>,
    );
    type StartupError = DoorError;

    fn init(config: Config<Self>, plan: Plan) -> Result<Self, DoorError> {
        config.die_if_link_dies(false);
        match plan {
            Plan::Fine(reporter) => Ok(Door { log: vec![], waiting: vec![], reporter }),
            Plan::WithoutWood => Err(DoorError::NoWood),
            Plan::Panic => panic!("the hinges broke"),
        }
    }

    fn terminate(state: Self) {
        if let Some(reporter) = state.reporter {
            reporter.tag_send(farewell(), format!("terminated with {} entries", state.log.len()));
        }
    }

    fn handle_link_death(mut state: State<Self>, tag: Tag) {
        state.log.push(format!("link {} died", tag.id()));
    }
}

#[derive(Serialize, Deserialize)]
struct Knock(String);

impl MessageHandler<Knock> for Door {
    fn handle(mut state: State<Self>, Knock(who): Knock) {
        state.log.push(format!("{who} knocked"));
    }
}

#[derive(Serialize, Deserialize)]
struct ReadLog;

impl RequestHandler<ReadLog> for Door {
    type Response = Vec<String>;

    fn handle(state: State<Self>, _: ReadLog) -> Vec<String> {
        state.log.clone()
    }
}

/// A request which takes longer than anyone waits here.
#[derive(Serialize, Deserialize)]
struct Never;

impl RequestHandler<Never> for Door {
    type Response = u64;

    fn handle(_: State<Self>, _: Never) -> u64 {
        lunatic::sleep(ms(60));
        99
    }
}

#[derive(Serialize, Deserialize)]
struct ComeIn(String);

impl DeferredRequestHandler<ComeIn> for Door {
    type Response = u32;

    fn handle(mut state: State<Self>, ComeIn(who): ComeIn, answer: DeferredResponse<u32, Self>) {
        state.log.push(format!("{who} waits"));
        state.waiting.push(answer);
    }
}

#[derive(Serialize, Deserialize)]
struct Open;

impl MessageHandler<Open> for Door {
    fn handle(mut state: State<Self>, _: Open) {
        for (place, answer) in std::mem::take(&mut state.waiting).into_iter().enumerate() {
            answer.send_response(place as u32 + 1);
        }
    }
}

/// Makes the door link a process that fails.
#[derive(Serialize, Deserialize)]
struct AdoptFailing;

impl MessageHandler<AdoptFailing> for Door {
    fn handle(_: State<Self>, _: AdoptFailing) {
        Process::<()>::spawn_link_tag((), Tag::special(77).unwrap(), |_, _: Mailbox<()>| {
            panic!("a linked process fails");
        });
    }
}

/// The tag of a door's last message.
fn farewell() -> Tag {
    Tag::special(78).unwrap()
}

#[lunatic::main]
fn main(mailbox: Mailbox<String>) {
    let door = Door::link().start(Plan::Fine(Some(mailbox.this()))).unwrap();

    door.send(Knock("Ada".into()));
    door.send(Knock("Joe".into()));
    println!("log: {:?}", door.request(ReadLog));

    // Three visitors wait; nobody gets an answer before the door opens.
    let this = mailbox.this();
    for (index, who) in ["Kim", "Lea", "Max"].into_iter().enumerate() {
        let capture = (door, this, who.to_owned());
        spawn_link!(|capture| {
            let (door, parent, who) = capture;
            let place = door.deferred_request(ComeIn(who.clone()));
            parent.send(format!("{who} came in as number {place}"));
        });
        wait_until("the visitor waits", || door.request(ReadLog).len() == 3 + index);
    }
    check("nobody comes in through a closed door", mailbox.receive_timeout(ms(5)).is_err());
    door.send(Open);
    let mut arrivals: Vec<String> = (0..3).map(|_| mailbox.receive()).collect();
    arrivals.sort();
    for arrival in arrivals {
        println!("{arrival}");
    }

    // The answer of a request that timed out must not disturb the next one.
    check("a slow request times out", door.with_timeout(ms(10)).request(Never).is_err());
    println!("entries: {}", door.request(ReadLog).len());

    let timer = door.with_delay(ms(20)).send(Knock("Early".into()));
    check("a delayed message can be cancelled", timer.cancel());
    door.with_delay(ms(10)).send(Knock("Late".into()));
    wait_until("the delayed message is there", || door.request(ReadLog).len() == 6);
    println!("last entry: {}", door.request(ReadLog).pop().unwrap());

    door.send(AdoptFailing);
    wait_until("the link death is handled", || door.request(ReadLog).len() == 7);
    println!("last entry: {}", door.request(ReadLog).pop().unwrap());

    check(
        "init may fail with an error",
        Door::start(Plan::WithoutWood).unwrap_err() == StartupError::Custom(DoorError::NoWood),
    );
    check(
        "a panic in init is reported to the starter",
        Door::link().start(Plan::Panic).unwrap_err() == StartupError::InitPanicked,
    );

    let front = Door::start_as(&"front", Plan::Fine(None)).unwrap();
    match Door::start_as(&"front", Plan::Fine(None)) {
        Err(StartupError::NameAlreadyRegistered(existing)) => {
            check("a name is given once", existing == front);
        }
        _ => panic!("the second start under the same name succeeded"),
    }
    check("a name can be looked up", ProcessRef::<Door>::lookup("front") == Some(front));
    check("other names are unknown", ProcessRef::<Door>::lookup("back").is_none());

    front.kill();
    wait_until("the killed one has ended", || !front.is_alive());
    check(
        "a request to a dead process times out",
        front.with_timeout(ms(5)).request(ReadLog).is_err(),
    );

    // By tag: the late answer of the request that timed out is still in this mailbox.
    door.shutdown();
    println!("{}", mailbox.tag_receive(&[farewell()]));
    wait_until("the door has ended", || !door.is_alive());
    println!("ok: shut down");
}
