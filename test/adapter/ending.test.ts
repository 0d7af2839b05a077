import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { launcher } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { AdapterClient, gone, guestFile, isAlive, testFolder, within } from './adapter-client.ts';
import { echo } from './guests.ts';

/** Prints, and then computes without end. */
const busy = guest('(func (export "_start") (call $print (text "busy")) (loop $turn (br $turn)))');

/** A stand-in for the runtime, which serves no inspector. What it does is JavaScript. */
function runtimeThat(does: string): string {
  const path = join(testFolder(), 'runtime.mjs');
  writeFileSync(path, does);
  return path;
}

/** The runtime's process. Its program has begun. */
async function runtimeOf(client: AdapterClient): Promise<number> {
  const { processes } = await client.custom('lunatic/processes', {});
  expect(processes.length).toBeGreaterThan(0);
  const { result } = (await client.evaluateRequest({ expression: 'runtime', context: 'repl' })).body;
  const pid = Number(/process (\d+)/.exec(result)?.[1]);
  expect(isAlive(pid)).toBe(true);
  // Where it should have ended and has not.
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return pid;
}

/** The process group of a process. */
function groupOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'pgid=', '-p', `${pid}`], { encoding: 'utf8' }));
}

test('disconnecting ends the program', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  await client.printed('started');
  const pid = await runtimeOf(client);
  await client.disconnectRequest();
  expect(isAlive(pid)).toBe(false);
  await client.event('terminated');
  // That it was ended is what the user wanted.
  expect(client.output('console')).toBe('');
});

test('disconnecting ends a program that computes without end', async () => {
  const client = await AdapterClient.stdio();
  await client.run(busy);
  await client.printed('busy');
  const pid = await runtimeOf(client);
  await client.disconnectRequest();
  expect(isAlive(pid)).toBe(false);
});

/** Its worker has something to do that its root process does not wait for. */
const impatient = guest(`
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "worker")))
    (call $process.sleep_ms (i64.const 50)))
  (func $worker (export "worker") (local $sum i32)
    (local.set $sum (i32.const 20))
    (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
    (call $print (text "worked")))`);

test('a program does not end with its root process while somebody looks at another one', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(impatient);
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'worker' }] });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  const names = async () => (await client.threadsRequest()).body.threads.map(({ name }) => name);
  await expect.poll(names, { timeout: 20_000 }).toEqual(['#2 worker (paused)']);
  await client.printed(
    'The root process has ended; the program ends when no other process stands still or steps.\n',
    'console',
  );
  for (const steps of [1, 2]) {
    await client.nextRequest({ threadId });
    await client.until(() => client.eventsOf('stopped').length > steps, 'the end of a step');
  }
  const { id: frameId } = await client.topFrame(threadId);
  expect((await client.evaluateRequest({ expression: '$sum', frameId })).body.result).toBe('21');
  await client.continueRequest({ threadId });
  await client.event('terminated');
  expect(client.output('stdout')).toBe('worked\n');
  expect((await client.event('exited')).body.exitCode).toBe(0);
});

test('terminating ends the program, which is told by events', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  await client.printed('started');
  await client.terminateRequest();
  expect((await client.event('exited')).body.exitCode).toBe(143);
  await client.event('terminated');
});

test('disconnecting while the program is stopped ends it', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo, { stopOnEntry: true });
  await client.event('stopped');
  const pid = await runtimeOf(client);
  await client.disconnectRequest();
  expect(isAlive(pid)).toBe(false);
});

test('disconnecting before the runtime has begun ends it', async () => {
  const client = await AdapterClient.stdio();
  const lunatic = runtimeThat(
    `process.stdout.write('pid ' + process.pid + '\\n'); process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000);`,
  );
  const launched = client.launchRequest({ program: guestFile(echo), lunatic } as object);
  await client.printed('\n');
  const pid = Number(/pid (\d+)/.exec(client.output('stdout'))?.[1]);
  await Promise.all([
    client.disconnectRequest(),
    expect(launched).rejects.toThrow('The session was ended before the program began'),
  ]);
  expect(isAlive(pid)).toBe(false);
});

test('a runtime that does not end when it is told to is killed, with what it has started', async () => {
  const client = await AdapterClient.stdio();
  const deaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('pid', process.pid);`;
  const lunatic = runtimeThat(
    `import { spawn } from 'node:child_process';
    spawn(process.execPath, ['-e', ${JSON.stringify(deaf)}], { stdio: 'inherit' });
    ${deaf}`,
  );
  const launched = client.launchRequest({ program: guestFile(echo), lunatic } as object);
  await client.until(() => client.output('stdout').match(/pid \d+/g)?.length === 2, 'two processes');
  const pids = [...client.output('stdout').matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
  await Promise.all([client.disconnectRequest(), expect(launched).rejects.toThrow()]);
  for (const pid of pids) await gone(pid);
});

test('nothing is left when the client hangs up', async () => {
  const client = await AdapterClient.stdio();
  await client.run(busy);
  await client.printed('busy');
  const pid = await runtimeOf(client);
  const ended = new Promise((done) => client.adapter?.once('exit', done));
  client.hangUp();
  await within(ended, 'the adapter to end');
  expect(isAlive(pid)).toBe(false);
});

test('nothing is left when the adapter is told to end', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  await client.printed('started');
  const pid = await runtimeOf(client);
  client.adapter?.kill('SIGTERM');
  await gone(client.adapter?.pid ?? 0);
  expect(isAlive(pid)).toBe(false);
});

/** Makes the Node that is started look like one that cannot suspend wasm, so that it hands over to another. */
const HANDS_OVER = {
  NODE_OPTIONS:
    '--import "data:text/javascript,if (!process.env.LUNATIC_LAUNCHED) delete WebAssembly.Suspending"',
};

test.each([
  ['computes without end', busy, 'busy', {}],
  ['has several processes', echo, 'started', {}],
  ['is run by a Node that another one started', echo, 'started', HANDS_OVER],
])('nothing is left when the adapter is killed while a program %s', async (_, text, printed, env) => {
  const client = await AdapterClient.stdio();
  await client.run(text, { env });
  await client.printed(printed);
  const pid = await runtimeOf(client);
  const group = groupOf(pid);
  client.adapter?.kill('SIGKILL');
  await gone(pid);
  await gone(-group);
});

test('a runtime that dies in the middle ends the session, and the console says so', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  await client.printed('started');
  process.kill(await runtimeOf(client), 'SIGKILL');
  expect((await client.event('exited')).body.exitCode).toBe(137);
  await client.event('terminated');
  // Nobody knows whether it was the operating system.
  expect(client.output('console')).toMatch(
    /^The runtime was ended by SIGKILL, as the operating system does when the machine has no memory left\. .*--max-memory.*\n$/,
  );
  await expect(client.custom('lunatic/processes', {})).rejects.toThrow('The program has ended');
});

test('what was printed last comes before the end', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`(func (export "_start")
      (call $print (text "last words"))
      (call $proc_exit (i32.const 3)))`),
    { noDebug: true },
  );
  await client.event('terminated');
  const names = client.events.map(({ event }) => event);
  expect(client.output('stdout')).toBe('last words\n');
  expect(names.lastIndexOf('output')).toBeLessThan(names.indexOf('exited'));
  expect(names.indexOf('exited')).toBeLessThan(names.indexOf('terminated'));
});

test('a runtime that is slow to end has not lost its program', async () => {
  const sleep = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500)';
  const client = await AdapterClient.stdio();
  await client.run(guest(`(func (export "_start"))`), {
    env: { NODE_OPTIONS: `--import "data:text/javascript,process.on('exit', () => ${sleep})"` },
  });
  expect((await client.event('exited')).body.exitCode).toBe(0);
  expect(client.output('console')).toMatch(/^The program ended with exit code 0 after .*\n$/);
});

test('an adapter without standard input, such as one that was started by hand, ends at once', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, 'dap'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
