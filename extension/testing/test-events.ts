/** What `lunatic test --reporter=json` prints, a line an event; docs/testing.md lists them. */

export interface EventFrame {
  readonly function: string | null;
  readonly index: number;
  readonly offset: number;
}

export interface EventLocation {
  readonly file: string;
  /** Lines and columns count from 1. */
  readonly line: number;
  readonly column: number;
}

export interface EventProcess {
  readonly id: number;
  readonly names: readonly string[];
  readonly activity: string;
  readonly messages: number;
  readonly stack: readonly EventFrame[];
}

export interface EventFailure {
  readonly reason: string;
  readonly message: string;
  readonly expected: string | null;
  readonly actual: string | null;
  readonly location: EventLocation | null;
  readonly stack: readonly EventFrame[];
  readonly processes: readonly EventProcess[];
}

export interface FinishedEvent {
  readonly event: 'finished';
  readonly export: string;
  readonly name: string;
  /** What it is called for people. */
  readonly title: string;
  readonly outcome: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly output: string;
  readonly failures: readonly EventFailure[];
}

export type TestReportEvent =
  | { readonly event: 'started' | 'ignored'; readonly export: string }
  | FinishedEvent
  /** The tests of the file could not be run, or not to the end. */
  | { readonly event: 'error'; readonly message: string };

/** An event of a line; null for one that says nothing about a test, or that a later version prints. */
export function parseTestEvent(line: string): TestReportEvent | null {
  if (!line.startsWith('{')) return null;
  const value = new Fields(parseJson(line));
  switch (value.text('event')) {
    case 'started':
      return { event: 'started', export: value.text('export') };
    case 'ignored':
      return { event: 'ignored', export: value.text('export') };
    case 'finished':
      return {
        event: 'finished',
        export: value.text('export'),
        name: value.text('name'),
        title: value.text('title'),
        outcome: value.text('outcome'),
        duration: value.number('duration'),
        output: value.text('output'),
        failures: value.list('failures').map(failureOf),
      };
    case 'error':
      return { event: 'error', message: value.text('message') };
    default:
      return null;
  }
}

function failureOf(fields: Fields): EventFailure {
  return {
    reason: fields.text('reason'),
    message: fields.text('message'),
    expected: fields.textOrNull('expected'),
    actual: fields.textOrNull('actual'),
    location: locationOf(fields.object('location')),
    stack: fields.list('stack').map(frameOf),
    processes: fields.list('processes').map((process) => ({
      id: process.number('id'),
      names: process.texts('names'),
      activity: process.text('activity'),
      messages: process.number('messages'),
      stack: process.list('stack').map(frameOf),
    })),
  };
}

function frameOf(fields: Fields): EventFrame {
  return {
    function: fields.textOrNull('function'),
    index: fields.number('index'),
    offset: fields.number('offset'),
  };
}

function locationOf(fields: Fields | null): EventLocation | null {
  if (fields === null) return null;
  return { file: fields.text('file'), line: fields.number('line'), column: fields.number('column') };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The fields of a value that came from outside: what is missing or of another type is empty. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.#values = typeof value === 'object' && value !== null ? { ...value } : {};
  }

  text(name: string): string {
    return this.textOrNull(name) ?? '';
  }

  textOrNull(name: string): string | null {
    const value = this.#values[name];
    return typeof value === 'string' ? value : null;
  }

  number(name: string): number {
    const value = this.#values[name];
    return typeof value === 'number' ? value : 0;
  }

  texts(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
  }

  object(name: string): Fields | null {
    const value = this.#values[name];
    return typeof value === 'object' && value !== null ? new Fields(value) : null;
  }

  list(name: string): Fields[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map((item) => new Fields(item)) : [];
  }
}
