//! A small and fast HTTP/1.1 server, as a load to measure: a process for each connection answers all of its requests with
//! a greeting, without deadlines.
//!
//!     http_load
//!
//! prints the port that it listens on, and serves until its standard input ends.

use std::io::{self, Read, Write};

use lunatic::net::{TcpListener, TcpStream};
use lunatic::{spawn_link, Mailbox, Process};

const MAX_HEAD: usize = 16 * 1024;
const HELLO: &[u8] = b"Hello, world!";

struct Request<'a> {
    method: &'a str,
    path: &'a str,
    keep_alive: bool,
    /// Bytes of the body, which follows the head.
    body: usize,
}

/// Reads a head without its last empty line. Returns nothing if it is none.
fn parse(head: &[u8]) -> Option<Request<'_>> {
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, path, version) = (words.next()?, words.next()?, words.next()?);
    let (mut keep_alive, mut body) = (version == "HTTP/1.1", 0);
    let mut headers = Vec::with_capacity(16);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.push((name, value.trim()));
    }
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("content-length") {
            body = value.parse().ok()?;
        } else if name.eq_ignore_ascii_case("connection") {
            keep_alive = !value.eq_ignore_ascii_case("close");
        }
    }
    Some(Request { method, path, keep_alive, body })
}

fn answer(stream: &mut TcpStream, status: &str, body: &[u8]) -> io::Result<()> {
    let mut response = Vec::with_capacity(256);
    write!(response, "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n", body.len())?;
    response.extend_from_slice(body);
    stream.write_all(&response)
}

/// Answers the requests that come on a connection, until it is closed.
fn serve(mut stream: TcpStream, _: Mailbox<()>) {
    let mut unread: Vec<u8> = Vec::with_capacity(4096);
    let mut buffer = [0; 4096];
    loop {
        while let Some(end) = unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let (used, keep) = match parse(&unread[..end]) {
                Some(request) => {
                    let used = end + 4 + request.body;
                    if unread.len() < used {
                        break;
                    }
                    let sent = match (request.method, request.path) {
                        ("GET", "/") => answer(&mut stream, "200 OK", HELLO),
                        _ => answer(&mut stream, "404 Not Found", b""),
                    };
                    (used, sent.is_ok() && request.keep_alive)
                }
                None => {
                    let _ = answer(&mut stream, "400 Bad Request", b"");
                    return;
                }
            };
            if !keep {
                return;
            }
            unread.drain(..used);
        }
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 && unread.len() < MAX_HEAD => unread.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
}

#[lunatic::main]
fn main(_: Mailbox<()>) {
    spawn_link!(|_mailbox: Mailbox<()>| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        println!("{}", listener.local_addr().expect("it has an address").port());
        while let Ok((stream, _peer)) = listener.accept() {
            Process::spawn(stream, serve);
        }
    });
    // Until whoever started it has gone.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}
