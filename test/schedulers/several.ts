import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleText } from '../../runtime/wat/index.ts';
import { type CommandOptions, type CommandResult, RunningCommand } from '../support/command.ts';

/** What schedulers note in the log. */
export const NOTES = ['--log', 'lunatic::schedulers=debug'] as const;

/** Programs that run on several schedulers, in files of their own. */
export class Several {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lunatic-several-'));
  #files = 0;
  readonly #started: RunningCommand[] = [];

  /** Starts a program given as text. */
  async start(text: string, options: readonly string[], command?: CommandOptions): Promise<RunningCommand> {
    const file = join(this.#folder, `${++this.#files}.wasm`);
    writeFileSync(file, await assembleText(text, 'test.wat'));
    const started = new RunningCommand(['run', ...NOTES, ...options, file], command);
    this.#started.push(started);
    return started;
  }

  /** Runs a program until it ends. */
  async run(text: string, options: readonly string[], command?: CommandOptions): Promise<CommandResult> {
    return await (await this.start(text, options, command)).ended;
  }

  /** Ends what a test that failed has left, and removes the files. */
  remove(): void {
    for (const { child } of this.#started) child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true });
  }
}

/** The OS processes of the other schedulers that have started, by index. */
export function pidsOf({ stderr }: Pick<RunningCommand, 'stderr'>): Map<number, number> {
  const started = stderr.matchAll(/Scheduler (\d+) has started \(OS process (\d+)\)/g);
  return new Map([...started].map(([, index, pid]) => [Number(index), Number(pid)]));
}

/** The OS process of a scheduler, once it has started. */
export async function pidOf(command: RunningCommand, index: number): Promise<number> {
  await command.printed(`Scheduler ${index} has started`, 'stderr');
  const pid = pidsOf(command).get(index);
  if (pid === undefined) throw new Error(`no OS process of scheduler ${index} in ${command.stderr}`);
  return pid;
}

/** Whether an OS process lives. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended is there until its parent has asked for its exit status.
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
