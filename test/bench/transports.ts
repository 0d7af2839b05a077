/**
 * What a message of one byte there and back takes between two OS processes, and between two threads of one, by what Node has for it: why
 * links between schedulers are Unix sockets. Prints microseconds.
 *
 *     node test/bench/transports.ts
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const WARM = 2000;
const TRIPS = 20_000;
const ROUNDS = 5;

const file = import.meta.filename;
const [, , role, path = ''] = process.argv;
if (!isMainThread) echoInThread();
else if (role === 'socket') echoSocket();
else if (role === 'pipes') process.stdin.on('data', (bytes) => process.stdout.write(bytes));
else if (role === 'channel') process.on('message', (message) => process.send?.(message));
else await measure();

function echoSocket(): void {
  const socket = connect(path.startsWith('{') ? JSON.parse(path) : { path });
  socket.setNoDelay(true);
  socket.on('data', (bytes) => socket.write(bytes));
}

/** Cell 0 of the memory has the number of the trip, cell 1 that of the answer; a negative number ends it. */
function echoInThread(): void {
  const { cells } = workerData as { cells: Int32Array | null };
  if (cells === null) {
    parentPort?.on('message', (message) => parentPort?.postMessage(message));
    return;
  }
  for (let trip = 0; trip >= 0; ) {
    Atomics.wait(cells, 0, trip);
    trip = Atomics.load(cells, 0);
    Atomics.store(cells, 1, trip);
    Atomics.notify(cells, 1);
  }
}

/** Microseconds of a trip. @param answered called with what is to be called for each answer */
function trips(send: () => void, answered: (call: () => void) => void): Promise<number> {
  return new Promise((done) => {
    let trip = 0;
    let begin = 0;
    answered(() => {
      if (++trip === WARM) begin = performance.now();
      if (trip < WARM + TRIPS) send();
      else done(((performance.now() - begin) * 1000) / TRIPS);
    });
    send();
  });
}

async function socketTrips(listen: ListenOptions): Promise<number> {
  const server = createServer();
  server.listen(listen);
  await once(server, 'listening');
  const address = server.address();
  const to = typeof address === 'string' ? address : JSON.stringify(address);
  const child = spawn(process.execPath, [file, 'socket', to ?? ''], { stdio: 'inherit' });
  const [socket] = await once(server, 'connection');
  socket.setNoDelay(true);
  const time = await trips(
    () => socket.write('x'),
    (call) => socket.on('data', call),
  );
  socket.destroy();
  server.close();
  await ended(child);
  return time;
}

async function pipeTrips(): Promise<number> {
  const child = spawn(process.execPath, [file, 'pipes'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const time = await trips(
    () => child.stdin.write('x'),
    (call) => child.stdout.on('data', call),
  );
  child.stdin.end();
  await ended(child);
  return time;
}

async function channelTrips(): Promise<number> {
  const child = fork(file, ['channel']);
  const time = await trips(
    () => child.send(1),
    (call) => child.on('message', call),
  );
  child.disconnect();
  await ended(child);
  return time;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await once(child, 'exit');
}

async function portTrips(): Promise<number> {
  const worker = new Worker(file, { workerData: { cells: null } });
  const time = await trips(
    () => worker.postMessage(1),
    (call) => worker.on('message', call),
  );
  await worker.terminate();
  return time;
}

async function memoryTrips(): Promise<number> {
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(file, { workerData: { cells } });
  let begin = 0;
  for (let trip = 1; trip <= WARM + TRIPS; trip++) {
    if (trip === WARM + 1) begin = performance.now();
    Atomics.store(cells, 0, trip);
    Atomics.notify(cells, 0);
    Atomics.wait(cells, 1, trip - 1);
  }
  const time = ((performance.now() - begin) * 1000) / TRIPS;
  Atomics.store(cells, 0, -1);
  Atomics.notify(cells, 0);
  await once(worker, 'exit');
  return time;
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-transports-'));
  const transports = {
    'Unix socket': () => socketTrips({ path: join(folder, 'socket') }),
    'TCP on loopback': () => socketTrips({ host: '127.0.0.1', port: 0 }),
    pipes: pipeTrips,
    "Node's IPC channel": channelTrips,
    'port of a worker thread': portTrips,
    'shared memory of a worker thread': memoryTrips,
  };
  const times = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, measured] of Object.entries(transports))
      times.set(name, [...(times.get(name) ?? []), await measured()]);
  for (const [name, all] of times) {
    const median = all.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
    console.log(`${name.padEnd(34)} ${median.toFixed(1)}`);
  }
  rmSync(folder, { recursive: true });
}
