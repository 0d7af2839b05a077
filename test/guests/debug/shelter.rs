//! A shelter for cats, written with the crate `lunatic`. Tests of the debugger find lines by the comments at their ends.
use lunatic::{spawn, spawn_link, Mailbox, Process};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Debug, Serialize, Deserialize)]
enum Request {
    Bring { name: String, lives: u8 },
    Adopt { name: String, by: Process<String> },
    Close,
}

#[derive(Debug)]
struct Cat {
    lives: u8,
    visits: u32,
}

fn adopt(cats: &mut HashMap<String, Cat>, name: &str) -> Cat {
    match cats.remove(name) {
        Some(cat) => cat, // found
        None => panic!("no cat is called {}", name), // panic
    }
}

fn shelter(parent: Process<String>, mailbox: Mailbox<Request>) {
    let mut cats = HashMap::new();
    loop {
        let request = mailbox.receive(); // receive
        match request {
            Request::Bring { name, lives } => {
                let cat = Cat { lives, visits: 0 };
                cats.insert(name, cat); // bring
            }
            Request::Adopt { name, by } => {
                let mut cat = adopt(&mut cats, &name); // adopt
                cat.visits += 1; // visit
                by.send(format!("{} with {} lives", name, cat.lives)); // send
            }
            Request::Close => break,
        }
    }
    parent.send("closed".to_owned()); // closed
}

fn visitor(shelter: Process<Request>, mailbox: Mailbox<String>) {
    for name in ["Minka", "Felix"] {
        let by = mailbox.this();
        shelter.send(Request::Adopt { name: name.to_owned(), by }); // ask
        println!("{}", mailbox.receive());
    }
}

#[lunatic::main]
fn main(mailbox: Mailbox<String>) {
    let parent = mailbox.this();
    let shelter = spawn_link!(|parent, mailbox: Mailbox<Request>| shelter(parent, mailbox));
    shelter.send(Request::Bring { name: "Minka".to_owned(), lives: 9 }); // first
    shelter.send(Request::Bring { name: "Tom".to_owned(), lives: 7 });
    let _visitor = spawn!(|shelter, mailbox: Mailbox<String>| visitor(shelter, mailbox));
    println!("{}", mailbox.receive());
}
