// An HTTP server. Each connection is handled by a process of its own, and a counter counts visits.

import {
  Child, expect, expectEqual, Message, print, Process, programArguments, receiveTag, supervise, TcpListener, TcpStream,
} from "./lunatic";

export { runProcess } from "./lunatic";

// The tags say what a message is about.
const STREAM: i64 = 1; // a connection
const VISIT: i64 = 2; //  to the counter: whom to answer; 0 crashes it
const COUNT: i64 = 3; //  the answer

// --- The counter -------------------------------------------------------------------------------------------------------

/** Nobody else can reach the count, so it needs no lock. */
function counter(count: u64): void {
  while (true) {
    const visitor = receiveTag(VISIT).read();
    if (visitor == 0) throw new Error("the counter was made to crash");
    count++;
    new Process(visitor).send(new Message(COUNT).write(count));
  }
}

function findCounter(): Process {
  return assert(Process.lookup("counter"), "there is no counter");
}

/** Counts a visit, and returns which one it is. */
function visit(): u64 {
  findCounter().send(new Message(VISIT).write(Process.self().id));
  return receiveTag(COUNT).read();
}

// --- A request ---------------------------------------------------------------------------------------------------------

/** Finds the path in the first line of a request, as in "GET /path HTTP/1.1". Returns null if it is no such line. */
function readPath(line: string): string | null {
  const words = line.split(" ");
  return words.length == 3 && words[0] == "GET" && words[1].startsWith("/") ? words[1] : null;
}

function answer(stream: TcpStream, status: string, body: string): void {
  stream.write(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${String.UTF8.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function handler(_: u64): void {
  const stream = receiveTag(STREAM).readStream();
  const request = stream.readLine();
  if (request === null) return;
  // The headers end with an empty line.
  let header = stream.readLine();
  while (header !== null && header != "") header = stream.readLine();
  const path = readPath(request);
  if (path === null) {
    answer(stream, "400 Bad Request", "Only GET is understood.\n");
  } else if (path == "/") {
    answer(stream, "200 OK", `Hello! You are visitor ${visit()}.\n`);
  } else if (path == "/crash") {
    throw new Error("this request was made to crash");
  } else if (path == "/crash-counter") {
    findCounter().send(new Message(VISIT).write(0));
    answer(stream, "200 OK", "The counter crashes.\n");
  } else {
    answer(stream, "404 Not Found", "There is nothing here.\n");
  }
}

// --- The server --------------------------------------------------------------------------------------------------------

function listener(port: u64): void {
  const connections = TcpListener.bind(<u16>port);
  print(`listening on http://127.0.0.1:${connections.port}`);
  while (true) {
    const stream = connections.accept();
    // Not linked: a request that crashes is nobody else's concern.
    Process.spawn(handler).send(new Message(STREAM).writeStream(stream));
  }
}

export function _start(): void {
  const given = programArguments();
  const port = given.length > 0 ? <u64>parseInt(given[0]) : 8080;
  supervise([new Child("counter", counter), new Child("listener", listener, port)]);
}

// ---- Tests: npm test --------------------------------------------------------------------------------------------------

export function __lunatic_test_paths_are_read(): void {
  expect(readPath("GET /index.html HTTP/1.1") == "/index.html", "a path");
  expect(readPath("POST / HTTP/1.1") === null, "another method");
  expect(readPath("") === null, "an empty line");
}

export function __lunatic_test_visits_are_counted(): void {
  Process.spawn(counter).register("counter");
  expectEqual<u64>(1, visit(), "the first visit");
  expectEqual<u64>(2, visit(), "the second visit");
}
