//! A TCP echo server with a process for each connection, and fifty clients, a process each.

use std::io::{Read, Write};
use std::net::SocketAddr;

use lunatic::net::{TcpListener, TcpStream};
use lunatic::{spawn_link, Mailbox, Process};
use lunatic_guests::{check, ms};

const CLIENTS: u32 = 50;
const ROUNDS: u32 = 20;

/// Sends back what comes, until the client has nothing more to say.
fn serve(mut stream: TcpStream, _: Mailbox<()>) {
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).expect("the client can be read");
        if read == 0 {
            return;
        }
        stream.write_all(&buffer[..read]).expect("the client can be written");
    }
}

/// Says many things, and reports how many bytes came back as they were.
fn ask((report, address, number): (Process<u64>, SocketAddr, u32), _: Mailbox<()>) {
    let mut stream = TcpStream::connect(address).expect("the server answers");
    let mut total = 0;
    for round in 0..ROUNDS {
        let said = format!("client {number}, round {round};").repeat((number * round) as usize % 300 + 1);
        stream.write_all(said.as_bytes()).expect("the server listens");
        let mut heard = vec![0; said.len()];
        stream.read_exact(&mut heard).expect("the server echoes");
        assert_eq!(said.as_bytes(), heard);
        total += heard.len() as u64;
    }
    report.send(total);
}

#[lunatic::main]
fn main(mailbox: Mailbox<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    check("bound to loopback", address.ip().is_loopback() && address.port() != 0);

    // A listener stays with the process that binds it.
    let server = spawn_link!(|mailbox: Mailbox<Process<u64>>| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it has an address").port();
        mailbox.receive().send(port.into());
        while let Ok((stream, _peer)) = listener.accept() {
            Process::spawn(stream, serve);
        }
    });
    server.send(mailbox.this());
    let echo = SocketAddr::new(address.ip(), mailbox.receive() as u16);
    for number in 0..CLIENTS {
        Process::spawn_link((mailbox.this(), echo, number), ask);
    }
    let total: u64 = (0..CLIENTS).map(|_| mailbox.receive()).sum();
    println!("{CLIENTS} clients were echoed {total} bytes");

    let mut stream = TcpStream::connect(address).expect("the own listener answers");
    let (mut accepted, peer) = listener.accept().expect("a connection waits");
    check("the peer is the client", accepted.peer_addr().unwrap() == peer);
    check("the client's peer is the server", stream.peer_addr().unwrap() == address);
    stream.set_read_timeout(Some(ms(10))).unwrap();
    check("no timeout at first", accepted.read_timeout().is_none());
    check("a timeout", stream.read_timeout() == Some(ms(10)));
    let late = stream.read(&mut [0; 8]).unwrap_err();
    println!("late: {late}");
    accepted.write_all(b"peek").unwrap();
    stream.set_read_timeout(None).unwrap();
    let mut buffer = [0; 8];
    let peeked = stream.peek(&mut buffer).unwrap();
    println!("peeked: {}", String::from_utf8_lossy(&buffer[..peeked]));
    let clone = stream.clone();
    drop(stream);
    let mut stream = clone;
    let read = stream.read(&mut buffer).unwrap();
    println!("read: {}", String::from_utf8_lossy(&buffer[..read]));
    drop(accepted);
    println!("the end: {}", stream.read(&mut buffer).unwrap());
    drop(listener);
    println!("refused: {}", TcpStream::connect(address).unwrap_err());
}
