import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SchedulerIndex } from '../kernel/ids.ts';
import { makeSocket, readShared } from '../net/socket.ts';
import { Frame } from './frame.ts';
import { Link, type LinkReader } from './link.ts';

/** Where the schedulers of a program meet. */
export interface MeetingPlace {
  /** A folder that is this user's alone; on Windows, the beginning of names of pipes. */
  readonly folder: string;
  /** What only they know. */
  readonly token: string;
}

/** Milliseconds within which whoever connects must say who it is. */
const PATIENCE = 5000;
/** Milliseconds between two attempts to connect to a scheduler that is starting, and for which they go on. */
const RETRY = 5;
const LONGEST_START = 10_000;
/** Bytes of what is said first, at most. */
const LONGEST_HELLO = 1024;

/** The address of a scheduler: a Unix socket, or a named pipe. */
function addressOf({ folder }: MeetingPlace, index: SchedulerIndex): string {
  return `${folder}${process.platform === 'win32' ? '-' : '/'}${index}`;
}

/**
 * Lets other schedulers connect.
 * @param joined called with each that knows the token
 * @returns the server, which listens
 */
export function openDoor(
  place: MeetingPlace,
  own: SchedulerIndex,
  joined: (index: SchedulerIndex, link: Link) => void,
): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, (accepted) => {
    const link = linkOf(accepted, {
      frame: (kind, reader) => {
        if (kind !== Frame.Hello) throw new Error('somebody who does not say who it is');
        const token = reader.text();
        const index = reader.varint() as SchedulerIndex;
        if (!isSame(token, place.token)) throw new Error('somebody who does not know the token');
        clearTimeout(timer);
        joined(index, link);
      },
      closed: () => clearTimeout(timer),
    });
    const timer = setTimeout(() => link.destroy(), PATIENCE).unref();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(addressOf(place, own), () => resolve(server));
  });
}

/** Compares all of it, so that the time does not tell where it differs. */
function isSame(given: string, token: string): boolean {
  let differing = given.length ^ token.length;
  for (let i = 0; i < token.length; i++) differing |= token.charCodeAt(i) ^ given.charCodeAt(i);
  return differing === 0;
}

/**
 * Connects to another scheduler, which may be starting.
 * @throws what is wrong if it cannot be reached
 */
export async function knock(place: MeetingPlace, own: SchedulerIndex, to: SchedulerIndex): Promise<Link> {
  const end = performance.now() + LONGEST_START;
  for (;;) {
    try {
      const link = await connectTo(addressOf(place, to));
      const writer = link.begin(Frame.Hello);
      writer.text(place.token.slice(0, LONGEST_HELLO));
      writer.varint(own);
      link.end();
      return link;
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(RETRY);
    }
  }
}

function connectTo(path: string): Promise<Link> {
  return new Promise((resolve, reject) => {
    let link: Link | null = null;
    const socket = makeSocket((_, buffer, size) => link?.take(buffer, size));
    socket.once('error', reject);
    socket.connect(path, () => {
      socket.off('error', reject);
      link = new Link(socket, NOBODY);
      resolve(link);
    });
  });
}

function linkOf(accepted: Socket, reader: LinkReader): Link {
  let link: Link | null = null;
  const socket = readShared(accepted, (_, buffer, size) => link?.take(buffer, size));
  link = new Link(socket, reader);
  const made = link;
  if (socket === accepted) socket.on('data', (chunk: Uint8Array) => made.take(chunk, chunk.length));
  return link;
}

/** Nothing comes before somebody takes it: the other side answers. */
const NOBODY: LinkReader = { frame: () => {}, closed: () => {} };
