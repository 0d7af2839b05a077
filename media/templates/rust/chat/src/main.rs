//! A chat server. Each member has two processes: one waits for what the others say, one for what the member types.

use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use lunatic::ap::handlers::Message;
use lunatic::ap::{AbstractProcess, Config, MessageHandler, ProcessRef, State};
use lunatic::net::{TcpListener, TcpStream};
use lunatic::serializer::Bincode;
use lunatic::supervisor::{Supervisor, SupervisorConfig, SupervisorStrategy};
use lunatic::{sleep, Mailbox, MessageSignal, Process};
use serde::{Deserialize, Serialize};

// ---- The room: knows who is there, and passes on what is said ----------------------------------------------------------

/// An abstract process is a process around a state. Others send messages, and the handlers below run one after the other.
struct Room {
    members: Vec<Process<String>>,
}

impl Room {
    fn tell(&mut self, text: &str) {
        println!("{text}");
        self.members.retain(Process::is_alive);
        for member in &self.members {
            member.send(text.to_owned());
        }
    }
}

impl AbstractProcess for Room {
    type Arg = ();
    type State = Self;
    type Serializer = Bincode;
    type Handlers = (Message<Join>, Message<Say>);
    type StartupError = ();

    /// Runs at the first start and after each crash.
    fn init(config: Config<Self>, _: ()) -> Result<Self, ()> {
        // The name leads to the room, also to the one that the supervisor has started again.
        config.self_ref().register(&"room");
        // Members are linked to the room, and leave as they like.
        config.die_if_link_dies(false);
        Ok(Room {
            members: Vec::new(),
        })
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Join {
    name: String,
    member: Process<String>,
}

impl MessageHandler<Join> for Room {
    fn handle(mut room: State<Self>, Join { name, member }: Join) {
        room.members.push(member);
        room.tell(&format!("* {name} is here"));
    }
}

#[derive(Serialize, Deserialize)]
struct Say {
    name: String,
    text: String,
}

impl MessageHandler<Say> for Room {
    fn handle(mut room: State<Self>, Say { name, text }: Say) {
        // A bug, to see a supervisor at work.
        if text == "/crash" {
            panic!("{name} made the room crash");
        }
        room.tell(&format!("{name}: {text}"));
    }
}

/// The room, as soon as there is one: after a crash, the supervisor needs a moment.
fn find_room() -> ProcessRef<Room> {
    loop {
        match ProcessRef::lookup("room") {
            Some(room) if room.is_alive() => return room,
            _ => sleep(Duration::from_millis(10)),
        }
    }
}

struct RoomSupervisor;

impl Supervisor for RoomSupervisor {
    type Arg = ();
    type Children = (Room,);

    fn init(config: &mut SupervisorConfig<Self>, _: ()) {
        config.set_strategy(SupervisorStrategy::OneForOne);
        config.set_args(((),));
    }
}

// ---- A member ----------------------------------------------------------------------------------------------------------

/// Shows the member what is said. When the room has crashed, it joins the next one.
fn member(mut stream: TcpStream, mailbox: Mailbox<String>) {
    let name = match BufReader::new(stream.clone()).lines().next() {
        Some(Ok(name)) => name,
        _ => return,
    };
    let join = Join {
        name,
        member: mailbox.this(),
    };
    // Linked: neither of the two outlives a failure of the other.
    Process::spawn_link((join.clone(), stream.clone()), reader);
    // From now on, the failure of the room is a message.
    let mailbox = mailbox.catch_link_failure();
    loop {
        let room = find_room();
        room.link();
        room.send(join.clone());
        while let MessageSignal::Message(text) = mailbox.receive() {
            if writeln!(stream, "{text}").is_err() {
                return;
            }
        }
    }
}

/// Passes on what the member types, until the connection ends.
fn reader((join, stream): (Join, TcpStream), _: Mailbox<()>) {
    for text in BufReader::new(stream).lines().map_while(Result::ok) {
        find_room().send(Say {
            name: join.name.clone(),
            text,
        });
    }
    join.member.kill();
}

// ---- The server --------------------------------------------------------------------------------------------------------

#[lunatic::main]
fn main(_: Mailbox<()>) {
    // Linked: should the supervisor fail, so does the server.
    let _supervisor = RoomSupervisor::link().start(()).unwrap();
    let port = std::env::args().nth(1).unwrap_or_else(|| "4000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).expect("the port is free");
    println!("listening on {}", listener.local_addr().unwrap());
    while let Ok((stream, _)) = listener.accept() {
        Process::spawn(stream, member);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[lunatic::test]
    fn members_hear_what_is_said(mailbox: Mailbox<String>) {
        let room = Room::start(()).unwrap();
        room.send(Join {
            name: "Ada".into(),
            member: mailbox.this(),
        });
        assert_eq!(mailbox.receive(), "* Ada is here");
        room.send(Say {
            name: "Ada".into(),
            text: "hello".into(),
        });
        assert_eq!(mailbox.receive(), "Ada: hello");
    }

    #[lunatic::test]
    fn a_crashed_room_is_started_again(mailbox: Mailbox<String>) {
        let _supervisor = RoomSupervisor::link().start(()).unwrap();
        let first = find_room();
        first.send(Say {
            name: "Ada".into(),
            text: "/crash".into(),
        });
        while first.is_alive() {
            sleep(Duration::from_millis(10));
        }
        find_room().send(Join {
            name: "Ada".into(),
            member: mailbox.this(),
        });
        assert_eq!(mailbox.receive(), "* Ada is here");
    }
}
