import { andThen, FAILED, fail, limitFromGuest, OK } from '../hostcall/conventions.ts';
import { Namespace } from '../hostcall/function.ts';
import type { Process } from '../kernel/process.ts';
import { type Scheduler, TIMED_OUT } from '../kernel/scheduler.ts';
import { resourceSlot } from '../kernel/slot.ts';
import { Timer } from '../kernel/timer.ts';
import { hostTrap } from '../kernel/trap.ts';
import { HostWork } from '../kernel/turn-work.ts';
import { Command, CommandPlanError } from '../programs/command.ts';
import { OsProgram, StreamMode } from '../programs/os-program.ts';
import { commandRefusal } from './permissions.ts';

/**
 * `lunatic::command`: programs of the operating system, without a shell. Upstream has no such functions: a guest that
 * imports them runs only here. A process may run the OS programs that its config allows; they end with the process.
 */
export const command = new Namespace('lunatic::command', HostWork.call, true);

/** Stands for a release of upstream. */
const SINCE = 'not in upstream';

const COMMANDS = resourceSlot<Command>('command');
const OS_PROGRAMS = resourceSlot<OsProgram>('OS program', (program) => program.end());

/** Commands, and OS programs, that a process may have. */
const MAX_RESOURCES = 64;

// -- what to run ---------------------------------------------------------------------------------------

command.define(
  'create',
  '(program_ptr: i32, program_len: i32, id_ptr: i32) -> i32',
  { since: SINCE, needs: 'commands' },
  'Makes a command for an OS program that the config allows. Returns 0 with a command id, or 1 with an error id.',
  ({ scheduler }) =>
    (pointer: number, length: number, idPointer: number) => {
      const { current } = scheduler;
      const name = current.memory.string(pointer, length);
      current.memory.check(idPointer, 8);
      const path = current.config.commands.get(name);
      if (path === undefined) return fail(current, idPointer, commandRefusal(current.config, name));
      const commands = current.slot(COMMANDS);
      if (commands.size >= MAX_RESOURCES) {
        return fail(
          current,
          idPointer,
          `a process can have ${MAX_RESOURCES} commands; drop those that were used`,
        );
      }
      current.memory.writeId(idPointer, commands.add(new Command(path, current.account)));
      return OK;
    },
);

command.define(
  'drop_command',
  '(command_id: i64)',
  { since: SINCE },
  'Releases a command. OS programs that it started go on.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.slot(COMMANDS).remove(id).drop();
    },
);

command.define(
  'add_argument',
  '(command_id: i64, argument_ptr: i32, argument_len: i32)',
  { since: SINCE },
  'Adds an argument. The name of the OS program is not one of them.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const { current } = scheduler;
      const wanted = current.slot(COMMANDS).get(id);
      wanted.addArgument(current.memory.string(pointer, length));
    },
);

command.define(
  'add_environment_variable',
  '(command_id: i64, key_ptr: i32, key_len: i32, value_ptr: i32, value_len: i32)',
  { since: SINCE, needs: 'commandVariables' },
  'Sets an environment variable that the config allows; any other fails the spawn. The only variable besides is PATH, that of the runtime.',
  ({ scheduler }) =>
    (id: bigint, keyPointer: number, keyLength: number, valuePointer: number, valueLength: number) => {
      const { current } = scheduler;
      const wanted = current.slot(COMMANDS).get(id);
      const key = current.memory.string(keyPointer, keyLength);
      wanted.setVariable(key, current.memory.string(valuePointer, valueLength));
    },
);

command.define(
  'set_directory',
  '(command_id: i64, dir_ptr: i32, dir_len: i32)',
  { since: SINCE },
  'Sets the directory in which the OS program runs, within those of the process. Default: the first of these.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const { current } = scheduler;
      const wanted = current.slot(COMMANDS).get(id);
      wanted.setDirectory(current.memory.string(pointer, length));
    },
);

command.define(
  'set_stream',
  '(command_id: i64, stream: i32, mode: i32)',
  { since: SINCE },
  "Connects standard input (0), output (1) or error (2) to nothing (0, the default), to the caller's own (1), to `read` and `write` (2), or keeps output for `read` (3).",
  ({ scheduler }) =>
    (id: bigint, stream: number, mode: number) => {
      const wanted = scheduler.current.slot(COMMANDS).get(id);
      if (stream !== 0 && stream !== 1 && stream !== 2) {
        throw hostTrap(`an OS program has the streams 0, 1 and 2, not ${stream}`);
      }
      const known = Object.values(StreamMode).find((value) => value === mode);
      if (known === undefined || (known === StreamMode.Captured && stream === 0)) {
        throw hostTrap(`stream ${stream} of an OS program cannot have mode ${mode}`);
      }
      wanted.streams[stream] = known;
    },
);

command.define(
  'set_capture_limit',
  '(command_id: i64, limit: i64)',
  { since: SINCE },
  'Sets how many bytes of each stream are kept in mode 3: 1 MiB by default, 16 MiB at most. An OS program that prints more is killed.',
  ({ scheduler }) =>
    (id: bigint, limit: bigint) => {
      scheduler.current.slot(COMMANDS).get(id).setCaptureLimit(limitFromGuest(limit));
    },
);

command.define(
  'spawn',
  '(command_id: i64, id_ptr: i32) -> i32',
  { since: SINCE, blocking: true },
  'Starts the OS program of a command. Returns 0 with its id, or 1 with an error id.',
  ({ scheduler }) =>
    (id: bigint, idPointer: number) => {
      const { current } = scheduler;
      const wanted = current.slot(COMMANDS).get(id);
      current.memory.check(idPointer, 8);
      const programs = current.slot(OS_PROGRAMS);
      if (programs.size >= MAX_RESOURCES) {
        return fail(
          current,
          idPointer,
          `a process can have ${MAX_RESOURCES} OS programs; drop those that have ended`,
        );
      }
      const started = startOsProgram(wanted, current);
      if (typeof started === 'string') return fail(current, idPointer, started);
      if (started instanceof OsProgram) {
        current.memory.writeId(idPointer, programs.add(started));
        return OK;
      }
      let text = '';
      const failed = scheduler.waitForEvent(current, (wake) => {
        void started.then((message) => {
          text = message;
          wake(FAILED);
        });
        return () => {};
      });
      return andThen(failed, () => fail(current, idPointer, text));
    },
);

function startOsProgram(wanted: Command, owner: Process): OsProgram | Promise<string> | string {
  try {
    return OsProgram.start(wanted.plan(owner));
  } catch (error) {
    if (error instanceof CommandPlanError) return error.message;
    // Node refuses some at once, for example if there are too many processes or there is no memory.
    if (error instanceof Error && 'code' in error) return error.message;
    throw error;
  }
}

// -- an OS program that runs -------------------------------------------------------------------------------

command.define(
  'process_id',
  '(program_id: i64) -> i64',
  { since: SINCE },
  'Returns the id that the operating system gave an OS program.',
  ({ scheduler }) =>
    (id: bigint) =>
      BigInt(scheduler.current.slot(OS_PROGRAMS).get(id).pid),
);

command.define(
  'drop_program',
  '(program_id: i64)',
  { since: SINCE },
  'Releases an OS program. If it still runs, it is killed with everything that it has started.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.slot(OS_PROGRAMS).remove(id).end();
    },
);

command.define(
  'write',
  '(program_id: i64, data_ptr: i32, data_len: i32, timeout_duration: i64, opaque_ptr: i32) -> i32',
  { since: SINCE, blocking: true },
  'Writes to the standard input of an OS program, and waits while it does not read. Returns 0 with the number of bytes that were taken, perhaps not all; 1 with an error id if it has closed its input; or 9027.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number, timeout: bigint, outPointer: number) => {
      const { current } = scheduler;
      const { input } = current.slot(OS_PROGRAMS).get(id);
      if (input === null) throw hostTrap('the standard input of the OS program is not streamed (mode 2)');
      current.memory.slice(pointer, length);
      current.memory.check(outPointer, 8);
      const attempt = (): number | null => {
        if (input.isClosed)
          return fail(current, outPointer, 'the standard input of the OS program is closed');
        if (input.isFull) return null;
        current.memory.writeId(outPointer, input.write(current.memory.slice(pointer, length)));
        return OK;
      };
      return untilDone(scheduler, timeout, attempt, (ready) => input.whenWritable(ready));
    },
);

command.define(
  'close_input',
  '(program_id: i64)',
  { since: SINCE },
  'Closes the standard input of an OS program.',
  ({ scheduler }) =>
    (id: bigint) => {
      const { input } = scheduler.current.slot(OS_PROGRAMS).get(id);
      if (input === null) throw hostTrap('the standard input of the OS program is not streamed (mode 2)');
      input.close();
    },
);

command.define(
  'read',
  '(program_id: i64, stream: i32, buffer_ptr: i32, buffer_len: i32, timeout_duration: i64, opaque_ptr: i32) -> i32',
  { since: SINCE, blocking: true },
  'Reads what an OS program prints to its standard output (1) or error (2), and waits until something is there. Returns 0 with the number of bytes, which is 0 at the end; or 9027.',
  ({ scheduler }) =>
    (id: bigint, stream: number, pointer: number, length: number, timeout: bigint, outPointer: number) => {
      const { current } = scheduler;
      const program = current.slot(OS_PROGRAMS).get(id);
      const output = stream === 1 ? program.outputs[0] : stream === 2 ? program.outputs[1] : null;
      if (output === null) {
        throw hostTrap(
          `stream ${stream} of the OS program is neither streamed (mode 2) nor captured (mode 3)`,
        );
      }
      const room = current.memory.slice(pointer, length).length;
      current.memory.check(outPointer, 8);
      const attempt = (): number | null => {
        const bytes = room === 0 ? NOTHING : output.read(room);
        if (bytes === null) return null;
        current.memory.write(pointer, bytes);
        current.memory.writeId(outPointer, bytes.length);
        return OK;
      };
      return untilDone(scheduler, timeout, attempt, (ready) => output.whenReadable(ready));
    },
);

const NOTHING = new Uint8Array(0);

command.define(
  'wait',
  '(program_id: i64, timeout_duration: i64, status_ptr: i32) -> i32',
  { since: SINCE, blocking: true },
  'Waits for the end of an OS program. Returns 0 with its exit code (4 bytes) and the number of the OS signal that ended it, or 0 (4 bytes); 1 with an error id if the runtime has killed it; or 9027.',
  ({ scheduler }) =>
    (id: bigint, timeout: bigint, statusPointer: number) => {
      const { current } = scheduler;
      const program = current.slot(OS_PROGRAMS).get(id);
      current.memory.check(statusPointer, 8);
      const attempt = (): number | null => {
        const { status, failure, hasEnded } = program;
        if (status === null || !hasEnded) return null;
        if (failure !== null) return fail(current, statusPointer, failure);
        current.memory.writeU32(statusPointer, status.code);
        current.memory.writeU32(statusPointer + 4, status.signal);
        return OK;
      };
      return untilDone(scheduler, timeout, attempt, (ready) => program.whenEnded(ready));
    },
);

command.define(
  'kill',
  '(program_id: i64, signal: i32, id_ptr: i32) -> i32',
  { since: SINCE },
  'Sends an OS signal, by its number, to an OS program and everything that it has started; 0 only asks whether it runs. Returns 0, or 1 with an error id.',
  ({ scheduler }) =>
    (id: bigint, signal: number, idPointer: number) => {
      const { current } = scheduler;
      const program = current.slot(OS_PROGRAMS).get(id);
      current.memory.check(idPointer, 8);
      if (signal < 0 || signal > MAX_SIGNAL)
        return fail(current, idPointer, `there is no OS signal ${signal}`);
      if (program.status !== null) return fail(current, idPointer, 'the OS program has ended');
      if (!program.kill(signal)) return fail(current, idPointer, `OS signal ${signal} cannot be sent`);
      current.memory.writeId(idPointer, 0);
      return OK;
    },
);

/** The number of the last real-time signal of Linux. */
const MAX_SIGNAL = 64;

/**
 * Tries to do something until it is done or the time is up.
 * @param attempt does it and returns the host call's code, or null if it has to wait
 * @param whenReady calls back when it may be possible
 */
function untilDone(
  scheduler: Scheduler,
  timeout: bigint,
  attempt: () => number | null,
  whenReady: (ready: () => void) => () => void,
): number | Promise<number> {
  const done = attempt();
  if (done !== null) return done;
  const process = scheduler.current;
  const end = timeout === -1n ? Number.POSITIVE_INFINITY : performance.now() + limitFromGuest(timeout);
  const wait = (): Promise<number> =>
    andThen(
      scheduler.waitForEvent(process, (wake) => {
        const cancel = whenReady(() => wake(OK));
        if (end !== Number.POSITIVE_INFINITY) {
          process.waitTimer = new Timer(Math.max(0, end - performance.now()), () => {
            cancel();
            wake(TIMED_OUT);
          });
        }
        return cancel;
      }),
      // What has happened meanwhile counts, even if the time is up.
      (code) => attempt() ?? (code === TIMED_OUT ? code : wait()),
    );
  return wait();
}
