//! TLS with the tests' own authority: a server with a process for each connection, and clients that do and do not
//! trust it.

use std::io::{Read, Write};

use lunatic::net::{TlsListener, TlsStream};
use lunatic::{spawn_link, Mailbox, Process};
use lunatic_guests::{check, ms};

// For tests only. The SDK takes plain bytes.
const AUTHORITY: &[u8] = include_bytes!("../../../../fixtures/tls/test-ca.pem");
const STRANGER: &[u8] = include_bytes!("../../../../fixtures/tls/stranger-ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../../../fixtures/tls/server.pem");
const KEY: &[u8] = include_bytes!("../../../../fixtures/tls/server.key");

fn serve(mut stream: TlsStream, _: Mailbox<()>) {
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).expect("the client ends properly");
        if read == 0 {
            return;
        }
        stream.write_all(&buffer[..read]).expect("the client can be written");
        stream.flush().expect("the client can be written");
    }
}

fn ask((report, port, number): (Process<u32>, u16, u32), _: Mailbox<()>) {
    let mut stream = connect("localhost", port, AUTHORITY).expect("the server is trusted");
    let said = format!("client {number};").repeat(1000);
    stream.write_all(said.as_bytes()).expect("the server listens");
    stream.flush().expect("the server listens");
    let mut heard = vec![0; said.len()];
    stream.read_exact(&mut heard).expect("the server echoes");
    assert_eq!(said.as_bytes(), heard);
    report.send(number);
}

fn connect(host: &str, port: u16, authority: &[u8]) -> std::io::Result<TlsStream> {
    TlsStream::connect_timeout(host, ms(5000), port.into(), vec![authority.to_vec()])
}

#[lunatic::main]
fn main(mailbox: Mailbox<u32>) {
    let port_for = spawn_link!(|mailbox: Mailbox<Process<u32>>| {
        let listener = TlsListener::bind("127.0.0.1:0", CERTIFICATE.to_vec(), KEY.to_vec()).expect("a free port");
        mailbox.receive().send(listener.local_addr().expect("it has an address").port().into());
        // A client that does not trust the server is an error, and no reason to stop.
        loop {
            if let Ok((stream, _peer)) = listener.accept() {
                Process::spawn(stream, serve);
            }
        }
    });
    port_for.send(mailbox.this());
    let port = mailbox.receive() as u16;

    for number in 0..10 {
        Process::spawn_link((mailbox.this(), port, number), ask);
    }
    let mut numbers: Vec<u32> = (0..10).map(|_| mailbox.receive()).collect();
    numbers.sort();
    println!("echoed: {numbers:?}");

    println!("a stranger: {}", connect("localhost", port, STRANGER).unwrap_err());
    println!("by address: {}", connect("127.0.0.1", port, AUTHORITY).is_ok());
    let mut stream = connect("localhost", port, AUTHORITY).expect("the server goes on");
    stream.set_read_timeout(Some(ms(10))).unwrap();
    check("a timeout", stream.read_timeout() == Some(ms(10)));
    println!("late: {}", stream.read(&mut [0; 8]).unwrap_err());
}
