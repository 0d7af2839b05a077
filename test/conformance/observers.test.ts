import { expect, test } from 'vitest';
import type { SchedulerObserver } from '../../runtime/kernel/observers.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { guest } from '../support/guest.ts';
import { start } from '../support/program.ts';

/** Spawns two children, one after the other, and prints why if one cannot be. The second traps. */
const PARENT = guest(`
  (func (export "ends"))
  (func (export "traps") unreachable)
  (func $try (param $name i32) (param $length i32)
    (if (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (local.get $name) (local.get $length)
          (i32.const 0) (i32.const 0) (i32.const 64))
      (then (call $print_error (i64.load (i32.const 64))))))
  (func (export "_start")
    (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const 0)))
    (call $try (text "ends")) (call $process.sleep_ms (i64.const 0))
    (call $try (text "traps")) (call $process.sleep_ms (i64.const 0)))`);

/** Runs the program with these observers, which the root process meets before its first turn. */
async function observed(...observers: readonly SchedulerObserver[]) {
  const program = await start(PARENT, { paused: true });
  const { scheduler } = program.runtime;
  for (const observer of observers) scheduler.observers.add(observer);
  scheduler.holding.resume(program.root.process);
  return program;
}

test('every observer hears of every end, in the order in which they were added', async () => {
  const heard: string[] = [];
  const named = (name: string): SchedulerObserver => ({
    onExit: ({ id }, exit) => heard.push(`${name}: ${id} ${exit.kind}`),
  });
  const program = await observed(named('a'), named('b'));
  await program.empty;
  expect(heard).toEqual([
    'a: 2 returned',
    'b: 2 returned',
    'a: 3 trapped',
    'b: 3 trapped',
    'a: 1 returned',
    'b: 1 returned',
  ]);
});

test('an observer that is removed hears no more, and one that is added while it is called hears of later ends', async () => {
  const heard: string[] = [];
  const late: SchedulerObserver = { onExit: ({ id }) => heard.push(`late ${id}`) };
  const once: SchedulerObserver = {
    onExit({ id }) {
      heard.push(`once ${id}`);
      observers.remove(once);
      observers.add(late);
    },
  };
  const program = await observed(once);
  const { observers } = program.runtime.scheduler;
  observers.remove({ onExit: () => heard.push('never added') });
  await program.empty;
  expect(heard).toEqual(['once 2', 'late 3', 'late 1']);
});

test('the first observer that objects decides why a process does not begin', async () => {
  const asked: string[] = [];
  const program = await observed(
    { onSpawn: ({ id }) => void asked.push(`first ${id}`) },
    { onSpawn: ({ entry }) => (entry.name === 'traps' ? 'no traps' : undefined) },
    {
      onSpawn({ id }) {
        asked.push(`last ${id}`);
        return id === 3 ? 'no thirds' : undefined;
      },
    },
  );
  await program.empty;
  expect(asked).toEqual(['first 2', 'last 2', 'first 3']);
  expect(program.stdout.lines).toEqual(['no traps']);
});

test('all observers are asked whether a process is held, and one is enough', async () => {
  const asked: string[] = [];
  const program = await observed(
    { holds: ({ id }) => asked.push(`holds ${id}`) > 0 },
    { holds: ({ id }, { kind }) => asked.push(`asked of ${id} ${kind}`) < 0 },
  );
  await program.root.ended;
  expect(asked).toEqual(['holds 3', 'asked of 3 trapped']);
  const [held] = program.root.environment.processes();
  expect(held?.state).toBe('held');
  program.root.stop();
  await program.empty;
});

test('a process that an observer throws for is not spawned, whether it has a start section or not', async () => {
  const warned: string[] = [];
  const warn = ({ message }: Error) => warned.push(message);
  process.on('warning', warn);
  const why = 'an observer failed that was asked whether the process may begin';
  let failsFor = 'ends';
  const observer: SchedulerObserver = {
    onSpawn({ entry }) {
      if (entry.name === failsFor) throw new Error(`onSpawn fails for ${entry.name}`);
      return undefined;
    },
  };
  const program = await observed(observer);
  await program.empty;
  expect(program.stdout.lines).toEqual([why]);
  expect(program.exits.map(({ process: { id }, exit }) => `${id} ${exit.kind}`)).toEqual([
    '3 trapped',
    '1 returned',
  ]);

  const { runtime } = program;
  const { config, stdio } = program.root.process;
  for (const section of ['', '(start $nothing)']) {
    const module = runtime.load(
      await assembleText(`(module (func $nothing) ${section} (func (export "_start")))`, 'module'),
    );
    const run = () => runtime.run(module, { config, stdio });
    failsFor = '_start';
    await expect(run()).rejects.toThrow(why);
    failsFor = '';
    expect((await (await run()).ended).kind).toBe('returned');
  }
  await new Promise((turn) => setImmediate(turn));
  process.off('warning', warn);
  expect(warned).toEqual(['ends', '_start', '_start'].map((name) => `onSpawn fails for ${name}`));
});

test('an observer that throws is warned of, and keeps neither the others nor the processes from anything', async () => {
  const warned: string[] = [];
  const warn = ({ message }: Error) => warned.push(message);
  process.on('warning', warn);
  const heard: string[] = [];
  const fail = (what: string) => () => {
    throw new Error(`${what} fails`);
  };
  const program = await observed(
    { onExit: fail('onExit'), holds: fail('holds') },
    { onExit: ({ id }) => heard.push(`end ${id}`), holds: ({ id }) => heard.push(`asked ${id}`) < 0 },
  );
  await program.empty;
  await new Promise((turn) => setImmediate(turn));
  process.off('warning', warn);
  expect(heard).toEqual(['end 2', 'asked 3', 'end 3', 'end 1']);
  expect(warned).toEqual(['onExit fails', 'holds fails', 'onExit fails', 'onExit fails']);
});
