// A chat server. Each member has two processes: one waits for what the others say, one for what the member types.

import {
  Child, expectEqual, Kind, Message, print, Process, programArguments, receive, receiveTag, sleep, supervise, TcpListener,
} from "./lunatic";

export { runProcess } from "./lunatic";

// The tags say what a message is about.
const STREAM: i64 = 1; // a connection
const JOIN: i64 = 2; //   to the room: the member, its name
const SAY: i64 = 3; //    to the room: the name of the member, a text
const HEAR: i64 = 4; //   to a member: a text

// --- The room: knows who is there, and passes on what is said ----------------------------------------------------------

function room(_: u64): void {
  let members: u64[] = [];
  while (true) {
    const message = receive();
    if (message.kind == Kind.ProcessDied) {
      const gone = members.indexOf(message.process!.id);
      if (gone >= 0) members.splice(gone, 1);
      continue;
    }
    let heard: string;
    if (message.tag == JOIN) {
      const member = new Process(message.read());
      // The room is told when the member leaves.
      member.monitor();
      members.push(member.id);
      heard = `* ${message.readText()} is here`;
    } else {
      const name = message.readText();
      const text = message.readText();
      // A bug, to see a supervisor at work.
      if (text == "/crash") throw new Error(`${name} made the room crash`);
      heard = `${name}: ${text}`;
    }
    print(heard);
    for (let i = 0; i < members.length; i++) new Process(members[i]).send(new Message(HEAR).writeText(heard));
  }
}

/** The room, as soon as there is one: after a crash, the supervisor needs a moment. */
function findRoom(): Process {
  while (true) {
    const found = Process.lookup("room");
    if (found && found.isAlive) return found;
    sleep(10);
  }
}

// --- A member ----------------------------------------------------------------------------------------------------------

/** Passes on what the member types, until the connection ends. */
function reader(member: u64): void {
  const message = receiveTag(STREAM);
  const name = message.readText();
  const stream = message.readStream();
  let text = stream.readLine();
  while (text !== null) {
    findRoom().send(new Message(SAY).writeText(name).writeText(text));
    text = stream.readLine();
  }
  new Process(member).kill();
}

/** Shows the member what is said. When the room has crashed, it joins the next one. */
function member(_: u64): void {
  const stream = receiveTag(STREAM).readStream();
  const name = stream.readLine();
  if (name === null) return;
  const self = Process.self().id;
  // Linked: neither of the two outlives a failure of the other.
  Process.spawnLink(reader, self).send(new Message(STREAM).writeText(name).writeStream(stream.clone()));
  while (true) {
    const joined = findRoom();
    joined.monitor();
    // Nobody would tell of a room that was dead before.
    if (!joined.isAlive) continue;
    joined.send(new Message(JOIN).write(self).writeText(name));
    let message = receive();
    while (message.kind == Kind.Data) {
      stream.write(message.readText() + "\n");
      message = receive();
    }
  }
}

// --- The server --------------------------------------------------------------------------------------------------------

function listener(port: u64): void {
  const connections = TcpListener.bind(<u16>port);
  print(`listening on 127.0.0.1:${connections.port}`);
  while (true) {
    const stream = connections.accept();
    Process.spawn(member).send(new Message(STREAM).writeStream(stream));
  }
}

export function _start(): void {
  const given = programArguments();
  const port = given.length > 0 ? <u64>parseInt(given[0]) : 4000;
  supervise([new Child("room", room), new Child("listener", listener, port)]);
}

// ---- Tests: npm test --------------------------------------------------------------------------------------------------

function expectHeard(expected: string): void {
  expectEqual(expected, receiveTag(HEAR).readText(), "what a member hears");
}

export function __lunatic_test_members_hear_what_is_said(): void {
  const theRoom = Process.spawn(room);
  theRoom.send(new Message(JOIN).write(Process.self().id).writeText("Ada"));
  expectHeard("* Ada is here");
  theRoom.send(new Message(SAY).writeText("Ada").writeText("hello"));
  expectHeard("Ada: hello");
}

function supervisor(_: u64): void {
  supervise([new Child("room", room)]);
}

export function __lunatic_test_a_crashed_room_is_started_again(): void {
  Process.spawn(supervisor);
  const first = findRoom();
  first.monitor();
  first.send(new Message(SAY).writeText("Ada").writeText("/crash"));
  expectEqual(Kind.ProcessDied, receive().kind, "the room's end");
  findRoom().send(new Message(JOIN).write(Process.self().id).writeText("Ada"));
  expectHeard("* Ada is here");
}
