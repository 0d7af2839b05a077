import type { BreakpointTerms, ModuleKey, VariablePlace } from '../runtime/inspect/protocol.ts';
import {
  type Expression,
  ExpressionError,
  namesIn,
  parseExpression,
  parseHitCondition,
  parseLogMessage,
} from '../runtime/internal.ts';
import type { Arguments } from './arguments.ts';
import type { Disassemblies } from './disassembly.ts';

/** What a client wants of a breakpoint besides its place. */
export interface WantedTerms {
  readonly condition?: string;
  readonly hits?: string;
  readonly log?: string;
}

export function termsIn(args: Arguments): WantedTerms {
  const condition = args.optionalText('condition')?.trim();
  const hits = args.optionalText('hitCondition')?.trim();
  const log = args.optionalText('logMessage');
  return {
    ...(condition ? { condition } : {}),
    ...(hits ? { hits } : {}),
    ...(log === undefined ? {} : { log }),
  };
}

/** What is wrong with them as such, wherever they stand; null if nothing is. */
export function faultIn({ condition, hits, log }: WantedTerms): string | null {
  const what: [name: string, read: () => unknown][] = [
    ['condition', () => condition === undefined || parseExpression(condition)],
    ['hit count', () => hits === undefined || parseHitCondition(hits)],
    ['log message', () => log === undefined || parseLogMessage(log)],
  ];
  for (const [name, read] of what) {
    try {
      read();
    } catch (error) {
      if (error instanceof ExpressionError) return `The ${name} cannot be read: ${error.message}`;
      throw error;
    }
  }
  return null;
}

/** Finds what the names in expressions stand for, as the runtime wants to be told. */
export class NameFinder {
  readonly #disassemblies: Disassemblies;

  constructor(disassemblies: Disassemblies) {
    this.#disassemblies = disassemblies;
  }

  /** The terms as the runtime takes them at an offset. Names that are not there are left out: the runtime says so. */
  async termsAt(
    id: number,
    { condition, hits, log }: WantedTerms,
    module: ModuleKey,
    offset: number,
  ): Promise<BreakpointTerms> {
    const names = await this.#placesOf(namesOf(condition, log), module, offset);
    return {
      id,
      ...(condition === undefined ? {} : { condition }),
      ...(hits === undefined ? {} : { hits }),
      ...(log === undefined ? {} : { log }),
      ...(names.size === 0 ? {} : { names: Object.fromEntries(names) }),
    };
  }

  async #placesOf(
    names: readonly string[],
    module: ModuleKey,
    offset: number,
  ): Promise<Map<string, VariablePlace>> {
    const places = new Map<string, VariablePlace>();
    if (names.length === 0) return places;
    const { locals, globals } = await this.#disassemblies.namesAt(module, offset);
    for (const name of names) {
      const place = placeOf(name, new Map(locals), new Map(globals));
      if (place !== undefined) places.set(name, place);
    }
    return places;
  }
}

type Names = ReadonlyMap<number, string>;

/** A local or global by its name, or by its index where it has none: `$count`, `$4`, `$global2`, `local 4`, `global 2`. */
function placeOf(name: string, locals: Names, globals: Names): VariablePlace | undefined {
  const plain = name.replace(/^\$/, '');
  const local = indexOf(locals, plain);
  if (local !== undefined) return { kind: 'local', index: local };
  const global = indexOf(globals, plain);
  if (global !== undefined) return { kind: 'global', index: global };
  const [, kind, digits] = /^(local |global |\$global|\$)(\d{1,9})$/.exec(name) ?? [];
  if (digits === undefined) return undefined;
  return { kind: kind?.includes('global') ? 'global' : 'local', index: Number(digits) };
}

function indexOf(names: Names, name: string): number | undefined {
  for (const [index, candidate] of names) if (candidate === name) return index;
  return undefined;
}

function namesOf(condition: string | undefined, log: string | undefined): string[] {
  const expressions: Expression[] = condition === undefined ? [] : [parseExpression(condition)];
  for (const part of log === undefined ? [] : parseLogMessage(log))
    if (typeof part !== 'string') expressions.push(part);
  return [...new Set(expressions.flatMap(namesIn))];
}
