//! An HTTP/1.1 server with a process for each connection. What one client does wrong ends that client's process alone.
//!
//!     http_server [PORT [MILLISECONDS]]
//!
//! prints "listening on PORT" and serves until its standard input ends. MILLISECONDS is how long a client may take for
//! a request, and how long it may be silent between two.
//!
//!     GET  /         a greeting            POST /echo       the body
//!     GET  /large    a mebibyte            GET  /panic      ends the process that serves it

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use lunatic::net::{TcpListener, TcpStream};
use lunatic::{spawn_link, Mailbox, Process};

/// Bytes that the head of a request may have, and its body.
const MAX_HEAD: usize = 16 * 1024;
const MAX_BODY: usize = 1024 * 1024;

/// Why there is no request to answer.
enum Trouble {
    /// The client has gone, or the connection broke.
    Gone,
    /// The client is told so, with a status, and the connection is closed.
    Refused(u16, &'static str),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Trouble::Refused(408, "Request Timeout"),
            _ => Trouble::Gone,
        }
    }
}

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
    keep_alive: bool,
}

/// A connection, with what was read of it and not used yet.
struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
    patience: Duration,
}

impl Connection {
    /// Reads more, but not beyond the deadline: a client that sends a byte now and then gets no more time by it.
    fn fill(&mut self, deadline: Instant) -> Result<(), Trouble> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Trouble::Refused(408, "Request Timeout"));
        }
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let mut buffer = [0; 8192];
        match self.stream.read(&mut buffer)? {
            0 => Err(Trouble::Gone),
            read => {
                self.unread.extend_from_slice(&buffer[..read]);
                Ok(())
            }
        }
    }

    fn request(&mut self) -> Result<Request, Trouble> {
        let deadline = Instant::now() + self.patience;
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at;
            }
            if self.unread.len() > MAX_HEAD {
                return Err(Trouble::Refused(431, "Request Header Fields Too Large"));
            }
            // Between two requests silence is no fault.
            let silent = self.unread.is_empty();
            match self.fill(deadline) {
                Err(Trouble::Refused(408, _)) if silent => return Err(Trouble::Gone),
                result => result?,
            }
        };
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        let head = std::str::from_utf8(&head[..end]).map_err(|_| BAD)?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next().ok_or(BAD)?.split(' ');
        let (method, path, version) = match (words.next(), words.next(), words.next(), words.next()) {
            (Some(method), Some(path), Some(version), None) => (method, path, version),
            _ => return Err(BAD),
        };
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) || !path.starts_with('/') {
            return Err(BAD);
        }
        let mut keep_alive = match version {
            "HTTP/1.1" => true,
            "HTTP/1.0" => false,
            _ => return Err(Trouble::Refused(505, "HTTP Version Not Supported")),
        };
        let (mut length, mut host, mut expects) = (None, false, false);
        for line in lines {
            let (name, value) = line.split_once(':').ok_or(BAD)?;
            let value = value.trim();
            if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
                return Err(BAD);
            }
            match name.to_ascii_lowercase().as_str() {
                "content-length" => {
                    // Two lengths, or one that is no number, are how requests are smuggled.
                    if length.is_some() || value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
                        return Err(BAD);
                    }
                    length = Some(value.parse::<usize>().map_err(|_| TOO_LARGE)?);
                }
                "transfer-encoding" => return Err(Trouble::Refused(501, "Not Implemented")),
                "connection" if value.eq_ignore_ascii_case("close") => keep_alive = false,
                "expect" => expects = true,
                "host" => host = true,
                _ => {}
            }
        }
        if version == "HTTP/1.1" && !host {
            return Err(BAD);
        }
        let length = length.unwrap_or(0);
        if length > MAX_BODY {
            return Err(TOO_LARGE);
        }
        if expects && self.unread.len() < length {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while self.unread.len() < length {
            self.fill(deadline)?;
        }
        let body = self.unread.drain(..length).collect();
        Ok(Request { method: method.into(), path: path.into(), body, keep_alive })
    }

    fn answer(&mut self, status: u16, reason: &str, body: &[u8], with_body: bool, keep: bool) -> io::Result<()> {
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\ncontent-length: {}\r\ncontent-type: text/plain\r\nconnection: {}\r\n\r\n",
            body.len(),
            if keep { "keep-alive" } else { "close" },
        );
        self.stream.set_write_timeout(Some(self.patience))?;
        self.stream.write_all(head.as_bytes())?;
        if with_body {
            self.stream.write_all(body)?;
        }
        self.stream.flush()
    }
}

const BAD: Trouble = Trouble::Refused(400, "Bad Request");
const TOO_LARGE: Trouble = Trouble::Refused(413, "Payload Too Large");

fn serve((stream, patience): (TcpStream, u64), _: Mailbox<()>) {
    let patience = Duration::from_millis(patience);
    let mut connection = Connection { stream, unread: Vec::new(), patience };
    loop {
        let request = match connection.request() {
            Ok(request) => request,
            Err(Trouble::Gone) => return,
            Err(Trouble::Refused(status, reason)) => {
                // Whether the client still hears it is its own affair.
                let _ = connection.answer(status, reason, reason.as_bytes(), true, false);
                return;
            }
        };
        let keep = request.keep_alive;
        let with_body = request.method != "HEAD";
        let result = match (request.method.as_str(), request.path.as_str()) {
            ("GET" | "HEAD", "/") => connection.answer(200, "OK", b"Hello from a process\n", with_body, keep),
            ("GET" | "HEAD", "/large") => connection.answer(200, "OK", &vec![b'x'; 1 << 20], with_body, keep),
            ("GET", "/panic") => panic!("as you wish"),
            ("POST", "/echo") => connection.answer(200, "OK", &request.body, true, keep),
            (_, "/" | "/large" | "/echo") => connection.answer(405, "Method Not Allowed", b"", with_body, keep),
            _ => connection.answer(404, "Not Found", b"There is no such thing here\n", with_body, keep),
        };
        if result.is_err() || !keep {
            return;
        }
    }
}

#[lunatic::main]
fn main(_: Mailbox<()>) {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().map_or(0, |port| port.parse().expect("a port"));
    let patience: u64 = arguments.next().map_or(10_000, |time| time.parse().expect("milliseconds"));
    let settings = (port, patience);
    spawn_link!(|settings, _mailbox: Mailbox<()>| {
        let (port, patience): (u16, u64) = settings;
        let listener = TcpListener::bind(("127.0.0.1".parse::<std::net::IpAddr>().unwrap(), port)).expect("the port");
        println!("listening on {}", listener.local_addr().expect("it has an address").port());
        loop {
            if let Ok((stream, _peer)) = listener.accept() {
                Process::spawn((stream, patience), serve);
            }
        }
    });
    // Until whoever started it has gone.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}
