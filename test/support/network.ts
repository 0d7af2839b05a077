import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { guest } from './guest.ts';
import { type Program, type ProgramOptions, start } from './program.ts';

/**
 * What guests of network tests call. They use the memory from 0x80 to 0xff:
 *
 *     0x80 an address    0xa0 out cell    0xa8 second out cell    0xb0 type, port, flow, scope    0xc0 a buffer's record
 *
 * and read into 0x4000.
 */
const FUNCTIONS = `
  ;; Puts 127.0.0.1 where the functions here look for it.
  (func $loopback (i32.store (i32.const 0x80) (i32.const 0x0100007f)))
  ;; Must be 0; otherwise prints the error and traps.
  (func $ok (param $code i32)
    (if (local.get $code) (then (call $fail (i64.load (i32.const 0xa0))))))
  ;; Must be 1; prints the error.
  (func $refused (param $code i32)
    (call $expect (local.get $code) (i32.const 1))
    (call $print_error (i64.load (i32.const 0xa0))))
  ;; Must be 9027, with an error.
  (func $late (param $code i32)
    (call $expect (local.get $code) (i32.const 9027))
    (call $print_error (i64.load (i32.const 0xa0))))
  (func $id (result i64) (i64.load (i32.const 0xa0)))
  (func $listen (result i64)
    (call $loopback)
    (call $ok (call $networking.tcp_bind (i32.const 4) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
    (call $id))
  ;; Takes the only address of an iterator, whose port it gives. The address is at 0x80, its type at 0xb0.
  (func $take_address (param $iterator i64) (result i32)
    (call $expect (call $networking.resolve_next (local.get $iterator)
      (i32.const 0xb0) (i32.const 0x80) (i32.const 0xb4) (i32.const 0xb8) (i32.const 0xbc)) (i32.const 0))
    (call $expect (call $networking.resolve_next (local.get $iterator)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 1))
    (call $networking.drop_dns_iterator (local.get $iterator))
    (i32.load16_u (i32.const 0xb4)))
  (func $port_of (param $listener i64) (result i32)
    (call $ok (call $networking.tcp_local_addr (local.get $listener) (i32.const 0xa0)))
    (call $take_address (call $id)))
  ;; Listens, and prints the port.
  (func $serve (result i64) (local $listener i64)
    (local.set $listener (call $listen))
    (call $show32 (text "port") (call $port_of (local.get $listener)))
    (local.get $listener))
  (func $accept (param $listener i64) (result i64)
    (call $ok (call $networking.tcp_accept (local.get $listener) (i32.const 0xa0) (i32.const 0xa8)))
    (call $networking.drop_dns_iterator (i64.load (i32.const 0xa8)))
    (call $id))
  (func $try_connect (param $port i32) (param $timeout i64) (result i32)
    (call $loopback)
    (call $networking.tcp_connect (i32.const 4) (i32.const 0x80) (local.get $port) (i32.const 0) (i32.const 0)
      (local.get $timeout) (i32.const 0xa0)))
  (func $connect (param $port i32) (result i64)
    (call $ok (call $try_connect (local.get $port) (i64.const -1)))
    (call $id))
  (func $try_read (param $stream i64) (param $size i32) (result i32)
    (call $networking.tcp_read (local.get $stream) (i32.const 0x4000) (local.get $size) (i32.const 0xa0)))
  ;; Reads at most so many bytes to 0x4000, and gives how many there were.
  (func $read (param $stream i64) (param $size i32) (result i32)
    (call $ok (call $try_read (local.get $stream) (local.get $size)))
    (i32.wrap_i64 (call $id)))
  ;; Prints what it reads.
  (func $show_read (param $stream i64) (local $n i32)
    (local.set $n (call $read (local.get $stream) (i32.const 1000)))
    (call $print (i32.const 0x4000) (local.get $n)))
  (func $try_write (param $stream i64) (param $at i32) (param $size i32) (result i32)
    (i32.store (i32.const 0xc0) (local.get $at)) (i32.store (i32.const 0xc4) (local.get $size))
    (call $networking.tcp_write_vectored (local.get $stream) (i32.const 0xc0) (i32.const 1) (i32.const 0xa0)))
  ;; Writes in one go.
  (func $send_text (param $stream i64) (param $at i32) (param $size i32)
    (call $ok (call $try_write (local.get $stream) (local.get $at) (local.get $size)))
    (call $expect (i32.wrap_i64 (call $id)) (local.get $size)))
  ;; Writes however often that takes.
  (func $write_all (param $stream i64) (param $at i32) (param $size i32) (local $n i32)
    (loop $more
      (call $ok (call $try_write (local.get $stream) (local.get $at) (local.get $size)))
      (local.set $n (i32.wrap_i64 (call $id)))
      (local.set $at (i32.add (local.get $at) (local.get $n)))
      (br_if $more (local.tee $size (i32.sub (local.get $size) (local.get $n))))))
  ;; Sends back all that comes, until the end; 60,000 bytes at a time.
  (func $echo (param $stream i64) (local $n i32)
    (loop $more
      (if (i32.eqz (local.tee $n (call $read (local.get $stream) (i32.const 0xb000)))) (then (return)))
      (call $write_all (local.get $stream) (i32.const 0x4000) (local.get $n))
      (br $more)))
  ;; Spawns a function with an i64 parameter.
  (func $spawn_with_value (param $name i32) (param $length i32) (param $value i64) (result i64)
    (i32.store8 (i32.const 0xd0) (i32.const 0x7e)) (i64.store (i32.const 0xd1) (local.get $value))
    (if (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (local.get $name)
          (local.get $length) (i32.const 0xd0) (i32.const 17) (i32.const 0xa0))
      (then (call $fail (call $id))))
    (call $id))`;

/** Functions by name, and what each of them calls. */
const BY_NAME = new Map(
  FUNCTIONS.split(/\n {2}(?=\(func )/)
    .filter((text) => text.trim().startsWith('(func'))
    .map((text) => [/\(func (\$\w+)/.exec(text)?.[1] ?? '', text.replace(/\n\s*;;.*$/, '')] as const),
);

/** `guest` with those of the functions above that are called. */
export function networkGuest(
  functions: string,
  memory?: string,
  blobs?: Readonly<Record<string, Uint8Array>>,
): string {
  const wanted = new Set<string>();
  const collect = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/\(call (\$\w+)/g)) {
      const found = BY_NAME.get(name);
      if (found === undefined || wanted.has(name)) continue;
      wanted.add(name);
      collect(found);
    }
  };
  collect(functions);
  const all = `${[...wanted].map((name) => BY_NAME.get(name)).join('\n')}\n${functions}`;
  return guest(all, {
    ...(memory === undefined ? {} : { memory }),
    ...(blobs === undefined ? {} : { blobs }),
  });
}

/** A guest whose `_start` is `body`. */
export function networkMain(body: string, memory?: string): string {
  return networkGuest(
    `(func (export "_start") (local $l i64) (local $s i64) (local $t i64) (local $n i32) ${body})`,
    memory,
  );
}

/** Waits until a condition holds, a turn of the event loop at a time. */
export async function until(holds: () => boolean, what = 'what the test waits for'): Promise<void> {
  const deadline = performance.now() + 8000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come in time`);
    await new Promise((turn) => setImmediate(turn));
  }
}

/** Lets all that is on its way on loopback arrive: many turns of the event loop. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 300; turns++) await new Promise((turn) => setImmediate(turn));
}

/** Waits until a guest has printed a line that begins like this, and gives the rest of it. */
export async function printed(program: Program, beginning: string): Promise<string> {
  const find = () => program.stdout.lines.find((line) => line.startsWith(beginning));
  await until(
    () => find() !== undefined || program.root.process.exit !== null,
    `the line "${beginning}" after ${JSON.stringify(program.stdout.text)}`,
  );
  const line = find();
  if (line === undefined) {
    const { exit } = program.root.process;
    throw new Error(`the guest ended (${JSON.stringify(exit)}) after ${JSON.stringify(program.stdout.text)}`);
  }
  return line.slice(beginning.length);
}

/** Starts a guest that serves, and waits for the port that it prints. */
export async function serve(
  source: string,
  options?: ProgramOptions,
): Promise<{ readonly program: Program; readonly port: number }> {
  const program = await start(source, options);
  return { program, port: Number(await printed(program, 'port ')) };
}

/** Ends a program and all of its processes. */
export async function stop({ root }: Pick<Program, 'root'>): Promise<void> {
  root.stop();
  await until(() => processesOf({ root }) === 0, 'the end of all processes');
}

/** The number of live processes of a program, wherever they are. */
export function processesOf({ root: { environment } }: Pick<Program, 'root'>): number {
  return environment.size + (environment.elsewhere?.size ?? 0);
}

/** Waits for the end of the root process, which must return, and gives what it printed. */
export async function finished(program: Program): Promise<string[]> {
  const exit = await program.root.ended;
  if (exit.kind !== 'returned') {
    const message = 'message' in exit ? exit.message : '';
    throw new Error(`the guest ${exit.kind}: ${message}; it printed ${JSON.stringify(program.stdout.text)}`);
  }
  return program.stdout.lines;
}

/** A client of Node's. */
export async function client(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = createConnection({ port, host, noDelay: true, allowHalfOpen: true });
  await new Promise<void>((connected, failed) => {
    socket.once('connect', connected).once('error', failed);
  });
  socket.removeAllListeners('error');
  socket.on('error', () => {});
  return socket;
}

/** A server of Node's on loopback. */
export async function server(
  onConnection: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly node: Server; close(): void }> {
  const sockets = new Set<Socket>();
  const node = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((listening) => node.listen(0, '127.0.0.1', listening));
  const address = node.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  const close = () => {
    node.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: address.port, node, close };
}

/** Everything that comes until the peer's end. */
export async function allOf(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The next so many bytes. */
export async function bytesOf(socket: Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  while (size < length) {
    const chunk: Buffer | null = socket.read(Math.min(length - size, Math.max(1, socket.readableLength)));
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) break;
      await new Promise<void>((ready) => {
        const go = () => {
          socket.off('readable', go).off('end', go).off('close', go);
          ready();
        };
        socket.once('readable', go).once('end', go).once('close', go);
      });
    } else {
      chunks.push(chunk);
      size += chunk.length;
    }
  }
  return Buffer.concat(chunks);
}

/** Handles of this Node that sockets have, and timers apart. */
export function openHandles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|UDP|TLS|JSStream/.test(name))
    .sort();
}
