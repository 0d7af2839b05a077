import { dirname } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterClient } from './adapter-client.ts';

/** Columns of what stands in one line. */
const WIDTH = 150;

/** Events that say when something was noticed rather than what has happened, or that come at any time after it. */
const UNTOLD: ReadonlySet<string> = new Set(['lunatic/processesChanged', 'lunatic/trapped', 'thread']);

/** Properties with ids that are given out at the same time, in any order: they are counted anew. */
const IDS: ReadonlySet<string> = new Set(['threadId', 'frameId', 'variablesReference', 'sourceReference']);

/** Properties that say nothing to a reader if they have these values. */
const USUAL: Readonly<Record<string, unknown>> = { variablesReference: 0, sourceReference: 0 };

/**
 * Writes down a session as people read it: requests (`>`) with their responses, and events (`*`). Ids, paths and times are those of
 * no one session, so that two sessions of the same program read alike.
 */
export class Transcript {
  readonly client: AdapterClient;
  readonly #folders: readonly string[];
  readonly #lines: string[] = [];
  readonly #ids = new Map<string, Map<unknown, string>>();
  #eventsTold = 0;

  private constructor(client: AdapterClient, folders: readonly string[]) {
    this.client = client;
    this.#folders = folders;
  }

  /** @param files of which only the names are told, not the folders */
  static async begin(...files: string[]): Promise<Transcript> {
    return new Transcript(await AdapterClient.stdio('vscode'), [
      ...new Set(files.map((file) => dirname(file))),
    ]);
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  /** Writes a word about what follows. */
  say(text: string): void {
    this.#lines.push('', `-- ${text}`, '');
  }

  /** Makes a request, and writes it down with its response. */
  async ask<Body = unknown>(command: string, args: object = {}): Promise<Body> {
    this.#lines.push(`> ${command}${this.#part(args, '  ')}`);
    try {
      const { body } = (await this.client.customRequest(command, args)) as DebugProtocol.Response;
      this.#lines.push(body === undefined ? '  done' : `  =${this.#part(body, '    ')}`);
      return body as Body;
    } catch (error) {
      this.#lines.push(
        `  refused: ${this.#readable(error instanceof Error ? error.message : String(error))}`,
      );
      throw error;
    }
  }

  /** Waits for an event, and writes it down with those that came before. */
  async event<Name extends 'initialized' | 'stopped' | 'output' | 'terminated'>(
    name: Name,
    holds: (event: DebugProtocol.Event) => boolean = () => true,
  ): Promise<DebugProtocol.Event> {
    const isNew = (event: DebugProtocol.Event) => event.event === name && holds(event);
    const wanted = await this.client.until(
      () => this.client.events.slice(this.#eventsTold).find(isNew),
      `the event ${name}`,
    );
    const end = this.client.events.indexOf(wanted) + 1;
    const told = this.client.events
      .slice(this.#eventsTold, end)
      .filter((event) => !UNTOLD.has(event.event) && !isPrinted(event));
    for (const { event, body } of joined(told)) this.#lines.push(`* ${event}${this.#part(body, '  ')}`);
    this.#eventsTold = end;
    return wanted;
  }

  /** Writes down what the program has printed. It comes by a way of its own, earlier or later than other events. */
  printed(): void {
    for (const category of ['stdout', 'stderr']) {
      const printed = this.client.events.filter(({ body }) => body?.category === category);
      const text = printed.map(({ body }) => body.output).join('');
      this.#lines.push(`* ${category}${this.#part(text, '  ')}`);
    }
  }

  /** What stands behind the name of a request or an event. */
  #part(value: unknown, indent: string): string {
    if (value === undefined) return '';
    const short = this.#short(value);
    if (short === '{}') return '';
    if (short.length + indent.length <= WIDTH) return ` ${short}`;
    const inside = (text: string) => `\n${indent}${text}`;
    if (Array.isArray(value))
      return value.map((item) => inside(`-${this.#part(item, `${indent}  `)}`)).join('');
    if (typeof value === 'object' && value !== null)
      return this.#entries(value)
        .map(([name, item]) => inside(`${name}:${this.#part(this.#known(name, item), `${indent}  `)}`))
        .join('');
    return ` ${short}`;
  }

  /** A value in one line. */
  #short(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map((item) => this.#short(item)).join(', ')}]`;
    if (typeof value === 'object' && value !== null) {
      const entries = this.#entries(value).map(
        ([name, item]) => `${name}: ${this.#short(this.#known(name, item))}`,
      );
      return `{${entries.join(', ')}}`;
    }
    if (typeof value !== 'string') return String(value);
    const readable = this.#readable(value);
    return /^[\w./$#:()<>][\w./$#:()<> -]*$/.test(readable) && readable === readable.trim()
      ? readable
      : JSON.stringify(readable);
  }

  #entries(value: object): [string, unknown][] {
    const isFrame = 'moduleId' in value;
    return Object.entries(value)
      .filter(([name, item]) => item !== undefined && USUAL[name] !== item)
      .map(([name, item]) => [name, isFrame && name === 'id' ? this.#known('frameId', item) : item]);
  }

  /** Gives an id its number in the transcript, in the order in which that has them first. */
  #known(name: string, value: unknown): unknown {
    if (!IDS.has(name)) return value;
    const known = this.#ids.get(name) ?? new Map<unknown, string>();
    this.#ids.set(name, known);
    const number = known.get(value) ?? `#${known.size + 1}`;
    known.set(value, number);
    return number;
  }

  #readable(text: string): string {
    let readable = text;
    for (const folder of this.#folders)
      readable = readable.replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER');
    return readable.replace(/(exit code \d+ after) \d+ \w+/, '$1 TIME');
  }
}

/** Whether the program has printed it. */
function isPrinted({ event, body }: DebugProtocol.Event): boolean {
  return event === 'output' && (body.category === 'stdout' || body.category === 'stderr');
}

/** Prints of one program that came in pieces, each as a whole. */
function joined(events: readonly DebugProtocol.Event[]): DebugProtocol.Event[] {
  const found: DebugProtocol.Event[] = [];
  for (const event of events) {
    const last = found.at(-1);
    const isSame = last?.event === 'output' && event.event === 'output';
    const continues = isSame && last.body.category === event.body.category && event.body.line === undefined;
    if (continues)
      found[found.length - 1] = {
        ...last,
        body: { ...last.body, output: last.body.output + event.body.output },
      };
    else found.push(event);
  }
  return found;
}
