import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/** Whether programs can be ended together with everything that they have started, as a group of OS processes. */
export const HAS_GROUPS = process.platform !== 'win32';

/**
 * Reads ids of groups that begin (+) and end (-) from standard input. When its writer has ended, in whatever way, it kills
 * the groups that are left.
 */
const SCRIPT = `groups=
while read -r change group; do
  left=
  for other in $groups; do [ "$other" = "$group" ] || left="$left $other"; done
  [ "$change" = + ] && left="$left $group"
  groups=$left
done
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null`;

/**
 * Makes sure that no OS program outlives this runtime, whatever ends it: an OS signal that cannot be caught, or a fatal
 * error of V8. A tiny shell that is started with the first OS program holds the other end of a pipe, and kills what is left
 * when the pipe breaks. Without a shell, or on a system without groups, programs end only with a regular end of the runtime.
 */
class OsProgramGuard {
  readonly #alive = new Map<number, ChildProcess>();
  #shell: ChildProcess | null = null;
  #prepared = false;

  /** The number of OS programs that run. */
  get count(): number {
    return this.#alive.size;
  }

  /** Must be called before an OS program is started, so that it is guarded from its first moment. */
  prepare(): void {
    if (!this.#prepared) {
      process.on('exit', () => {
        for (const [pid, program] of this.#alive) killGroup(pid, program, 'SIGKILL');
      });
    }
    this.#prepared = true;
    if (HAS_GROUPS) this.#shell ??= this.#start();
  }

  /** From now on the OS program ends with this runtime. */
  add(pid: number, program: ChildProcess): void {
    this.#alive.set(pid, program);
    if (HAS_GROUPS) this.#write(`+ ${pid}`);
  }

  /** The OS program has ended, and its id may be another's. */
  remove(pid: number): void {
    if (this.#alive.delete(pid) && HAS_GROUPS) this.#write(`- ${pid}`);
  }

  #write(line: string): void {
    this.prepare();
    this.#shell?.stdin?.write(`${line}\n`);
  }

  #start(): ChildProcess {
    const { spawn } = process.getBuiltinModule('node:child_process');
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
      cwd: '/',
      // Otherwise an OS signal for a whole terminal would end the shell first.
      detached: true,
    });
    shell.on('error', () => {});
    shell.stdin?.on('error', () => {});
    shell.unref();
    (shell.stdin as Socket | null)?.unref();
    return shell;
  }
}

/** The guard of all OS programs of this runtime. */
export const guard = new OsProgramGuard();

/** Sends an OS signal to a program and, if there are groups, to everything it has started. Returns whether anybody got it. */
export function killGroup(pid: number, program: ChildProcess, signal: NodeJS.Signals | number): boolean {
  if (!HAS_GROUPS) return program.kill(signal);
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
