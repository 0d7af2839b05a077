import * as v from 'valibot';
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { isProcessKey } from './process-key.ts';
import type {
  BreakpointTerms,
  DataBreakpoint,
  EventBreakpoint,
  EventKind,
  ProcessFilter,
  ProcessKey,
  ProcessPattern,
  StepKind,
  ValueType,
  VariablePlace,
} from './protocol.ts';

/** Characters of a text that is searched for. */
const MAX_SEARCHED = 10_000;
/** Patterns of processes, all of which are compared at each stop. */
const MAX_PATTERNS = 100;

/** Breakpoints in a module, types of an expression, parts of a structure and names in an expression. */
const MAX_BREAKPOINTS = 10_000;
const MAX_TYPES = 10_000;
/** The most classes of AssemblyScript that are told with an expression. */
const MAX_CLASSES = 1000;
const MAX_MEMBERS = 10_000;
const MAX_NAMES = 1000;

const STATES = ['initializing', 'ready', 'running', 'waiting', 'paused', 'held'] as const;

/** Each message says what a value must be; `take` says which. */
const Text = v.string('a string');
const Key = v.custom<ProcessKey>(isProcessKey, 'a process as in "1:42"');
const Count = v.pipe(
  v.number('a whole number from 0'),
  v.safeInteger('a whole number from 0'),
  v.minValue(0, 'a whole number from 0'),
);
const Flag = v.boolean('true or false');
const Base64 = v.pipe(Text, v.regex(/^[A-Za-z0-9+/]*={0,2}$/, 'bytes as base64'));
const Digits = v.pipe(Text, v.regex(/^-?\d{1,20}$/, 'an integer as decimal digits'));
const Filter = v.pipe(
  v.custom<Record<string, unknown>>(isRecord, 'an object'),
  v.object({
    text: v.optional(
      v.pipe(Text, v.maxLength(MAX_SEARCHED, `a string of at most ${MAX_SEARCHED} characters`)),
    ),
    states: v.optional(v.pipe(v.array(v.picklist(STATES, 'a list of states'), 'a list of states'))),
    parent: v.optional(v.union([Key, v.null()], 'a process or null')),
  }),
);

/** Expressions, messages and names of more characters are of no use to anybody. */
const Line = v.pipe(Text, v.maxLength(MAX_SEARCHED, `a string of at most ${MAX_SEARCHED} characters`));
const PLACES = 'places of variables by their names';
const TERMS = 'a list of terms of breakpoints';
const PATTERNS = 'a list of patterns';
const Store = v.picklist(['local', 'global'], PLACES);
const Offset = v.pipe(v.number(PLACES), v.safeInteger(PLACES));
const Place = v.union(
  [
    v.object({ kind: Store, index: Count, type: v.exactOptional(Count), member: v.exactOptional(Line) }),
    v.object({ kind: v.literal('constant'), value: v.pipe(Line, v.regex(/^-?\d{1,40}$/, PLACES)) }),
    v.object({
      kind: v.literal('memory'),
      base: v.nullable(v.object({ store: Store, index: Count })),
      offset: Offset,
      type: Count,
      member: v.exactOptional(Line),
    }),
    v.object({ kind: v.literal('type'), bytes: Count, type: v.exactOptional(Count) }),
    v.object({ kind: v.literal('unreadable'), why: Line }),
  ],
  PLACES,
);
const TYPES = 'a list of types';
const ObjectClass = v.object({
  id: Count,
  name: Line,
  fields: v.pipe(
    v.array(
      v.object({
        name: Line,
        at: Count,
        type: v.picklist(['i8', 'u8', 'i16', 'u16', 'i32', 'i64', 'f32', 'f64']),
        isNumber: v.exactOptional(Flag),
      }),
    ),
    v.maxLength(MAX_MEMBERS),
  ),
});
const IN_ENTRY = { keyAt: Count, valueAt: Count };
const MapEntries = v.union([
  v.object({ form: v.literal('table'), control: Count, mask: Count, stride: Count, ...IN_ENTRY }),
  v.object({
    ...{ form: v.literal('b-tree'), root: Count, height: Count, count: Count, edges: Count },
    ...{ keyBytes: Count, valueBytes: Count, ...IN_ENTRY },
  }),
  v.object({ form: v.literal('tree'), root: Count, left: Count, right: Count, ...IN_ENTRY }),
  v.object({ form: v.literal('chain'), first: Count, next: Count, ...IN_ENTRY }),
]);
const Type = v.union(
  [
    v.object({
      kind: v.literal('integer'),
      bytes: v.picklist([1, 2, 4, 8, 16]),
      isSigned: Flag,
      isCharacter: v.exactOptional(Flag),
      constants: v.exactOptional(
        v.pipe(
          v.array(v.object({ name: Line, value: v.pipe(Line, v.regex(/^-?\d{1,40}$/)) })),
          v.maxLength(MAX_MEMBERS),
        ),
      ),
    }),
    v.object({ kind: v.literal('float'), bytes: v.picklist([4, 8]) }),
    v.object({ kind: v.literal('boolean') }),
    v.object({ kind: v.literal('character') }),
    v.object({
      kind: v.literal('pointer'),
      to: Count,
      skip: v.exactOptional(Count),
      isReference: v.exactOptional(Flag),
      isOwner: v.exactOptional(Flag),
      isFunction: v.exactOptional(Flag),
    }),
    v.object({ kind: v.literal('array'), of: Count, count: v.exactOptional(Count) }),
    v.object({
      kind: v.literal('list'),
      name: Line,
      start: Count,
      count: Count,
      of: Count,
      isText: Flag,
      characterBytes: v.exactOptional(v.picklist([2, 4])),
      isEnd: v.exactOptional(Flag),
      inside: v.exactOptional(v.object({ at: Count, length: Count })),
      skip: v.exactOptional(Count),
      bytes: v.exactOptional(Count),
    }),
    v.object({
      kind: v.literal('map'),
      name: Line,
      bytes: v.exactOptional(Count),
      ...{ length: Count, key: Count, value: Count },
      entries: MapEntries,
    }),
    v.object({
      kind: v.literal('record'),
      name: Line,
      length: v.exactOptional(Count),
      bytes: v.exactOptional(Count),
      members: v.pipe(v.array(v.object({ name: Line, at: Count, type: Count })), v.maxLength(MAX_MEMBERS)),
      inner: v.exactOptional(v.object({ at: Count, type: Count })),
      title: v.exactOptional(Line),
      process: v.exactOptional(Count),
    }),
    v.object({
      kind: v.literal('enum'),
      name: Line,
      bytes: v.exactOptional(Count),
      tag: v.exactOptional(v.object({ at: Count, bytes: v.picklist([1, 2, 4, 8]) })),
      variants: v.pipe(
        v.array(
          v.object({
            ...{ name: Line, at: Count, type: Count },
            tags: v.exactOptional(v.pipe(v.array(Digits), v.maxLength(MAX_MEMBERS))),
          }),
        ),
        v.maxLength(MAX_MEMBERS),
      ),
    }),
    v.object({
      kind: v.literal('object'),
      classes: v.pipe(v.array(ObjectClass), v.maxLength(MAX_CLASSES)),
      typeInfo: Count,
    }),
  ],
  TYPES,
);
/** Programs may call a variable as something that every object has: `v.record` leaves out `constructor`. */
const Names = v.pipe(
  v.custom<Record<string, unknown>>(isRecord, PLACES),
  v.transform((names) => Object.entries(names)),
  v.array(v.tuple([Line, Place], PLACES), PLACES),
  v.maxLength(MAX_NAMES, `at most ${MAX_NAMES} names`),
  v.transform((entries): Record<string, VariablePlace> => Object.fromEntries(entries)),
);
const Types = v.pipe(v.array(Type, TYPES), v.maxLength(MAX_TYPES, `at most ${MAX_TYPES} types`));
const Data = v.object(
  {
    id: Count,
    process: v.pipe(Text, Key),
    place: v.union(
      [
        v.object({ kind: v.literal('memory'), address: Count, bytes: Count }),
        v.object({ kind: v.literal('global'), index: Count }),
      ],
      'a place in memory, or a global',
    ),
    type: v.exactOptional(Line),
    condition: v.exactOptional(Line),
    hits: v.exactOptional(Line),
  },
  'a list of breakpoints on data',
);
const Terms = v.object(
  {
    id: v.exactOptional(Count),
    condition: v.exactOptional(Line),
    hits: v.exactOptional(Line),
    log: v.exactOptional(Line),
    names: v.exactOptional(Names),
    types: v.exactOptional(Types),
    imported: v.exactOptional(Count),
    isOfLine: v.exactOptional(v.boolean(TERMS)),
  },
  TERMS,
);
const Pattern = v.object(
  { by: v.picklist(['id', 'name', 'entry', 'descent'], 'id, name, entry or descent'), value: Line },
  PATTERNS,
);

const EVENTS = 'a list of breakpoints on events';
const KINDS = [
  'spawn',
  'trap',
  'failed-exit',
  'normal-exit',
  'kill',
  'send',
  'receive',
  'tie',
  'name',
  'mailbox',
  'wait',
] as const satisfies readonly EventKind[];
const EventTerms = v.object(
  {
    id: Count,
    on: v.picklist(KINDS, 'a kind of events'),
    only: v.exactOptional(
      v.pipe(v.array(Pattern, PATTERNS), v.maxLength(MAX_PATTERNS, `at most ${MAX_PATTERNS} patterns`)),
    ),
    condition: v.exactOptional(Line),
  },
  EVENTS,
);

/** Reads the parameters of a request. Whoever has the token may still send nonsense. */
export class Parameters {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: unknown) {
    this.#values = isRecord(values) ? values : {};
  }

  /** @throws ResponseError if it is missing or no string */
  text(name: string): string {
    return this.#take(name, Text);
  }

  /** @throws ResponseError if it cannot be the key of a process */
  process(name: string): ProcessKey {
    return this.#take(name, v.pipe(Text, Key));
  }

  optionalProcess(name: string): ProcessKey | undefined {
    return this.#take(name, v.optional(v.pipe(Text, Key)));
  }

  /** A number from 0. @throws ResponseError */
  count(name: string): number {
    return this.#take(name, Count);
  }

  optionalCount(name: string): number | undefined {
    return this.#take(name, v.optional(Count));
  }

  /** False if it is missing. */
  flag(name: string): boolean {
    return this.#take(name, v.optional(Flag, false));
  }

  /** Bytes as base64. */
  bytes(name: string): Uint8Array {
    return Buffer.from(this.#take(name, Base64), 'base64');
  }

  /** An i64 as decimal digits; 0 if it is missing. */
  tag(name: string): bigint {
    return BigInt.asIntN(64, BigInt(this.#take(name, v.optional(Digits, '0'))));
  }

  /** Milliseconds; null for false, or if it is missing. */
  interval(name: string): number | null {
    const value = this.#values[name];
    return value === undefined || value === false ? null : this.count(name);
  }

  step(name: string): StepKind {
    return this.#take(name, v.picklist(['into', 'over', 'out', 'past'], 'into, over, out or past'));
  }

  /** Offsets in a module. */
  offsets(name: string): number[] {
    return this.#take(
      name,
      v.pipe(
        v.array(Count, 'a list of offsets'),
        v.maxLength(MAX_BREAKPOINTS, `at most ${MAX_BREAKPOINTS} offsets`),
      ),
    );
  }

  /** Pairs of a start and an end; none if it is missing. */
  ranges(name: string): [number, number][] {
    return this.#take(
      name,
      v.optional(v.array(v.tuple([Count, Count], 'a start and an end'), 'a list of ranges'), []),
    );
  }

  /** Those of breakpoints; undefined if it is missing. */
  terms(name: string): readonly BreakpointTerms[] | undefined {
    return this.#take(
      name,
      v.optional(
        v.pipe(v.array(Terms, TERMS), v.maxLength(MAX_BREAKPOINTS, `at most ${MAX_BREAKPOINTS} terms`)),
      ),
    );
  }

  /** A text that is not too long. */
  line(name: string): string {
    return this.#take(name, Line);
  }

  /** What the names in an expression stand for. */
  names(): Pick<BreakpointTerms, 'names' | 'types'> {
    const names = this.#take('names', v.optional(Names, {}));
    return { names, types: this.#take('types', v.optional(Types, [])) };
  }

  /** Types that several expressions share; none if they are missing. */
  types(name: string): readonly ValueType[] {
    return this.#take(name, v.optional(Types, []));
  }

  dataBreakpoints(name: string): readonly DataBreakpoint[] {
    const most = `at most ${MAX_PATTERNS} breakpoints`;
    return this.#take(
      name,
      v.pipe(v.array(Data, 'a list of breakpoints on data'), v.maxLength(MAX_PATTERNS, most)),
    );
  }

  events(name: string): readonly EventBreakpoint[] {
    const most = `at most ${MAX_PATTERNS} breakpoints`;
    return this.#take(name, v.pipe(v.array(EventTerms, EVENTS), v.maxLength(MAX_PATTERNS, most)));
  }

  /** Whether something is wanted of all processes, or patterns of those of which it is; false if it is missing. */
  wanted(name: string): boolean | readonly ProcessPattern[] {
    const value = this.#values[name];
    return Array.isArray(value) ? this.patterns(name) : this.flag(name);
  }

  /** None if it is missing. */
  patterns(name: string): readonly ProcessPattern[] {
    return this.#take(
      name,
      v.optional(
        v.pipe(v.array(Pattern, PATTERNS), v.maxLength(MAX_PATTERNS, `at most ${MAX_PATTERNS} patterns`)),
        [],
      ),
    );
  }

  filter(name: string): ProcessFilter {
    const { text, states, parent } = this.#take(name, v.optional(Filter, {}));
    return {
      ...(text === undefined ? {} : { text }),
      ...(states === undefined ? {} : { states }),
      ...(parent === undefined ? {} : { parent }),
    };
  }

  #take<Value>(name: string, schema: v.GenericSchema<unknown, Value>): Value {
    const result = v.safeParse(schema, this.#values[name], { abortEarly: true });
    if (result.success) return result.output;
    const [{ path, message }] = result.issues;
    // A list is refused as a whole.
    const field = path?.find(({ type }) => type === 'object');
    const whole = field === undefined ? name : `${name}.${field.key}`;
    throw new ResponseError(ErrorCodes.InvalidParams, `"${whole}" must be ${message}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
