import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { MAILBOX_MODULE } from '../../runtime/embedding/mailbox-module.ts';
import { MessageQueue } from '../../runtime/embedding/message-queue.ts';
import {
  type AnyPlugin,
  definePlugin,
  type GuestProcess,
  LinkError,
  Lunatic,
  type LunaticOptions,
  type Mailbox,
  MailboxClosedError,
  ModuleError,
  NetworkRuleError,
  type ProcessExit,
  ProgramNotFoundError,
  type ReceivedMessage,
  SpawnError,
  type SpawnOptions,
  StoppedError,
  WasmFormatError,
  WatError,
} from '../../runtime/index.ts';
import { keyFromText, type ProcessKey } from '../../runtime/inspect/protocol.ts';
import { InspectClient } from '../../runtime/internal.ts';
import { projectFolder } from '../support/command.ts';
import { guest, main } from '../support/guest.ts';
import { assemble } from '../support/program.ts';

const open: Lunatic[] = [];
afterEach(async () => {
  for (const lunatic of open.splice(0)) await lunatic.stop();
});

function start(options?: LunaticOptions): Lunatic {
  const lunatic = new Lunatic(options);
  open.push(lunatic);
  return lunatic;
}

/** Spawns a process of a module given as text. */
async function spawn(source: string, options: SpawnOptions = {}, lunatic = start()): Promise<GuestProcess> {
  return lunatic.spawn(await lunatic.load(source), options);
}

/** What a process prints until it ends. */
async function printed(source: string, options: SpawnOptions = {}, lunatic = start()): Promise<string> {
  const stdout = new PassThrough();
  const { exited } = await spawn(source, { stdout, ...options }, lunatic);
  const all = text(stdout);
  const exit = await exited;
  stdout.end();
  expect(exit).toMatchObject({ normal: true });
  return all;
}

const bytesOf = (value: bigint) => BigInt64Array.of(value);
const numberOf = (message: ReceivedMessage): bigint | undefined =>
  message.kind === 'data' ? Buffer.from(message.data).readBigInt64LE() : undefined;

/** Answers each value that it gets with the next one, under the tag of the question. */
const COUNTER = guest(`
  (func (export "counter") (param $to i64) (local $tag i64)
    (loop $next
      (call $expect (call $receive) (i32.const 0))
      (local.set $tag (call $message.get_tag))
      (call $send (local.get $to) (local.get $tag) (i64.add (call $value) (i64.const 1)))
      (br $next)))`);

async function counter(): Promise<{ lunatic: Lunatic; mailbox: Mailbox; process: GuestProcess }> {
  const lunatic = start();
  const mailbox = await lunatic.mailbox();
  const process = await spawn(COUNTER, { entry: 'counter', params: [mailbox.id] }, lunatic);
  return { lunatic, mailbox, process };
}

describe('a process', () => {
  test('is told its arguments and variables, reads its input, and prints', async () => {
    const ECHO = main(`
      (local $length i32)
      (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 100))
      (loop $more
        (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (local.set $length (i32.load (i32.const 16)))
        (call $write (i32.const 64) (local.get $length))
        (br_if $more (local.get $length)))`);
    expect(await printed(ECHO, { stdin: 'from a text' })).toBe('from a text');
    expect(await printed(ECHO, { stdin: Buffer.from('from bytes') })).toBe('from bytes');
    const pieces = Readable.from([Buffer.from('a'), Buffer.from('stream')], { objectMode: false });
    expect(await printed(ECHO, { stdin: pieces })).toBe('astream');
    expect(await printed(ECHO)).toBe('');

    const COUNTS = main(`
      (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
      (drop (call $environ_sizes_get (i32.const 8) (i32.const 12)))
      (call $show32 (text "arguments") (i32.load (i32.const 0)))
      (call $show32 (text "bytes") (i32.load (i32.const 4)))
      (call $show32 (text "variables") (i32.load (i32.const 8)))`);
    expect(await printed(COUNTS)).toBe('arguments 0\nbytes 0\nvariables 0\n');
    expect(await printed(COUNTS, { args: ['app', 'x'], env: { KEY: 'value' } })).toBe(
      'arguments 2\nbytes 6\nvariables 1\n',
    );
  });

  test('waits where the stream that it prints to is full', async () => {
    const taken: string[] = [];
    const waiting: (() => void)[] = [];
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _, done) {
        taken.push(chunk.toString());
        waiting.push(done);
      },
    });
    const { exited } = await spawn(
      main('(call $write (text "a")) (call $write (text "b")) (call $write (text "c"))'),
      {
        stdout,
      },
    );
    let ended = false;
    exited.then(() => {
      ended = true;
    });
    await expect.poll(() => taken).toEqual(['a']);
    expect(ended).toBe(false);
    while (taken.length < 3) {
      waiting.shift()?.();
      await new Promise(setImmediate);
    }
    waiting.shift()?.();
    expect((await exited).kind).toBe('returned');
    expect(taken).toEqual(['a', 'b', 'c']);
  });

  test('leaves nothing behind in a stream that is full when it is killed while it waits', async () => {
    const stdout = new Writable({ write() {} });
    const source = guest(
      `(func (export "child") (call $write (i32.const 0) (i32.const 50000)))
       (func (export "_start") (local $i i32) (local $child i64)
         (loop $again
           (local.set $child (call $spawn (i64.const 0) (text "child")))
           (call $process.sleep_ms (i64.const 0)) (call $process.sleep_ms (i64.const 0))
           (call $process.kill (local.get $child))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50)))))`,
    );
    const { exited } = await spawn(source, { stdout });
    expect((await exited).kind).toBe('returned');
    expect(stdout.writableLength).toBeGreaterThan(0);
    expect(stdout.writableLength).toBeLessThan(stdout.writableHighWaterMark + 50_000);
  });

  test.each<[string, string, Partial<ProcessExit>]>([
    ['returns', '', { kind: 'returned', normal: true, code: undefined, message: undefined, stack: [] }],
    ['exits', '(call $proc_exit (i32.const 0))', { kind: 'exited', normal: true, code: 0 }],
    ['exits with a code', '(call $proc_exit (i32.const 3))', { kind: 'exited', normal: false, code: 3 }],
    [
      'kills itself',
      '(call $process.kill (call $process.process_id)) (call $forever)',
      { kind: 'killed', normal: false, message: undefined },
    ],
    [
      'has used up its fuel',
      '(loop $on (br $on))',
      { kind: 'trapped', normal: false, message: 'all fuel consumed (max_fuel; --max-fuel allows more)' },
    ],
  ])('that %s', async (_, body, exit) => {
    const { exited } = await spawn(main(body), { limits: { fuel: 10 } });
    expect(await exited).toMatchObject(exit);
  });

  test('that traps tells where', async () => {
    const { exited } = await spawn(guest('(func (export "_start") (call $inner)) (func $inner unreachable)'));
    const { kind, message, stack } = await exited;
    expect([kind, message]).toEqual(['trapped', 'unreachable']);
    expect(stack.map(({ functionName }) => functionName)).toEqual(['inner', '_start']);
  });

  test('is given parameters of every type', async () => {
    const source = guest(`
      (func (export "f") (param $i i32) (param $l i64) (param $v v128)
        (call $show32 (text "i32") (local.get $i))
        (call $show (text "i64") (local.get $l))
        (call $show32 (text "v128") (i32x4.extract_lane 1 (local.get $v))))`);
    const vector = Uint8Array.of(0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(await printed(source, { entry: 'f', params: [-1, 2n ** 40n, vector] })).toBe(
      'i32 -1\ni64 1099511627776\nv128 7\n',
    );
  });

  test('without its entry, or with other parameters, ends as no process does that has run', async () => {
    const lunatic = start();
    const module = await lunatic.load(main(''));
    const missing = await lunatic.spawn(module, { entry: 'nowhere' });
    expect(await missing.exited).toMatchObject({
      kind: 'no-entry',
      message: expect.stringContaining('nowhere'),
    });
    const wrong = await lunatic.spawn(module, { params: [1] });
    expect(await wrong.exited).toMatchObject({ kind: 'no-entry', normal: false });
  });

  test('is not spawned with a parameter of no type', async () => {
    const message =
      'parameter 1 must be a number for an i32, a bigint for an i64, or a Uint8Array of 16 bytes for a v128';
    await expect(
      spawn('(module (func (export "_start") (param i32 v128)))', { params: [1, new Uint8Array(15)] }),
    ).rejects.toThrow(new TypeError(message));
  });

  test('that traps in its start section is not spawned', async () => {
    const failed = spawn('(module (func $start unreachable) (start $start) (func (export "_start")))');
    await expect(failed).rejects.toThrow(SpawnError);
    await expect(failed).rejects.toThrow('unreachable');
  });

  test('is killed, also while it only computes', async () => {
    const process = await spawn(main('(loop $on (br $on))'));
    process.kill();
    expect((await process.exited).kind).toBe('killed');
    expect(process.send(new Uint8Array(0))).toBe(false);
  });

  test('and all that it spawns are told of when they end', async () => {
    const ends: [bigint, string][] = [];
    const lunatic = start({ onExit: (id, { kind }) => ends.push([id, kind]) });
    const source = guest(`
      (func (export "_start") (call $run (text "child")))
      (func (export "child") unreachable)`);
    const { id, exited } = await spawn(source, {}, lunatic);
    await exited;
    expect(ends).toEqual([
      [id + 1n, 'trapped'],
      [id, 'returned'],
    ]);
  });
});

describe('a module', () => {
  test('is a binary or text, and tells what it exports', async () => {
    const lunatic = start();
    const source = guest('(func (export "_start")) (table (export "t") 1 funcref)');
    const exports = [
      { name: 'memory', kind: 'memory' },
      { name: '_start', kind: 'function' },
      { name: 't', kind: 'table' },
    ];
    expect((await lunatic.load(source)).exports).toEqual(expect.arrayContaining(exports));
    const bytes = await assemble(source);
    const module = await lunatic.load(bytes);
    expect(module.exports).toEqual(expect.arrayContaining(exports));
    // What becomes of the bytes later is of no importance.
    bytes.fill(0);
    expect((await (await lunatic.spawn(module)).exited).kind).toBe('returned');
  });

  test.each<[string, Uint8Array | string, new (...args: never[]) => Error]>([
    ['text with a mistake', '(module (func', WatError],
    ['bytes that are none', Uint8Array.of(1, 2, 3, 4), WasmFormatError],
    ['an unknown import', '(module (import "nowhere" "f" (func)))', LinkError],
    ['an unknown import of the runtime', '(module (import "lunatic::process" "spwan" (func)))', LinkError],
  ])('is refused: %s', async (_, source, type) => {
    await expect(start().load(source)).rejects.toThrow(type);
  });

  test('that V8 refuses is refused too', async () => {
    const bytes = await assemble('(module (func (export "_start") (drop (i32.const 1))))');
    const at = bytes.lastIndexOf(0x1a);
    const invalid = bytes.slice();
    invalid[at] = 0x45;
    await expect(start().load(invalid)).rejects.toThrow(ModuleError);
  });

  test('with objects on the heap of the engine is refused, unless they are allowed', async () => {
    // (type (array (mut i32))) (func (export "_start") (drop (array.len (array.new 0 (i32.const 1) (i32.const 7)))))
    const module = Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 7, 2, 0x5e, 0x7f, 1, 0x60, 0, 0, 3, 2, 1, 1],
      ...[7, 10, 1, 6, ...Buffer.from('_start'), 0, 0],
      ...[10, 14, 1, 12, 0, 0x41, 1, 0x41, 7, 0xfb, 6, 0, 0xfb, 0x0f, 0x1a, 0x0b],
    );
    await expect(start().load(module)).rejects.toThrow(/an? .*arrays, which no limit of memory bounds/);
    const lunatic = start({ allowGc: true });
    const { exited } = await lunatic.spawn(await lunatic.load(module));
    expect(await exited).toMatchObject({ kind: 'returned' });
  });

  test('is of the Lunatic that loaded it', async () => {
    const module = await start().load(main(''));
    await expect(start().spawn(module)).rejects.toThrow('was not loaded by this Lunatic');
  });
});

describe('messages', () => {
  test('go to processes and come back', async () => {
    const { mailbox, process } = await counter();
    for (let value = 0n; value < 100n; value++) {
      expect(process.send(bytesOf(value))).toBe(true);
      expect(numberOf(await mailbox.receive())).toBe(value + 1n);
    }
  });

  test('are received in order, or by their tags', async () => {
    const { mailbox, process } = await counter();
    for (const [tag, value] of [
      [7n, 10n],
      [8n, 20n],
      [7n, 30n],
      [0n, 40n],
      [-1n, 50n],
    ] as const) {
      process.send(bytesOf(value), { tag });
    }
    const all = await Promise.all([
      mailbox.receive({ tags: [8n] }),
      mailbox.receive({ tags: [-1n, 5n] }),
      mailbox.receive(),
      mailbox.receive(),
      mailbox.receive(),
    ]);
    expect(all.map((message) => [message.kind === 'data' && message.tag, numberOf(message)])).toEqual([
      [8n, 21n],
      [-1n, 51n],
      [7n, 11n],
      [7n, 31n],
      [0n, 41n],
    ]);
  });

  test('are waited for until a signal aborts', async () => {
    const { mailbox, process } = await counter();
    await expect(mailbox.receive({ signal: AbortSignal.timeout(20) })).rejects.toThrow('timeout');
    await expect(mailbox.receive({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    process.send(bytesOf(1n));
    expect(numberOf(await mailbox.receive({ signal: AbortSignal.timeout(10_000) }))).toBe(2n);
  });

  test('may be large, and short ones after them are whole', async () => {
    const lunatic = start();
    const mailbox = await lunatic.mailbox();
    const random = Buffer.alloc(3_000_001, 'lunatic');
    lunatic.send(mailbox, random, { tag: 5n });
    lunatic.send(mailbox.id, Uint8Array.of(0, 1, 2, 3).subarray(1));
    const [large, short] = [await mailbox.receive(), await mailbox.receive()];
    expect(large.kind === 'data' && random.equals(large.data)).toBe(true);
    expect(short).toEqual({ kind: 'data', tag: 0n, data: Uint8Array.of(1, 2, 3) });
  });

  test('are iterated over until the mailbox is closed', async () => {
    const { mailbox, process } = await counter();
    process.send(bytesOf(1n));
    const seen: (bigint | undefined)[] = [];
    for await (const message of mailbox) {
      const value = numberOf(message);
      seen.push(value);
      if (value === 3n) setImmediate(() => mailbox.close());
      else process.send(bytesOf(value ?? 0n));
    }
    expect(seen).toEqual([2n, 3n]);
  });

  test('find their way by names, too', async () => {
    const lunatic = start();
    const mailbox = await lunatic.mailbox({ name: 'home' });
    const source = guest(`
      (func (export "_start")
        (call $expect (call $registry.get (text "home") (i32.const 0) (i32.const 8)) (i32.const 0))
        (call $registry.put (text "guest") (i64.const 0) (call $process.process_id))
        (call $send (i64.load (i32.const 8)) (i64.const 1) (i64.const 42))
        (call $forever))`);
    const { id } = await spawn(source, {}, lunatic);
    expect(numberOf(await mailbox.receive())).toBe(42n);
    expect(lunatic.lookUp('guest')).toBe(id);
    lunatic.unregister('guest');
    expect(lunatic.lookUp('guest')).toBe(undefined);
    lunatic.register('again', id);
    expect(lunatic.lookUp('again')).toBe(id);
  });

  test('to nobody are told apart', async () => {
    const lunatic = start();
    expect(lunatic.send(99n, Uint8Array.of(1))).toBe(false);
    expect(lunatic.kill(99n)).toBe(false);
    expect(lunatic.send(-1n, Uint8Array.of(1).buffer)).toBe(false);
    // @ts-expect-error a text is no bytes
    expect(() => lunatic.send(1n, 'text')).toThrow(TypeError);
  });
});

describe('a mailbox', () => {
  const FAILS = guest('(func (export "_start") (drop (call $receive)) unreachable)');

  test('hears of the failure of a process that it is linked to', async () => {
    const lunatic = start();
    const mailbox = await lunatic.mailbox();
    const failing = await spawn(FAILS, {}, lunatic);
    const unlinked = await spawn(FAILS, {}, lunatic);
    mailbox.link(failing, 7n);
    mailbox.link(unlinked, 8n);
    mailbox.unlink(unlinked);
    unlinked.send(new Uint8Array(0));
    await unlinked.exited;
    failing.send(new Uint8Array(0));
    expect(await mailbox.receive()).toEqual({ kind: 'link-died', tag: 7n });
    mailbox.link(failing, 9n);
    expect(await mailbox.receive({ tags: [9n] })).toEqual({ kind: 'link-died', tag: 9n });
  });

  test('hears of the end of a process that it monitors', async () => {
    const lunatic = start();
    const mailbox = await lunatic.mailbox();
    const [seen, other] = [
      await spawn(main('(drop (call $receive))'), {}, lunatic),
      await spawn(main('(drop (call $receive))'), {}, lunatic),
    ];
    expect([mailbox.monitor(seen), mailbox.monitor(other.id)]).toEqual([true, true]);
    mailbox.stopMonitoring(other);
    other.kill();
    await other.exited;
    seen.send(new Uint8Array(0));
    expect(await mailbox.receive()).toEqual({ kind: 'process-died', process: seen.id });
    expect(mailbox.monitor(seen)).toBe(false);
  });

  test('takes a process with it where it is killed, and not where it is closed', async () => {
    const lunatic = start();
    const [killed, closed] = [await lunatic.mailbox(), await lunatic.mailbox()];
    const [victim, survivor] = [
      await spawn(main('(call $forever)'), {}, lunatic),
      await spawn(main('(call $forever)'), {}, lunatic),
    ];
    killed.link(victim);
    closed.link(survivor);
    const waiting = killed.receive();
    const rejected = expect(waiting).rejects.toThrow(MailboxClosedError);
    lunatic.kill(killed);
    await rejected;
    expect((await victim.exited).kind).toBe('killed');
    await closed.close();
    await closed.closed;
    await expect(closed.receive()).rejects.toThrow(MailboxClosedError);
    expect(lunatic.send(survivor, new Uint8Array(0))).toBe(true);
  });

  test('can be killed by a guest, which iteration tells', async () => {
    const lunatic = start();
    const mailbox = await lunatic.mailbox();
    const source = guest(
      '(func (export "f") (param $id i64) (call $send (local.get $id) (i64.const 1) (i64.const 2)) (call $process.kill (local.get $id)))',
    );
    await spawn(source, { entry: 'f', params: [mailbox.id] }, lunatic);
    await mailbox.closed;
    const seen: unknown[] = [];
    const iterated = (async () => {
      for await (const message of mailbox) seen.push(numberOf(message));
    })();
    await expect(iterated).rejects.toThrow(`the mailbox ${mailbox.id} was killed`);
    expect(seen.length).toBeLessThanOrEqual(1);
  });

  test('is killed where more waits in it than it may hold; what came before is there', async () => {
    const lunatic = start();
    const mailbox = await lunatic.mailbox({ maxBytes: 10_000 });
    const source = guest(`
      (func (export "f") (param $id i64)
        (loop $on
          (call $send (local.get $id) (i64.const 1) (i64.const 2)) (call $process.sleep_ms (i64.const 0)) (br $on)))`);
    const flood = await spawn(source, { entry: 'f', params: [mailbox.id] }, lunatic);
    await mailbox.closed;
    flood.kill();
    for (let i = 0; i < 70; i++) expect(numberOf(await mailbox.receive())).toBe(2n);
    const all = (async () => {
      for (let i = 0; i < 100; i++) await mailbox.receive();
    })();
    await expect(all).rejects.toThrow('(maxBytes)');
  });

  test('counts what waits in it for its process, and what was received not any more', async () => {
    let counted = 0;
    const payer = {
      charge(bytes: number) {
        if (counted + bytes > 3000) throw new Error('more than max_host_memory');
        counted += bytes;
      },
      release(bytes: number) {
        counted -= bytes;
      },
    };
    const queue = new MessageQueue(Number.POSITIVE_INFINITY, () => {});
    const message = () => ({ kind: 'data', tag: 0n, data: new Uint8Array(1000) }) as const;
    queue.put(message(), payer);
    queue.put(message(), payer);
    expect(() => queue.put(message(), payer)).toThrow('max_host_memory');
    await queue.take(null, undefined);
    await queue.take(null, undefined);
    expect(counted).toBe(0);
    const received = queue.take(null, undefined);
    queue.put(message(), payer);
    await received;
    expect(counted).toBe(0);
  });

  test('has a module that nobody else can use', async () => {
    const imports = '(import "host-mailbox" "take" (func $take (param i32 i64 i64 i32) (result i32)))';
    const source = guest(
      '(func (export "_start") (drop (call $take (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0))))',
      { imports },
    );
    const { exited } = await spawn(source);
    expect((await exited).message).toContain('only the process of a mailbox may call it');
  });

  test('has the module that its file shows', async () => {
    const file = readFileSync(join(projectFolder, 'runtime', 'embedding', 'mailbox-module.ts'), 'utf8');
    const lines = [...file.matchAll(/^ \* {5}(.*)$/gm)].map(([, line]) => line);
    expect(Buffer.from(await assemble(lines.join('\n'))).equals(MAILBOX_MODULE)).toBe(true);
  });
});

describe('permissions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-embedding-'));
  writeFileSync(join(folder, 'greeting.txt'), 'hello');

  const READS = main(`
    (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 100))
    (call $show32 (text "open") (call $path_open (i32.const 3) (i32.const 0) (text "greeting.txt") (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))
    (drop (call $fd_read (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 16)))
    (call $print (i32.const 64) (i32.load (i32.const 16)))`);

  test('directories are granted by name, and there is none otherwise', async () => {
    expect(await printed(READS, { permissions: { directories: { '/data': folder } } })).toBe(
      'open 0\nhello\n',
    );
    expect(await printed(READS)).toBe('open 8\n\n');
    rmSync(folder, { recursive: true });
    const gone = spawn(READS, { permissions: { directories: { '/data': folder } } });
    await expect(gone).rejects.toThrow(SpawnError);
  });

  /** Connects to the port; prints what the result is. */
  const connects = (port: number) =>
    main(`
      (i32.store (i32.const 0) (i32.const 0x0100007f))
      (call $show32 (text "connect") (call $networking.tcp_connect (i32.const 4) (i32.const 0) (i32.const ${port})
        (i32.const 0) (i32.const 0) (i64.const 5000) (i32.const 32)))
      (if (i32.eq (i32.const 1) (i32.const 1)) (then (call $print_error (i64.load (i32.const 32)))))`);

  test('the network is granted as a whole or by rules, and is closed otherwise', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.close();
    });
    await new Promise((done) => server.once('listening', done));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const reach = async (network?: NonNullable<SpawnOptions['permissions']>['network']) => {
      const stdout = new PassThrough();
      const { exited } = await spawn(connects(port), {
        stdout,
        ...(network === undefined ? {} : { permissions: { network } }),
      });
      await exited;
      stdout.end();
      return (await text(stdout)).split('\n')[0];
    };
    expect(await reach(true)).toBe('connect 0');
    expect(await reach({ connect: [`127.0.0.1:${port}`] })).toBe('connect 0');
    expect(await reach({ connect: ['127.0.0.0/8'], deny: [`127.0.0.1:${port}`] })).toBe('connect 1');
    expect(await reach({ connect: ['10.0.0.1'] })).toBe('connect 1');
    expect(await reach({})).toBe('connect 1');
    expect(await reach(false)).toBe('connect 1');
    expect(await reach()).toBe('connect 1');
  });

  test('processes are spawned, and limited', async () => {
    const source = guest(`
      (func (export "_start") (drop (call $spawn (i64.const 0) (text "child"))) (call $print (text "spawned")))
      (func (export "child") (call $forever))`);
    expect(await printed(source)).toBe('spawned\n');
    const refused = await spawn(source, { permissions: { spawn: false } });
    expect((await refused.exited).message).toContain('no permission to spawn processes');
    const alone = await spawn(source, { limits: { processes: 1 }, stdout: null });
    expect((await alone.exited).kind).toBe('trapped');
    const small = spawn(source, { limits: { memory: 100 } });
    await expect(small).rejects.toThrow('max_memory');
  });

  test.each([Number.NaN, -1, '5', {}])('a limit of %s is none, and refused', async (limit) => {
    for (const name of ['memory', 'fuel', 'processes', 'mailbox']) {
      const message = `the limit '${name}' must be a number of at least 0, not ${limit}`;
      const limits = { [name]: limit };
      await expect(spawn('(module (func (export "_start")))', { limits })).rejects.toThrow(
        new RangeError(message),
      );
    }
  });

  test('modules may import all host functions, unless told otherwise', async () => {
    const source = main('(call $print (text "ran"))');
    expect(await printed(source)).toBe('ran\n');
    const refused = spawn(source, { permissions: { hostFunctions: { deny: ['wasi_snapshot_preview1'] } } });
    await expect(refused).rejects.toThrow('does not allow: wasi_snapshot_preview1::fd_write');
    const narrow = spawn(source, { permissions: { hostFunctions: { allow: ['lunatic::process'] } } });
    await expect(narrow).rejects.toThrow('does not allow: ');
  });

  test('what is malformed, or not there, is told at once', async () => {
    await expect(spawn(main(''), { permissions: { network: { connect: ['a b'] } } })).rejects.toThrow(
      NetworkRuleError,
    );
    await expect(spawn(main(''), { permissions: { commands: ['no-such-program'] } })).rejects.toThrow(
      ProgramNotFoundError,
    );
  });
});

test('plugins give guests functions of the program', async () => {
  const calls: bigint[] = [];
  const plugin = definePlugin({
    namespace: 'host',
    functions: {
      call: {
        signature: '(value: i64) -> i64',
        call: async (_, value) => {
          calls.push(value);
          return value * 2n;
        },
      },
    },
  });
  const imports = '(import "host" "call" (func $call (param i64) (result i64)))';
  const source = main('(call $show (text "twice") (call $call (i64.const 21)))', { imports });
  expect(await printed(source, {}, start({ plugins: [plugin] }))).toBe('twice 42\n');
  expect(calls).toEqual([21n]);
  expect(() => new Lunatic({ plugins: [plugin, plugin] })).toThrow('two plugins have the namespace "host"');
});

test('a mailbox that a plugin refuses is none, and others are not counted wrong', async () => {
  const plugin: AnyPlugin = {
    namespace: 'picky',
    onSpawn({ entry }) {
      if (entry === 'mailbox') throw new Error('no mailboxes');
    },
  };
  await expect(start({ plugins: [plugin] }).mailbox()).rejects.toThrow(
    new SpawnError('the plugin picky does not let it begin: no mailboxes'),
  );
});

describe('an inspection', () => {
  test('shows the processes, to those who know its URL', async () => {
    const lunatic = start();
    const inspection = await lunatic.inspect({ name: 'my program' });
    expect(inspection.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/);
    expect(await lunatic.inspect()).toBe(inspection);
    const { id } = await spawn(main('(call $forever)'), {}, lunatic);
    const client = await InspectClient.connect(inspection.url, { client: 'a test' });
    expect(client.welcome).toMatchObject({ program: 'my program', waiting: false });
    await expect
      .poll(async () => (await client.request('process/list', {})).processes)
      .toMatchObject([{ id: Number(id), state: 'waiting', entry: '_start' }]);
    const stack = await client.request('process/stack', { process: keyFromText(`1:${id}`) });
    expect(stack.frames.map(({ functionName }) => functionName)).toEqual(['forever', '_start']);
    await expect(
      InspectClient.connect(inspection.url.replace(/.$/, '!'), { client: 'a stranger' }),
    ).rejects.toThrow('does not accept this token');
    await inspection.close();
    await client.closed;
    const again = await lunatic.inspect();
    expect(again.url).not.toBe(inspection.url);
  });

  test('that traps are held for lets a process be looked at before it ends', async () => {
    const lunatic = start();
    const { url } = await lunatic.inspect();
    const client = await InspectClient.connect(url, { client: 'a test' });
    await client.request('watch', { traps: true });
    const stopped = new Promise<ProcessKey>((done) =>
      client.on('process/stopped', (event) => done(event.process.key)),
    );
    const { exited } = await spawn(main('unreachable'), {}, lunatic);
    const process = await stopped;
    await client.request('process/resume', { process });
    expect((await exited).kind).toBe('trapped');
    await client.close();
  });

  test('that is closed again leaves alone the one that was opened after it, which ends with the Lunatic', async () => {
    const lunatic = start();
    const first = await lunatic.inspect();
    const closed = first.close();
    const second = await lunatic.inspect();
    await Promise.all([closed, first.close()]);
    expect(await lunatic.inspect()).toBe(second);
    expect(second.url).not.toBe(first.url);
    await (await InspectClient.connect(second.url, { client: 'a test' })).close();
    await expect(InspectClient.connect(first.url, { client: 'a test' })).rejects.toThrow();
    await lunatic.stop();
    await expect(InspectClient.connect(second.url, { client: 'a test' })).rejects.toThrow();
  });

  test('that cannot listen tells where and why', async () => {
    const lunatic = start();
    const { url } = await lunatic.inspect();
    const port = Number(new URL(url).port);
    await expect(start().inspect({ port })).rejects.toMatchObject({
      code: 'LUNATIC_INSPECT_LISTEN',
      message: expect.stringContaining(`cannot listen on 127.0.0.1:${port}`),
    });
  });
});

describe('stopping', () => {
  test('ends everything, and nothing can be begun afterwards', async () => {
    const lunatic = start();
    const module = await lunatic.load(
      guest(`
        (func (export "_start") (drop (call $spawn (i64.const 0) (text "child"))) (call $forever))
        (func (export "child") (loop $on (br $on)))`),
    );
    const [mailbox, process] = [await lunatic.mailbox(), await lunatic.spawn(module)];
    const { url } = await lunatic.inspect();
    const client = await InspectClient.connect(url, { client: 'a test' });
    const waiting = expect(mailbox.receive()).rejects.toThrow(MailboxClosedError);
    const iterated = (async () => {
      for await (const _ of mailbox);
    })();
    await lunatic.stop();
    await waiting;
    await iterated;
    await client.closed;
    expect((await process.exited).kind).toBe('killed');
    for (const again of [
      () => lunatic.spawn(module),
      () => lunatic.load('(module)'),
      () => lunatic.mailbox(),
      () => lunatic.inspect(),
    ]) {
      await expect(again()).rejects.toThrow(StoppedError);
    }
    expect(lunatic.send(process, new Uint8Array(0))).toBe(false);
    await lunatic.stop();
  });

  test('ends a process in its start section', async () => {
    const lunatic = start();
    const module = await lunatic.load(
      '(module (func $start (loop $on (br $on))) (start $start) (func (export "_start")))',
    );
    const spawned = expect(lunatic.spawn(module)).rejects.toThrow(SpawnError);
    await new Promise(setImmediate);
    await lunatic.stop();
    await spawned;
  });

  test('is done at the end of a block', async () => {
    let process: GuestProcess;
    {
      await using lunatic = new Lunatic();
      process = await lunatic.spawn(await lunatic.load(main('(call $forever)')));
    }
    expect((await process.exited).kind).toBe('killed');
  });

  test('of one Lunatic does not touch another', async () => {
    const [one, other] = [start(), start()];
    const process = await spawn(main('(drop (call $receive))'), {}, other);
    await one.stop();
    expect(other.send(process, new Uint8Array(0))).toBe(true);
    expect((await process.exited).kind).toBe('returned');
  });
});
