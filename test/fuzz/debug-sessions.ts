import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { ErrorId, LunaticDebugSession } from '../../debug-adapter/index.ts';
import { writeDump } from '../../runtime/internal.ts';
import { sampleDump } from '../inspect/dump-fuzz.ts';
import { launcher, projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { Finding } from './finding.ts';
import type { Fuzzer, Place } from './fuzzer.ts';
import { Holdings } from './holdings.ts';
import type { Random } from './random.ts';

/** Milliseconds for an answer, on a machine that does other things too. */
const PATIENCE = 30_000;

const shops = join(projectFolder, 'test', 'guests', 'debug');
const crashFolder = join(projectFolder, 'test', 'guests', 'crash');
const SOURCES = ['shop.c', 'shop.rs', 'shop.wat', 'nothing.c'].map((name) => join(shops, name));

const ACTOR_EVENTS = [
  'spawn',
  'exit',
  'send',
  'receive tag == 5',
  'link',
  'register',
  'mailbox > 1',
  'wait > 1ms',
];

/** A crowd that comes and goes, and a process that traps. */
const CROWD = guest(`
  (func (export "_start")
    (local $i i32)
    (loop $again
      (call $spawn (text "worker"))
      (call $spawn (text "faller"))
      (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const 20)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 100)))))
  (func $spawn (param $name i32) (param $length i32)
    (drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1)
      (local.get $name) (local.get $length) (i32.const 0) (i32.const 0) (i32.const 256))))
  (func (export "worker")
    (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const 100))))
  (func (export "faller") (unreachable))`);

interface Answer {
  readonly success: boolean;
  readonly command: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the protocol leaves open.
  readonly body: any;
}

const KNOWN = [
  'threadId',
  'frameId',
  'variablesReference',
  'sourceReference',
  'memoryReference',
  'name',
  'dataId',
] as const;

/** What clients know from earlier answers and events. */
type Known = (typeof KNOWN)[number];

/** A client without streams, which holds the session within itself. */
class Client {
  readonly session = new LunaticDebugSession({ runtime: process.execPath, lunatic: launcher });
  readonly #known = new Map<Known, Set<unknown>>();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #trace: ((text: string) => void) | null;
  #seq = 0;

  constructor(trace: ((text: string) => void) | null) {
    this.#trace = trace;
    this.session.onDidSendMessage((message) => {
      const { type, request_seq: seq, event, body } = message as DebugProtocol.Response & DebugProtocol.Event;
      this.#learn(body, 0);
      if (type === 'event') trace?.(`event ${event} ${short(body)}`);
      else this.#waiting.get(seq)?.(message as Answer);
    });
  }

  /** Something of this kind that was told once, or else anything. */
  one(kind: Known, random: Random): unknown {
    const known = [...(this.#known.get(kind) ?? [])];
    return known.length > 0 && random.chance(0.85) ? random.pick(known) : anything(random);
  }

  async ask(command: string, args: unknown): Promise<Answer> {
    const seq = ++this.#seq;
    this.#trace?.(`${seq} ${command} ${short(args)}`);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(seq, resolve);
    this.session.handleMessage({ type: 'request', seq, command, arguments: args } as DebugProtocol.Request);
    const answer = await within(promise, () => `no answer to ${command} ${short(args)}`);
    this.#waiting.delete(seq);
    this.#trace?.(`${seq} ${answer.success} ${short(answer.body)}`);
    if (!answer.success && answer.body.error.id === ErrorId.Internal)
      throw new Finding(`${command} ${short(args)}: ${short(answer.body.error)}`);
    return answer;
  }

  #learn(value: unknown, depth: number): void {
    if (typeof value !== 'object' || value === null || depth > 6) return;
    for (const [key, found] of Object.entries(value)) {
      const kind = depth > 0 && key === 'id' && 'instructionPointerReference' in value ? 'frameId' : key;
      if (isKnown(kind) && found !== 0) {
        const all = this.#known.get(kind) ?? new Set();
        if (all.size < 500) this.#known.set(kind, all.add(found));
      } else if (key === 'instructionPointerReference') this.#learn({ memoryReference: found }, depth + 1);
      else if (key === 'threads')
        for (const { id } of found as { id: number }[]) this.#learn({ threadId: id }, 1);
      else this.#learn(found, depth + 1);
    }
  }
}

function isKnown(key: string): key is Known {
  return KNOWN.some((kind) => kind === key);
}

/** How often a request is made, and with which arguments. */
const REQUESTS: readonly (readonly [
  number,
  readonly [string, (client: Client, random: Random) => object],
])[] = [
  [3, ['threads', () => ({})]],
  [
    6,
    [
      'stackTrace',
      (c, r) => ({ threadId: c.one('threadId', r), startFrame: r.below(3), levels: r.below(5) }),
    ],
  ],
  [4, ['scopes', (c, r) => ({ frameId: c.one('frameId', r) })]],
  [6, ['variables', (c, r) => ({ variablesReference: c.one('variablesReference', r), ...page(r) })]],
  [2, ['source', (c, r) => ({ sourceReference: c.one('sourceReference', r) })]],
  [2, ['readMemory', (c, r) => ({ memoryReference: c.one('memoryReference', r), ...range(r) })]],
  [
    1,
    [
      'writeMemory',
      (c, r) => ({ memoryReference: c.one('memoryReference', r), offset: r.below(100), data: 'AAAA' }),
    ],
  ],
  [2, ['disassemble', (c, r) => ({ memoryReference: c.one('memoryReference', r), ...instructions(r) })]],
  [3, ['setVariable', (c, r) => ({ ...named(c, r), variablesReference: c.one('variablesReference', r) })]],
  [
    4,
    ['evaluate', (c, r) => ({ expression: expression(c, r), frameId: c.one('frameId', r), ...context(r) })],
  ],
  [3, ['pause', (c, r) => ({ threadId: c.one('threadId', r) })]],
  [6, ['continue', (c, r) => ({ threadId: c.one('threadId', r), singleThread: r.chance(0.5) })]],
  [4, ['next', (c, r) => ({ threadId: c.one('threadId', r), ...granularity(r) })]],
  [3, ['stepIn', (c, r) => ({ threadId: c.one('threadId', r), ...granularity(r) })]],
  [2, ['stepOut', (c, r) => ({ threadId: c.one('threadId', r) })]],
  [1, ['terminateThreads', (c, r) => ({ threadIds: [c.one('threadId', r)] })]],
  [2, ['exceptionInfo', (c, r) => ({ threadId: c.one('threadId', r) })]],
  [4, ['setBreakpoints', (_, r) => ({ source: { path: r.pick(SOURCES) }, breakpoints: lines(r) })]],
  [2, ['setFunctionBreakpoints', (c, r) => ({ breakpoints: [{ ...named(c, r), ...conditions(r) }] })]],
  [1, ['setInstructionBreakpoints', (c, r) => ({ breakpoints: [reference(c, r)] })]],
  [
    2,
    [
      'dataBreakpointInfo',
      (c, r) => ({ ...named(c, r), variablesReference: c.one('variablesReference', r) }),
    ],
  ],
  [
    2,
    ['setDataBreakpoints', (c, r) => ({ breakpoints: [{ dataId: c.one('dataId', r), ...conditions(r) }] })],
  ],
  [
    2,
    [
      'setExpression',
      (c, r) => ({ ...named(c, r), expression: expression(c, r), frameId: c.one('frameId', r) }),
    ],
  ],
  [1, ['stepInTargets', (c, r) => ({ frameId: c.one('frameId', r) })]],
  [1, ['restartFrame', (c, r) => ({ frameId: c.one('frameId', r) })]],
  [1, ['cancel', (_, r) => ({ requestId: r.below(60) })]],
  [1, ['restart', () => ({})]],
  [1, ['setExceptionBreakpoints', (_, r) => ({ filters: r.chance(0.5) ? ['traps'] : [] })]],
  [
    2,
    [
      'setExceptionBreakpoints',
      (c, r) => ({
        filters: [],
        filterOptions: [{ filterId: 'actors', condition: `${r.pick(ACTOR_EVENTS)}; ${expression(c, r)}` }],
      }),
    ],
  ],
  [
    1,
    [
      'setExceptionBreakpoints',
      (_, r) => ({ filters: [], filterOptions: [{ filterId: 'actors', condition: r.pick(ACTOR_EVENTS) }] }),
    ],
  ],
  [1, ['lunatic/restart', (_, r) => ({ process: `1:${r.between(1, 4)}` })]],
  [
    1,
    [
      'breakpointLocations',
      (_, r) => ({ source: { path: r.pick(SOURCES) }, line: r.below(40), endLine: 50 }),
    ],
  ],
  [1, ['completions', (c, r) => ({ text: expression(c, r), column: r.below(20) })]],
  [1, ['modules', () => ({})]],
  [1, ['loadedSources', () => ({})]],
  [1, ['lunatic/processes', () => ({ limit: 100 })]],
  [
    4,
    [
      'lunatic/send',
      (_, r) => ({ process: `1:${r.between(1, 4)}`, data: r.pick(['AgAAAA==', 'HgAAAA==', '']) }),
    ],
  ],
  [1, ['launch', () => ({ program: 'again.wasm' })]],
  [1, ['anything', (_, r) => ({ anything: anything(r) })]],
];

let holdings: Holdings | undefined;

/**
 * Sessions of a debugger that asks for anything at any time, and goes in any way. Each request must be answered, with no error of
 * the adapter itself, and nothing may stay.
 */
export const debugSessions: Fuzzer = {
  name: 'debug-sessions',
  about: 'debug sessions of random requests: each is answered, and nothing stays behind',
  casesPerProcess: 1000,
  async prepare({ folder }) {
    writeFileSync(join(folder, 'crowd.wat'), CROWD);
    writeFileSync(join(folder, 'sample.coredump'), Buffer.concat(writeDump(sampleDump())));
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    process.env['TMPDIR'] = temporary;
    holdings = new Holdings(temporary);
  },
  async run(random, place) {
    const client = new Client(place.trace);
    const { session } = client;
    try {
      const runs = await begin(client, random, place);
      for (let i = random.between(5, 40); i > 0; i--) {
        if (random.chance(0.2)) await lookAtOne(client, random);
        const [command, args] = random.weighted(REQUESTS);
        const answer = client.ask(command, random.chance(0.02) ? anything(random) : args(client, random));
        // The next one may come before the answer.
        if (random.chance(0.8)) await answer;
        else answer.catch(() => {});
      }
      if (runs && random.chance(0.1)) await killRuntime(client);
      if (random.chance(0.7)) await client.ask('disconnect', {});
    } finally {
      await within(session.close(), () => 'the session does not end');
    }
    return (await holdings?.check()) ?? {};
  },
};

/** @returns whether something runs, or else a core dump is looked at */
async function begin(client: Client, random: Random, { folder }: Place): Promise<boolean> {
  await client.ask('initialize', { adapterID: 'lunatic', clientID: random.pick(['vscode', 'other']) });
  const program = random.pick([
    join(shops, 'shop-c.wasm'),
    join(shops, 'shop-rust.wasm'),
    join(shops, 'shop.wat'),
    join(folder, 'crowd.wat'),
  ]);
  const runs = random.chance(0.9);
  const dumped = { program: join(crashFolder, 'crash-c.wasm'), coreDump: 'sample.coredump' };
  await client.ask('launch', {
    ...(runs ? { program } : dumped),
    cwd: folder,
    stopOnEntry: random.chance(0.3),
    noDebug: random.chance(0.1),
    sourceFileMap: { '/project': shops },
  });
  await client.ask('setBreakpoints', { source: { path: random.pick(SOURCES) }, breakpoints: lines(random) });
  if (random.chance(0.95)) await client.ask('configurationDone', {});
  return runs;
}

/** Does what editors do when a thread stops. */
async function lookAtOne(client: Client, random: Random): Promise<void> {
  await client.ask('threads', {});
  const stack = await client.ask('stackTrace', { threadId: client.one('threadId', random) });
  if (!stack.success) return;
  const scopes = await client.ask('scopes', {
    frameId: random.pick(stack.body.stackFrames as { id: number }[]).id,
  });
  if (!scopes.success) return;
  for (const { variablesReference } of scopes.body.scopes)
    await client.ask('variables', { variablesReference });
}

/** Ends the program in a way that nobody expects. */
async function killRuntime(client: Client): Promise<void> {
  const { body } = await client.ask('evaluate', { expression: 'runtime', context: 'repl' });
  const pid = Number(/process (\d+)/.exec(body.result ?? '')?.[1]);
  if (!(pid > 0)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function within<T>(promise: Promise<T>, what: () => string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Finding(what())), PATIENCE);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function anything(random: Random): unknown {
  return random.pick([
    0,
    -1,
    1,
    2 ** 31,
    1e308,
    Number.NaN,
    null,
    true,
    '',
    'm1:0x20',
    'm9:0xffffffff',
    '1:1',
    'x'.repeat(10_000),
    '\u202e\u0000\n',
    [],
    [1, [2]],
    {},
    { path: '/' },
  ]);
}

function page(random: Random): object {
  return random.chance(0.5) ? {} : { start: random.magnitude(1000), count: random.magnitude(1000) };
}

function range(random: Random): object {
  return { offset: random.between(-10, 100_000), count: random.magnitude(2 ** 20) };
}

function instructions(random: Random): object {
  return { instructionOffset: random.between(-500, 500), instructionCount: random.magnitude(1000) };
}

function named(client: Client, random: Random): object {
  return {
    name: client.one('name', random),
    value: random.pick(['1', '-1', '0x10', 'true', '"text"', 'nonsense']),
  };
}

function granularity(random: Random): object {
  return { granularity: random.pick(['line', 'statement', 'instruction']) };
}

function context(random: Random): object {
  return { context: random.pick(['repl', 'hover', 'watch']) };
}

function expression(client: Client, random: Random): unknown {
  return random.pick([
    client.one('name', random),
    `$${random.pick(['sum', 'count', 'total', 'i'])}`,
    'sum * 2 + 1 == count',
    '((((',
    '(u32)sum >> 33 / 0',
    `${'('.repeat(5000)}1${')'.repeat(5000)}`,
    random.pick([
      'help',
      'processes',
      'mailbox 1',
      'stack 2',
      'pause all',
      'resume all',
      'kill 3',
      'send 2 abcd',
    ]),
  ]);
}

function lines(random: Random): object[] {
  return Array.from({ length: random.below(4) }, () => ({
    line: random.between(0, 60),
    ...(random.chance(0.2) ? { column: random.below(30) } : {}),
    ...conditions(random),
  }));
}

function conditions(random: Random): object {
  return random.pick([
    {},
    {},
    {},
    { condition: 'sum > 10' },
    { condition: '$sum ==' },
    { hitCondition: '% 2' },
    { hitCondition: 'often' },
    { logMessage: 'sum is {sum}, {' },
  ]);
}

function reference(client: Client, random: Random): object {
  return { instructionReference: client.one('memoryReference', random), offset: random.between(-4, 4) };
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300);
}
