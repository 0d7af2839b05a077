import fc from 'fast-check';
import { anyProgram } from './arbitraries.ts';
import { InterpreterRun } from './interpreter-run.ts';
import { verdictOf } from './model.ts';
import { type ModelProgram, programText } from './program.ts';
import { type Trace, traceText } from './trace.ts';

export interface PropertyOptions {
  readonly schedulers: number;
  readonly seed: number;
  readonly programs: number;
  /** Milliseconds after which no further program begins. Default: none. */
  readonly time?: number;
}

/** A program that did what it must not do, or did not do what it must. */
class WrongProgram extends Error {
  constructor(program: ModelProgram, wrong: readonly string[], trace: Trace) {
    super(
      `${wrong.map((line) => `- ${line}`).join('\n')}\n\nThe program:\n${programText(program)}\n\nWhat happened:\n${traceText(trace)}`,
    );
  }
}

/**
 * Runs programs made at random.
 * @returns how many ran, and what was wrong with the smallest that was wrong, in words; null if all were right
 */
export async function checkModel({ schedulers, seed, programs, time }: PropertyOptions): Promise<{
  readonly programs: number;
  readonly wrong: string | null;
}> {
  const run = await InterpreterRun.start(schedulers);
  try {
    const property = fc.asyncProperty(anyProgram, async (program) => {
      const { trace, missing } = await run.run(program);
      const { violations, due } = verdictOf(trace);
      const wrong = [...new Set([...violations, ...missing, ...due])];
      if (wrong.length > 0) throw new WrongProgram(program, wrong, trace);
    });
    const found = await fc.check(property, {
      seed,
      numRuns: programs,
      ...(time === undefined ? {} : { interruptAfterTimeLimit: time }),
    });
    const error = found.errorInstance;
    if (!found.failed || (found.interrupted && error === null))
      return { programs: found.numRuns, wrong: null };
    const message = error instanceof Error ? error.message : String(error);
    const again = `node test/schedulers/main.ts --schedulers ${schedulers} --seed ${seed}`;
    return { programs: found.numRuns, wrong: `with ${schedulers} schedulers\n${message}\n\nagain: ${again}` };
  } finally {
    await run.close();
  }
}
