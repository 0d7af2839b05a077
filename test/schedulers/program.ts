/**
 * Programs for the model: up to six processes, each with a list of operations, as data.
 *
 *     word (i64)   0        1      2                    3         4..9                 10..45
 *                  program  order  slot, or number of   is child  ids of the processes scripts: six of six words,
 *                                  first processes                known by slot        twelve operations each
 *
 * An order to the root process of the guest has this form, and so have the parameters of a process. An operation is four bytes:
 * its code, and three numbers.
 */

/** Processes of a program at most, and operations of each. */
export const SLOTS = 6;
export const OPERATIONS = 12;

export const WORDS = 4 + SLOTS + (SLOTS * OPERATIONS) / 2;
export const TABLE = 4;
export const SCRIPTS = TABLE + SLOTS;

/** Names that a program registers. */
export const NAMES = 2;
/** Tags of messages are 1, 2 and 3; 0 is none. Those of links are unique, so that they tell which link it was. */
export const TAGS = 4;

export const EXITS = ['return', 'trap', 'exit 0', 'exit 3'] as const;
export type ExitKind = (typeof EXITS)[number];

/** One operation of a script. `to` is a slot. */
export type Operation =
  | { readonly kind: 'spawn'; readonly to: number; readonly isLinked: boolean }
  | { readonly kind: 'send'; readonly to: number; readonly tag: number; readonly count: number }
  | {
      readonly kind: 'receive';
      /** The tag that is waited for; 0 is any message. */
      readonly tag: number;
      readonly timeout: number;
      readonly count: number;
    }
  | {
      readonly kind: 'link' | 'unlink' | 'monitor' | 'stop monitoring' | 'kill' | 'exists';
      readonly to: number;
    }
  | { readonly kind: 'die when link dies'; readonly on: boolean }
  | { readonly kind: 'put'; readonly name: number; readonly to: number }
  | { readonly kind: 'get' | 'remove'; readonly name: number }
  | { readonly kind: 'send to name'; readonly name: number; readonly tag: number }
  | { readonly kind: 'sleep' | 'compute'; readonly time: number }
  | { readonly kind: 'exit'; readonly how: ExitKind };

export type OperationKind = Operation['kind'];

/** Codes of operations in the guest. */
export const CODES: Readonly<Record<OperationKind, number>> = {
  spawn: 1,
  send: 2,
  receive: 3,
  link: 4,
  unlink: 5,
  monitor: 6,
  'stop monitoring': 7,
  kill: 8,
  exists: 9,
  'die when link dies': 10,
  put: 11,
  get: 12,
  remove: 13,
  'send to name': 14,
  sleep: 15,
  compute: 16,
  exit: 17,
};

/** A program in its final form: what does nothing has been left out. */
export interface ModelProgram {
  /** The first processes have the slots from 0; the others are spawned by an operation of another, or never. */
  readonly first: number;
  readonly scripts: readonly (readonly Operation[])[];
}

/**
 * Makes a program of any scripts. Each spawn is that of the next slot; no process is its own peer. Slots are
 * taken modulo their number, so that most operations mean a process.
 */
export function normalize(first: number, scripts: readonly (readonly Operation[])[]): ModelProgram {
  const spawned = new Set(Array.from({ length: Math.min(first, scripts.length) }, (_, slot) => slot));
  const normalizeOne = (operation: Operation, slot: number): Operation[] => {
    if (!('to' in operation)) return [operation];
    const to = operation.to % scripts.length;
    if (operation.kind === 'spawn') {
      const next = scripts.findIndex((_, other) => !spawned.has(other));
      if (next === -1) return [];
      spawned.add(next);
      return [{ ...operation, to: next }];
    }
    return to === slot && WITH_ANOTHER.has(operation.kind) ? [] : [{ ...operation, to }];
  };
  return {
    first: spawned.size,
    scripts: scripts.map((script, slot) => script.flatMap((operation) => normalizeOne(operation, slot))),
  };
}

const WITH_ANOTHER = new Set<OperationKind>(['link', 'unlink', 'monitor', 'stop monitoring']);

/** The tag of a link that the operation makes which stands at `index` in a script. */
export function linkTag(slot: number, index: number): number {
  return 1000 + slot * OPERATIONS + index;
}

/** The scripts as the guest reads them. */
export function encodeScripts({ scripts }: ModelProgram): Buffer {
  const bytes = Buffer.alloc(SLOTS * OPERATIONS * 4);
  for (const [slot, script] of scripts.entries()) {
    for (const [index, operation] of script.entries()) {
      bytes.set([CODES[operation.kind], ...numbersOf(operation)], (slot * OPERATIONS + index) * 4);
    }
  }
  return bytes;
}

/** What the guest finds behind an operation's code: a slot or a name, a count or a time, a tag or a flag. */
function numbersOf(operation: Operation): [number, number, number] {
  switch (operation.kind) {
    case 'spawn':
      return [operation.to, 0, operation.isLinked ? 1 : 0];
    case 'send':
      return [operation.to, operation.count, operation.tag];
    case 'receive':
      return [operation.count, operation.timeout, operation.tag];
    case 'die when link dies':
      return [0, 0, operation.on ? 1 : 0];
    case 'put':
      return [operation.to, operation.name, 0];
    case 'get':
    case 'remove':
      return [0, operation.name, 0];
    case 'send to name':
      return [0, operation.name, operation.tag];
    case 'sleep':
    case 'compute':
      return [0, operation.time, 0];
    case 'exit':
      return [0, EXITS.indexOf(operation.how), 0];
    default:
      return [operation.to, 0, 0];
  }
}

/** A program as a person reads it. */
export function programText({ first, scripts }: ModelProgram): string {
  return scripts
    .map((script, slot) => {
      const role = slot < first ? '' : ' (if it is spawned)';
      return [
        `process ${slot}${role}:`,
        ...script.map((operation, i) => `  ${i}: ${operationText(operation)}`),
      ].join('\n');
    })
    .join('\n');
}

export function operationText(operation: Operation): string {
  switch (operation.kind) {
    case 'spawn':
      return `spawn${operation.isLinked ? ' and link' : ''} ${operation.to}`;
    case 'send':
      return `send ${operation.count} to ${operation.to}, tag ${operation.tag}`;
    case 'receive':
      return `receive ${operation.count} ${operation.tag === 0 ? 'of any tag' : `of tag ${operation.tag}`} within ${operation.timeout} ms`;
    case 'die when link dies':
      return `die when link dies: ${operation.on ? 'yes' : 'no'}`;
    case 'put':
      return `register ${operation.to} as name ${operation.name}`;
    case 'get':
      return `look name ${operation.name} up`;
    case 'remove':
      return `unregister name ${operation.name}`;
    case 'send to name':
      return `send to name ${operation.name}, tag ${operation.tag}`;
    case 'sleep':
      return `sleep ${operation.time} ms`;
    case 'compute':
      return `compute ${operation.time}`;
    case 'exit':
      return operation.how;
    default:
      return `${operation.kind} ${operation.to}`;
  }
}
