import type { ProcessPattern } from '../runtime/inspect/protocol.ts';
import { AdapterError, ErrorId } from './errors.ts';

/** The words for patterns. */
const WORDS: Readonly<Record<string, ProcessPattern['by']>> = {
  id: 'id',
  name: 'name',
  entry: 'entry',
  under: 'descent',
};

/** In which processes a session stops: those of `only`, or all, but none of `except`. */
export interface ChosenProcesses {
  readonly only: readonly ProcessPattern[];
  readonly except: readonly ProcessPattern[];
}

/**
 * Reads `id 5`, `name db`, `entry worker` or `under 5`.
 * @param what has it, for the message
 * @throws AdapterError if it is something else
 */
export function readPattern(text: string, what: string): ProcessPattern {
  const [, word = '', value = ''] = /^\s*(\S+)\s+(.*\S)\s*$/s.exec(text) ?? [];
  const by = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  const named = by === 'id' || by === 'descent' ? value.replace(/^#/, '') : value;
  if (by === undefined || (by === 'id' && !/^\d{1,16}$/.test(named)))
    throw new AdapterError(
      ErrorId.BadArguments,
      `${what}: '${text.slice(0, 100)}' means no processes; write 'id 5', 'name db', 'entry worker', or 'under 5' for those that descend from it`,
    );
  return { by, value: named };
}

/** What `launch` and `attach` say of it. */
export function chosenProcesses(
  command: string,
  { stopIn, stopNotIn }: { readonly stopIn: readonly string[]; readonly stopNotIn: readonly string[] },
): ChosenProcesses {
  return {
    only: stopIn.map((text) => readPattern(text, `${command}: 'stopIn'`)),
    except: stopNotIn.map((text) => readPattern(text, `${command}: 'stopNotIn'`)),
  };
}

export function patternText({ by, value }: ProcessPattern): string {
  return `${by === 'descent' ? 'under' : by} ${value}`;
}

/** Says in which processes a session stops. */
export function chosenText({ only, except }: ChosenProcesses): string {
  const list = (patterns: readonly ProcessPattern[]) => patterns.map(patternText).join(', ');
  const where = only.length === 0 ? 'in all processes' : `in these processes: ${list(only)}`;
  return `breakpoints and failures stop ${where}${except.length === 0 ? '' : `; but not in: ${list(except)}`}`;
}
