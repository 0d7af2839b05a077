import type { Notifications } from '../runtime/inspect/protocol.ts';
import { durationOf, printableLines } from '../runtime/inspect/view/index.ts';
import type { Inspected } from '../runtime/internal.ts';
import { deathText } from './death-text.ts';
import type { RuntimeProcess } from './runtime-process.ts';

/** Milliseconds in which a runtime that has closed its connection should have ended. */
const END_GRACE = 2000;

interface EndingProgram {
  readonly client: Inspected;
  /** The runtime, if this session has started it. */
  readonly process: RuntimeProcess | undefined;
  /** What the runtime has said of the program's end; undefined until it has. */
  ended(): Notifications['ended'] | undefined;
  /** Whether this session has left it alone, which goes on. */
  isLeft(): boolean;
  /** Tells the user something. */
  say(text: string): void;
  /** Tells the user what may be overlooked. */
  mention(text: string): void;
  /** Whether the runtime has told it, on standard error. */
  hasSaid(text: string): boolean;
}

/**
 * Waits until a program is over, and says how it ended.
 * @returns its exit code; undefined if that is not known
 */
export function programEnd({ process, ...program }: EndingProgram): Promise<number | undefined> {
  return process === undefined ? attachedEnd(program) : launchedEnd(process, program);
}

type Told = Omit<EndingProgram, 'process'>;

async function attachedEnd(told: Told): Promise<number | undefined> {
  const { client, ended, isLeft, say } = told;
  await client.closed;
  if (!client.isRunning) return undefined;
  const end = ended();
  if (end !== undefined) sayEnd(end, told);
  else if (!isLeft()) say('The connection to the program is lost.');
  return end?.exitCode;
}

async function launchedEnd(process: RuntimeProcess, told: Told): Promise<number> {
  const { client, ended, say } = told;
  const begun = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const lost = client.closed.then(() => {
    // A runtime that has lost its connection and does not end is useless. One whose program is over may only be slow to end.
    timer = setTimeout(() => {
      if (ended() === undefined) say('The connection to the runtime is lost: it is ended.');
      process.terminate();
    }, END_GRACE);
  });
  const { exitCode, signal } = await process.ended;
  // Its last notifications may still be on their way.
  await lost;
  clearTimeout(timer);
  const end = ended();
  if (end !== undefined) sayEnd(end, told, performance.now() - begun);
  else if (!process.isToldToEnd)
    say(signal === null ? `The runtime ended with exit code ${exitCode}.` : deathText(signal));
  return end?.exitCode ?? exitCode;
}

/** @param duration in milliseconds, if it is known how long the program has run */
function sayEnd({ exitCode, reason }: Notifications['ended'], told: Told, duration?: number): void {
  const time = duration === undefined ? '' : ` after ${timeText(duration)}`;
  const end = `The program ended with exit code ${exitCode}${time}`;
  if (exitCode === 0) told.mention(`${end}.`);
  else if (reason === 'exited' || told.hasSaid(reason)) told.say(`${end}.`);
  else told.say(`${end}: ${printableLines(reason)}`);
}

function timeText(duration: number): string {
  return duration < 1000 ? `${Math.round(duration)} ms` : durationOf(duration);
}
