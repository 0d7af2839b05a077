import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/** Whether programs can be ended with all that they have started, as a group of processes. */
export const HAS_GROUPS = process.platform !== 'win32';

/**
 * Reads ids of groups that begin (+) and end (-) from standard input. Whoever writes them has ended when there is no more,
 * in whichever way: then it kills the groups that are left.
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
 * Sees to it that no program outlives this runtime, whatever that ends of: a signal that cannot be caught, or a fatal
 * error of V8. A tiny shell that is started with the first program holds the other end of a pipe, and kills what is left
 * when the pipe breaks. Where there is no shell, or there are no groups of processes, the regular end has to do.
 */
class ProgramGuard {
  readonly #alive = new Map<number, ChildProcess>();
  #shell: ChildProcess | null = null;
  #prepared = false;

  /** Programs that run. */
  get count(): number {
    return this.#alive.size;
  }

  /** To be called before a program is started: from its first moment on it should be looked after. */
  prepare(): void {
    if (!this.#prepared) {
      process.on('exit', () => {
        for (const [pid, program] of this.#alive) killGroup(pid, program, 'SIGKILL');
      });
    }
    this.#prepared = true;
    if (HAS_GROUPS) this.#shell ??= this.#start();
  }

  /** From now on the program ends with this runtime. */
  add(pid: number, program: ChildProcess): void {
    this.#alive.set(pid, program);
    if (HAS_GROUPS) this.#tell(`+ ${pid}`);
  }

  /** The program has ended, and its id may be another's. */
  remove(pid: number): void {
    if (this.#alive.delete(pid) && HAS_GROUPS) this.#tell(`- ${pid}`);
  }

  #tell(line: string): void {
    this.prepare();
    this.#shell?.stdin?.write(`${line}\n`);
  }

  #start(): ChildProcess {
    const { spawn } = process.getBuiltinModule('node:child_process');
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
      cwd: '/',
      // So that what ends a whole terminal does not end it first.
      detached: true,
    });
    shell.on('error', () => {});
    shell.stdin?.on('error', () => {});
    shell.unref();
    (shell.stdin as Socket | null)?.unref();
    return shell;
  }
}

/** Of all programs of this runtime. */
export const guard = new ProgramGuard();

/** Sends a signal to a program and all that it has started, where there are groups. Returns whether anybody got it. */
export function killGroup(pid: number, program: ChildProcess, signal: NodeJS.Signals | number): boolean {
  if (!HAS_GROUPS) return program.kill(signal);
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
