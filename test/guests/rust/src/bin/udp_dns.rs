//! Datagrams, and names.

use lunatic::net::{resolve, UdpSocket};
use lunatic::{spawn_link, Mailbox, Process};
use lunatic_guests::check;
use std::net::SocketAddr;

fn resolved(name: &str) -> Vec<SocketAddr> {
    resolve(name).expect("it can be resolved").collect()
}

#[lunatic::main]
fn main(mailbox: Mailbox<u16>) {
    let server = spawn_link!(|mailbox: Mailbox<Process<u16>>| {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        mailbox.receive().send(socket.local_addr().expect("it has an address").port());
        let mut buffer = [0; 64];
        loop {
            let (read, peer) = socket.recv_from(&mut buffer).expect("a datagram");
            buffer[..read].reverse();
            socket.send_to(&buffer[..read], peer).expect("the peer's address");
        }
    });
    server.send(mailbox.this());
    let port = mailbox.receive();

    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    println!("not connected: {}", socket.send(b"x").unwrap_err());
    socket.connect(("127.0.0.1:0".parse::<SocketAddr>().unwrap().ip(), port)).expect("no packet is needed");
    check("connected", socket.peer_addr().unwrap().port() == port);
    let mut buffer = [0; 64];
    for text in ["stressed", "", "live"] {
        socket.send(text.as_bytes()).expect("the server is there");
        let read = socket.recv(&mut buffer).expect("an answer");
        println!("{text:?} came back as {:?}", String::from_utf8_lossy(&buffer[..read]));
    }
    let clone = socket.try_clone().expect("another reference");
    drop(socket);
    clone.send(b"0123456789").expect("the clone is the same socket");
    let read = clone.recv(&mut buffer[..4]).expect("an answer");
    println!("the first of it: {:?}", String::from_utf8_lossy(&buffer[..read]));
    clone.set_ttl(9).unwrap();
    clone.set_broadcast(true).unwrap();
    check("options", clone.ttl().unwrap() == 9 && clone.broadcast().unwrap());

    println!("{:?}", resolved("10.20.30.40:50"));
    println!("{:?}", resolved("[2001:db8::1]:443"));
    check(
        "localhost is this machine",
        resolved("localhost:80").iter().all(|address| address.ip().is_loopback() && address.port() == 80),
    );
    println!("no port: {}", resolve("localhost").err().expect("an error"));
}
