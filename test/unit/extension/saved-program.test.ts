/** When *Run on Save* builds a program and starts it again: its states, with stand-ins for compilers and sessions. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SavedProgram, StartError } from '../../../extension/programs/saved-program.ts';

const MODULE = '/crate/program.wasm';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A program of a session, whose builds and starts a test lets end. `log` has what it did and told. */
function saved() {
  const log: string[] = [];
  const builds: PromiseWithResolvers<string>[] = [];
  const starts: PromiseWithResolvers<boolean>[] = [];
  const restarts: PromiseWithResolvers<void>[] = [];
  const world = { isMeant: true, bytes: 'first', isReadable: true, isStopped: false };
  const program = new SavedProgram(
    {
      get isMeant() {
        return world.isMeant;
      },
      build(signal) {
        const build = Promise.withResolvers<string>();
        const giveUp = () => {
          log.push('gives up');
          build.reject(signal.reason);
        };
        signal.addEventListener('abort', giveUp);
        builds.push(build);
        return build.promise.finally(() => signal.removeEventListener('abort', giveUp));
      },
      digest: async () => world.bytes,
      async check() {
        if (!world.isReadable) throw new Error('no module');
      },
      restart() {
        log.push('restarts');
        if (world.isStopped) program.disconnects();
        // The request is seen on its way to the debug adapter.
        program.launched(MODULE);
        const restart = Promise.withResolvers<void>();
        restarts.push(restart);
        return restart.promise;
      },
      start() {
        log.push('starts');
        const start = Promise.withResolvers<boolean>();
        starts.push(start);
        return start.promise;
      },
    },
    {
      builds: () => log.push('builds'),
      waits: () => log.push('waits'),
      runs: (milliseconds) => log.push(`runs after ${milliseconds} ms`),
      failed: (error) => log.push(`${error}`),
    },
  );
  program.launched(MODULE);
  /** The last build ends, and has made a module of these bytes. */
  const built = async (bytes: string) => {
    world.bytes = bytes;
    builds.at(-1)?.resolve(MODULE);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { program, log, world, builds, starts, restarts, built };
}

/** One that runs. */
function running() {
  const all = saved();
  all.program.begins();
  return all;
}

const calm = () => vi.advanceTimersByTimeAsync(20);
const moduleCalm = () => vi.advanceTimersByTimeAsync(200);

test('several saves are one build, and the program is restarted once', async () => {
  const { program, log, built, restarts } = running();
  program.changed('source');
  program.changed('source');
  await calm();
  await built('second');
  await vi.advanceTimersByTimeAsync(80);
  restarts[0]?.resolve();
  program.begins();
  expect(log).toEqual(['builds', 'restarts', 'runs after 100 ms']);
});

test('the same module does not restart the program', async () => {
  const { program, log, built } = running();
  program.changed('source');
  await calm();
  await built('first');
  expect(log).toEqual(['builds', 'waits']);
});

test('the same module, built by somebody else, says that an error was mended', async () => {
  const { program, log, builds } = running();
  program.changed('source');
  await calm();
  builds.at(-1)?.reject(new Error('an error in it'));
  for (let writes = 0; writes < 2; writes++) {
    program.changed('module');
    await moduleCalm();
  }
  expect(log).toEqual(['builds', 'Error: an error in it', 'waits']);
});

test('a save during a build begins another one', async () => {
  const { program, log, built } = running();
  program.changed('source');
  await calm();
  program.changed('source');
  await calm();
  await built('second');
  expect(log).toEqual(['builds', 'gives up', 'builds', 'restarts']);
});

test('the module that a build writes is no change of its own, and a saved source counts for more than a module', async () => {
  const { program, log, built, restarts } = running();
  program.changed('source');
  program.changed('module');
  await calm();
  program.changed('module');
  await built('second');
  restarts[0]?.resolve();
  program.begins();
  program.changed('module');
  await moduleCalm();
  expect(log).toEqual(['builds', 'restarts', 'runs after 20 ms']);
});

test('one that is stopped during a build is not restarted', async () => {
  const { program, log, built } = running();
  program.changed('source');
  await calm();
  program.disconnects();
  await built('second');
  program.ended();
  program.changed('source');
  await moduleCalm();
  expect(log).toEqual(['builds', 'gives up']);
});

test('one that is stopped before its restart is on the way stays stopped', async () => {
  const { program, log, world, built, restarts } = running();
  world.isStopped = true;
  program.changed('source');
  await calm();
  await built('second');
  restarts[0]?.reject(new Error('The session was ended'));
  program.ended();
  program.begins();
  expect(program.hasEnded).toBe(false);
  program.changed('source');
  await calm();
  expect(log).toEqual(['builds', 'restarts']);
});

test('one that is stopped right after a save is not built', async () => {
  const { program, log } = running();
  program.changed('source');
  program.disconnects();
  await calm();
  expect(log).toEqual([]);
});

test('one that is no longer meant when it is built is not restarted', async () => {
  const { program, log, world, built } = running();
  program.changed('source');
  await calm();
  world.isMeant = false;
  await built('second');
  expect(log).toEqual(['builds', 'waits']);
});

test('one that is being launched is built when it has begun', async () => {
  const { program, log } = saved();
  program.changed('source');
  await calm();
  expect(log).toEqual([]);
  program.begins();
  await calm();
  expect(log).toEqual(['builds']);
});

test('one that the user restarts during a build is restarted with what was built', async () => {
  const { program, log, built } = running();
  program.changed('source');
  await calm();
  program.launched(MODULE);
  await built('second');
  expect(log).toEqual(['builds']);
  program.begins();
  await moduleCalm();
  expect(log).toEqual(['builds', 'restarts']);
});

test('a module that does not start is told as that, and the next one is started anew', async () => {
  const { program, log, restarts, built } = running();
  program.changed('source');
  await calm();
  await built('second');
  program.ended();
  restarts[0]?.reject(new StartError('unknown import'));
  await calm();
  program.changed('source');
  await calm();
  await built('third');
  expect(log).toEqual(['builds', 'restarts', 'StartError: unknown import', 'builds', 'starts']);
});

test('a module that cannot be read leaves the program as it is', async () => {
  const { program, log, world, built } = running();
  world.isReadable = false;
  program.changed('source');
  await calm();
  await built('second');
  expect(log).toEqual(['builds', 'Error: no module']);
});

test('one that has ended is started, and what is saved meanwhile is inherited', async () => {
  const { program, log, starts, built } = running();
  program.ended();
  // VS Code ends the session of a program that has ended.
  program.disconnects();
  program.changed('source');
  await calm();
  await built('second');
  expect(log).toEqual(['builds', 'starts']);
  program.changed('source');
  await calm();
  const next = saved();
  next.program.inherit(program);
  starts[0]?.resolve(true);
  next.program.begins();
  await calm();
  expect(log).toEqual(['builds', 'starts']);
  expect(next.log).toEqual(['builds']);
});

test('one whose start is refused waits for the next save', async () => {
  const { program, log, starts, built } = running();
  program.ended();
  program.changed('source');
  await calm();
  await built('second');
  starts[0]?.resolve(false);
  await calm();
  program.changed('source');
  await calm();
  expect(log).toEqual(['builds', 'starts', 'waits', 'builds']);
});

test('what the user builds and starts is not built and started here as well', async () => {
  const { program, log } = running();
  program.ended();
  program.changed('source');
  await calm();
  program.taken();
  program.changed('source');
  await calm();
  expect(log).toEqual(['builds', 'gives up']);
  program.notStarted();
  await calm();
  expect(log).toEqual(['builds', 'gives up', 'builds']);
});

test('what is just starting when the user starts it is left to the user', async () => {
  const { program, log, starts, built } = running();
  program.ended();
  program.changed('source');
  await calm();
  await built('second');
  program.taken();
  // It is asked for while its start is prepared, which is then given up.
  expect(program.isTaken).toBe(true);
  starts[0]?.resolve(false);
  await calm();
  program.changed('source');
  await calm();
  expect(log).toEqual(['builds', 'starts']);
});
