//! A member of the room: counts what it hears, and says what it is told to.

use lunatic::ap::handlers::{Message, Request};
use lunatic::ap::{AbstractProcess, Config, MessageHandler, RequestHandler, State};
use lunatic::serializer::Bincode;
use serde::{Deserialize, Serialize};

use crate::room::{room, Join, Say};

pub struct Member {
    name: String,
    heard: u32,
}

impl AbstractProcess for Member {
    type Arg = String;
    type State = Self;
    type Serializer = Bincode;
    type Handlers = (Message<Hear>, Message<Speak>, Request<Heard>);
    type StartupError = ();

    /// Runs at the first start and at every restart: a restarted member joins again, with nothing in its memory.
    fn init(config: Config<Self>, name: String) -> Result<Self, ()> {
        room().send(Join { name: name.clone(), member: config.self_ref() });
        Ok(Member { name, heard: 0 })
    }
}

#[derive(Serialize, Deserialize)]
pub struct Hear {
    pub text: String,
}

impl MessageHandler<Hear> for Member {
    fn handle(mut state: State<Self>, Hear { text }: Hear) {
        state.heard += 1;
        // Bob's code has a bug: he cannot stand cows.
        if state.name == "Bob" && text.contains("cow") {
            panic!("{} heard {text:?}", state.name);
        }
    }
}

#[derive(Serialize, Deserialize)]
pub struct Speak(pub String);

impl MessageHandler<Speak> for Member {
    fn handle(state: State<Self>, Speak(text): Speak) {
        room().send(Say { name: state.name.clone(), text });
    }
}

#[derive(Serialize, Deserialize)]
pub struct Heard;

impl RequestHandler<Heard> for Member {
    type Response = u32;

    fn handle(state: State<Self>, _: Heard) -> u32 {
        state.heard
    }
}
