//! The room: keeps the list of members and passes on what they say.

use lunatic::ap::handlers::{Message, Request};
use lunatic::ap::{AbstractProcess, Config, MessageHandler, ProcessRef, RequestHandler, State};
use lunatic::serializer::Bincode;
use serde::{Deserialize, Serialize};

use crate::member::{Hear, Member};

/// An abstract process is a process around a state. Nobody else can touch the state; others send messages, and the
/// handlers below run one after the other.
pub struct Room {
    members: Vec<(String, ProcessRef<Member>)>,
    said: u32,
}

impl AbstractProcess for Room {
    /// What `start` hands over. It travels in a message, like everything between processes.
    type Arg = ();
    type State = Self;
    type Serializer = Bincode;
    /// Every kind of message that the room understands. Sending anything else does not compile.
    type Handlers = (Message<Join>, Message<Say>, Request<Statistics>);
    type StartupError = ();

    fn init(_: Config<Self>, _: ()) -> Result<Self, ()> {
        Ok(Room { members: Vec::new(), said: 0 })
    }
}

/// The room, wherever it runs. It is registered under a name, so that nobody has to pass it around.
pub fn room() -> ProcessRef<Room> {
    ProcessRef::lookup("room").expect("the room is open")
}

#[derive(Serialize, Deserialize)]
pub struct Join {
    pub name: String,
    pub member: ProcessRef<Member>,
}

impl MessageHandler<Join> for Room {
    fn handle(mut state: State<Self>, Join { name, member }: Join) {
        // Somebody who was restarted comes back under the old name, as another process.
        let again = state.members.iter().any(|(other, _)| *other == name);
        state.members.retain(|(other, _)| *other != name);
        state.members.push((name.clone(), member));
        println!("* {name} {} (process {})", if again { "is back" } else { "joins" }, member.id());
    }
}

#[derive(Serialize, Deserialize)]
pub struct Say {
    pub name: String,
    pub text: String,
}

impl MessageHandler<Say> for Room {
    fn handle(mut state: State<Self>, Say { name, text }: Say) {
        println!("{name}: {text}");
        state.said += 1;
        for (other, member) in &state.members {
            if *other != name {
                // Never waits, and a dead receiver is no error.
                member.send(Hear { text: text.clone() });
            }
        }
    }
}

/// A request has an answer, and the one who asks waits for it.
#[derive(Serialize, Deserialize)]
pub struct Statistics;

impl RequestHandler<Statistics> for Room {
    type Response = (u32, usize);

    fn handle(state: State<Self>, _: Statistics) -> (u32, usize) {
        (state.said, state.members.len())
    }
}
