//! A chat room whose members may crash.
//!
//! ```text
//!     main ─── Room                        knows who is there, passes on what is said
//!        └──── Members (a supervisor)      starts Ada, Bob and Cleo, and each of them again after a crash
//!                ├── Ada
//!                ├── Bob
//!                └── Cleo
//! ```

mod member;
mod room;

use std::time::Duration;

use lunatic::supervisor::{Supervisor, SupervisorConfig, SupervisorStrategy};
use lunatic::{sleep, AbstractProcess, Mailbox};

use member::{Heard, Member, Speak};
use room::{Room, Statistics};

/// The supervisor of the members.
struct Members;

impl Supervisor for Members {
    type Arg = ();
    type Children = (Member, Member, Member);

    fn init(config: &mut SupervisorConfig<Self>, _: ()) {
        // Start again the one that crashed, and leave the others alone.
        config.set_strategy(SupervisorStrategy::OneForOne);
        config.set_args(("Ada".to_owned(), "Bob".to_owned(), "Cleo".to_owned()));
    }
}

#[lunatic::main]
fn main(_: Mailbox<()>) {
    // Linked: should the room crash, this process goes with it.
    let room = Room::link().start_as(&"room", ()).unwrap();
    let members = Members::link().start(()).unwrap();

    let (ada, bob, cleo) = members.children();
    ada.send(Speak("Hello, everybody!".into()));
    pause();
    bob.send(Speak("Hi Ada.".into()));
    pause();
    cleo.send(Speak("Have you seen the cow in the garden?".into()));
    pause();

    // Bob has crashed, and the supervisor has started a new one. The old reference leads to a dead process.
    println!("* the first Bob is {}", if bob.is_alive() { "alive" } else { "dead" });
    let (_, bob, _) = members.children();
    bob.send(Speak("Sorry, I was away for a moment. What did I miss?".into()));
    pause();

    let (said, present) = room.request(Statistics);
    println!("* {said} messages, {present} members in the room");
    for (name, member) in [("Ada", ada), ("Bob", bob), ("Cleo", cleo)] {
        println!("* {name} remembers {} messages of others", member.request(Heard));
    }

    // Ends the members first, in reverse order, then the supervisor itself.
    members.shutdown();
    room.shutdown();
    println!("* the room is closed");
}

/// Gives the others time to act, as people do.
fn pause() {
    sleep(Duration::from_millis(200));
}
