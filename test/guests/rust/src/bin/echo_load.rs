//! An echo server with a process for each connection, and its clients, a process each, as a load to measure.
//!
//!     echo_load [CONNECTIONS [ROUNDS [BYTES]]]
//!
//! Each client sends ROUNDS messages of BYTES and waits for each. Prints how many nanoseconds that took, connecting not
//! counted.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use lunatic::net::{TcpListener, TcpStream};
use lunatic::{spawn_link, Mailbox, Process};

/// Sends back what comes, until the client has nothing more to say.
fn serve(mut stream: TcpStream, _: Mailbox<()>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut buffer).expect("the client can be read");
        if read == 0 {
            return;
        }
        stream.write_all(&buffer[..read]).expect("the client can be written");
    }
}

/// Connects, says so, and begins when it is told to.
fn ask((parent, address, rounds, bytes): (Process<u64>, SocketAddr, u64, usize), mailbox: Mailbox<()>) {
    let mut stream = TcpStream::connect(address).expect("the server answers");
    parent.send(0);
    mailbox.receive();
    let said: Vec<u8> = (0..bytes).map(|i| (i * 7) as u8).collect();
    let mut heard = vec![0; bytes];
    for _ in 0..rounds {
        stream.write_all(&said).expect("the server listens");
        stream.read_exact(&mut heard).expect("the server echoes");
        assert!(said == heard, "the echo is not what was said");
    }
    parent.send(rounds);
}

#[lunatic::main]
fn main(mailbox: Mailbox<u64>) {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|number| number.parse().expect("a number")).collect();
    let given = |at: usize, otherwise| numbers.get(at).copied().unwrap_or(otherwise);
    let (connections, rounds, bytes) = (given(0, 4), given(1, 10), given(2, 64) as usize);

    let server = spawn_link!(|mailbox: Mailbox<Process<u64>>| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it has an address").port();
        mailbox.receive().send(port.into());
        while let Ok((stream, _peer)) = listener.accept() {
            Process::spawn(stream, serve);
        }
    });
    server.send(mailbox.this());
    let address = SocketAddr::new([127, 0, 0, 1].into(), mailbox.receive() as u16);

    let clients: Vec<Process<()>> =
        (0..connections).map(|_| Process::spawn_link((mailbox.this(), address, rounds, bytes), ask)).collect();
    for _ in &clients {
        mailbox.receive();
    }
    let start = Instant::now();
    for client in &clients {
        client.send(());
    }
    let count: u64 = clients.iter().map(|_| mailbox.receive()).sum();
    let time = start.elapsed();
    assert_eq!(count, connections * rounds);
    println!("{}", time.as_nanos());
}
