// A TCP echo server with a process for each connection and twenty clients, datagrams, and names.

import {
  FOREVER, TIMEOUT, newMessage, number, print, receive, self, sendIt, sendNumber, spawn, writeNumber,
} from "./lunatic";

export { runProcess } from "./lunatic";

// @ts-ignore: decorator
@external("lunatic::networking", "tcp_bind")
declare function tcpBind(type: u32, address: usize, port: u32, flow: u32, scope: u32, id: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_local_addr")
declare function tcpLocalAddress(listener: u64, iterator: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_accept")
declare function tcpAccept(listener: u64, id: usize, peer: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_connect")
declare function tcpConnect(
  type: u32, address: usize, port: u32, flow: u32, scope: u32, timeout: u64, id: usize,
): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_read")
declare function tcpRead(stream: u64, buffer: usize, length: u32, count: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "tcp_write_vectored")
declare function tcpWrite(stream: u64, vectors: usize, count: u32, written: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "drop_tcp_stream")
declare function dropStream(stream: u64): void;
// @ts-ignore: decorator
@external("lunatic::networking", "set_read_timeout")
declare function setReadTimeout(stream: u64, milliseconds: u64): void;
// @ts-ignore: decorator
@external("lunatic::networking", "udp_bind")
declare function udpBind(type: u32, address: usize, port: u32, flow: u32, scope: u32, id: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "udp_local_addr")
declare function udpLocalAddress(socket: u64, iterator: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "udp_send_to")
declare function udpSendTo(
  socket: u64, buffer: usize, length: u32, type: u32, address: usize, port: u32, flow: u32, scope: u32, sent: usize,
): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "udp_receive_from")
declare function udpReceiveFrom(socket: u64, buffer: usize, length: u32, count: usize, iterator: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "resolve")
declare function resolveName(name: usize, length: u32, timeout: u64, id: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "resolve_next")
declare function resolveNext(iterator: u64, type: usize, address: usize, port: usize, flow: usize, scope: usize): u32;
// @ts-ignore: decorator
@external("lunatic::networking", "drop_dns_iterator")
declare function dropIterator(iterator: u64): void;
// @ts-ignore: decorator
@external("lunatic::message", "push_tcp_stream")
declare function pushStream(stream: u64): u64;
// @ts-ignore: decorator
@external("lunatic::message", "take_tcp_stream")
declare function takeStream(place: u64): u64;
// @ts-ignore: decorator
@external("lunatic::error", "string_size")
declare function errorSize(error: u64): u32;
// @ts-ignore: decorator
@external("lunatic::error", "to_string")
declare function errorText(error: u64, text: usize): void;
// @ts-ignore: decorator
@external("lunatic::error", "drop")
declare function dropError(error: u64): void;

const CLIENTS: i64 = 20;
const ROUNDS: i64 = 10;

const LOOPBACK = memory.data<u8>([127, 0, 0, 1]);
const cell = memory.data(16, 8);
const place = memory.data(40, 8);
const vector = memory.data(8, 8);

/** The text of the error in the cell. The error is dropped. */
function failure(): string {
  const error = load<u64>(cell);
  const buffer = new ArrayBuffer(errorSize(error));
  errorText(error, changetype<usize>(buffer));
  dropError(error);
  return String.UTF8.decode(buffer);
}

/** What was put into the cell by a call that must succeed. */
function result(code: u32): u64 {
  if (code != 0) {
    print("failed: " + failure());
    unreachable();
  }
  return load<u64>(cell);
}

/** Takes the next address of an iterator to `place`, and answers its port; -1 at the end. */
function nextAddress(iterator: u64): i32 {
  if (resolveNext(iterator, place, place + 4, place + 20, place + 24, place + 28) != 0) return -1;
  return load<u16>(place + 20);
}

function onlyPort(iterator: u64): i32 {
  const port = nextAddress(iterator);
  dropIterator(iterator);
  return port;
}

function writeAll(stream: u64, buffer: ArrayBuffer, length: i32): void {
  for (let at = 0; at < length; ) {
    store<u32>(vector, changetype<usize>(buffer) + at);
    store<u32>(vector, length - at, 4);
    at += <i32>result(tcpWrite(stream, vector, 1, cell));
  }
}

function serve(_: i64): void {
  receive();
  const stream = takeStream(0);
  const buffer = new ArrayBuffer(1000);
  while (true) {
    const length = <i32>result(tcpRead(stream, changetype<usize>(buffer), 1000, cell));
    if (length == 0) return;
    writeAll(stream, buffer, length);
  }
}

function listen(parent: i64): void {
  const listener = result(tcpBind(4, LOOPBACK, 0, 0, 0, cell));
  sendNumber(parent, onlyPort(result(tcpLocalAddress(listener, cell))));
  while (true) {
    const stream = result(tcpAccept(listener, cell, cell + 8));
    dropIterator(load<u64>(cell + 8));
    newMessage();
    pushStream(stream);
    sendIt(spawn(serve));
  }
}

/** Says things of many lengths, and sends the parent how many bytes came back. */
function ask(parent: i64): void {
  receive();
  const port = <u32>number();
  const stream = result(tcpConnect(4, LOOPBACK, port, 0, 0, FOREVER, cell));
  let total: i64 = 0;
  for (let round: i64 = 0; round < ROUNDS; round++) {
    const said = new ArrayBuffer(<i32>(round * 700 + 1));
    memory.fill(changetype<usize>(said), <u8>(self() + round), said.byteLength);
    writeAll(stream, said, said.byteLength);
    const heard = new ArrayBuffer(said.byteLength);
    for (let at = 0; at < heard.byteLength; ) {
      at += <i32>result(tcpRead(stream, changetype<usize>(heard) + at, heard.byteLength - at, cell));
    }
    assert(memory.compare(changetype<usize>(said), changetype<usize>(heard), said.byteLength) == 0);
    total += heard.byteLength;
  }
  sendNumber(parent, total);
}

/** Sends every datagram back to where it came from. */
function answerDatagrams(parent: i64): void {
  const socket = result(udpBind(4, LOOPBACK, 0, 0, 0, cell));
  sendNumber(parent, onlyPort(result(udpLocalAddress(socket, cell))));
  const buffer = new ArrayBuffer(100);
  while (true) {
    const length = <u32>result(udpReceiveFrom(socket, changetype<usize>(buffer), 100, cell, cell + 8));
    const port = onlyPort(load<u64>(cell + 8));
    result(udpSendTo(socket, changetype<usize>(buffer), length, 4, place + 4, port, 0, 0, cell));
  }
}

function showAddresses(name: string): void {
  const bytes = String.UTF8.encode(name);
  if (resolveName(changetype<usize>(bytes), bytes.byteLength, 5000, cell) != 0) {
    print(name + ": " + failure());
    return;
  }
  const iterator = load<u64>(cell);
  let port = nextAddress(iterator);
  while (port >= 0) {
    let text = "";
    const length = load<u32>(place) == 4 ? 4 : 16;
    for (let i = 0; i < length; i++) text += (i > 0 ? "." : "") + load<u8>(place + 4 + i).toString();
    print(`${name}: ${text}, port ${port}`);
    port = nextAddress(iterator);
  }
  dropIterator(iterator);
}

export function _start(): void {
  spawn(listen, self());
  receive();
  const port = number();
  for (let i: i64 = 0; i < CLIENTS; i++) sendNumber(spawn(ask, self()), port);
  let total: i64 = 0;
  for (let i: i64 = 0; i < CLIENTS; i++) {
    receive();
    total += number();
  }
  print(`${CLIENTS} clients were echoed ${total} bytes`);

  const stream = result(tcpConnect(4, LOOPBACK, <u32>port, 0, 0, FOREVER, cell));
  setReadTimeout(stream, 5);
  const code = tcpRead(stream, place, 8, cell);
  print(`silence: ${code == TIMEOUT}, ${failure()}`);
  dropStream(stream);

  spawn(answerDatagrams, self());
  receive();
  const datagrams = <u32>number();
  const socket = result(udpBind(4, LOOPBACK, 0, 0, 0, cell));
  const said = String.UTF8.encode("to and fro");
  result(udpSendTo(socket, changetype<usize>(said), said.byteLength, 4, LOOPBACK, datagrams, 0, 0, cell));
  const heard = new ArrayBuffer(100);
  const length = <u32>result(udpReceiveFrom(socket, changetype<usize>(heard), 100, cell, cell + 8));
  const from = onlyPort(load<u64>(cell + 8));
  print(`a datagram: ${String.UTF8.decodeUnsafe(changetype<usize>(heard), length)}, from the server: ${from == datagrams}`);

  showAddresses("10.20.30.40:50");
  showAddresses("[::1]:443");
  showAddresses("localhost");
}
