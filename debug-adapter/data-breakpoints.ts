import { BreakpointEvent, OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  type DataBreakpoint,
  type DataChange,
  keyFromText,
  type ProcessKey,
  type StackFrame,
} from '../runtime/inspect/protocol.ts';
import { type Inspected, quoted, type TypeId } from '../runtime/internal.ts';
import { faultIn, type WantedTerms } from './breakpoint-terms.ts';
import type { Calls } from './calls.ts';
import type { SourceFrame } from './values/frames.ts';
import { type ValueKind, valueText } from './wasm-values.ts';

/** The most characters of a text that are shown. */
const MOST_TEXT = 100;

/** The most characters of a type that the runtime is told. */
const MOST_TYPE = 100;

/** Something that a breakpoint can be on. */
export interface DataPlace {
  readonly process: ProcessKey;
  readonly place: DataBreakpoint['place'];
  /** How its value is displayed: `i32`, `u8`, `f64`; any other as bytes. */
  readonly type: string;
  readonly name: string;
}

/** A change as the client is told of it, and where the line is that has made it. Lines and columns count from 0. */
export interface ChangeText {
  readonly text: string;
  readonly source?: DebugProtocol.Source;
  readonly line?: number;
}

/** The breakpoints that a client has set on data. */
export class DataBreakpoints {
  readonly #client: Inspected;
  readonly #calls: Calls;
  readonly #takeId: () => number;
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #frameOf: (process: ProcessKey) => Promise<SourceFrame | null>;
  /** By the texts that name places: the types in the source of what is there. */
  readonly #types = new Map<string, TypeId>();
  #known = new Map<string, number>();
  #places = new Map<number, DataPlace>();

  /**
   * @param takeId gives a breakpoint its number
   * @param frameOf the innermost call of a process that stands still; null if nothing is known of its variables
   */
  constructor(
    client: Inspected,
    calls: Calls,
    takeId: () => number,
    send: (event: DebugProtocol.Event) => void,
    frameOf: (process: ProcessKey) => Promise<SourceFrame | null>,
  ) {
    this.#frameOf = frameOf;
    this.#send = send;
    this.#client = client;
    this.#calls = calls;
    this.#takeId = takeId;
  }

  /** Keeps the type of what is at a place: values there are displayed as those of variables are. */
  know(place: DataPlace, type: TypeId): void {
    this.#types.set(dataIdOf(place), type);
  }

  /** Sets breakpoints in place of all those on data. */
  async set(
    wanted: readonly { readonly dataId: string; readonly terms: WantedTerms }[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    const known = new Map<string, number>();
    const places = new Map<number, DataPlace>();
    const found = wanted.map(({ dataId, terms }) => {
      const key = JSON.stringify([dataId, terms]);
      const id = this.#known.get(key) ?? this.#takeId();
      const place = readDataId(dataId);
      const fault = place === null ? 'There is no such data' : faultIn(terms);
      if (place !== null && fault === null) {
        known.set(key, id);
        places.set(id, place);
      }
      return { id, place, fault, terms };
    });
    const valid = found.flatMap(({ id, place, fault, terms: { condition, hits } }): DataBreakpoint[] => {
      if (place === null || fault !== null) return [];
      return [
        {
          id,
          process: place.process,
          place: place.place,
          // The name of a structure may be long, and says nothing of what is in it.
          ...(place.type.length > MOST_TYPE ? {} : { type: place.type }),
          ...(condition === undefined ? {} : { condition }),
          ...(hits === undefined ? {} : { hits }),
        },
      ];
    });
    const { problems } = await this.#client.request('process/data-breakpoints', { breakpoints: valid });
    this.#known = known;
    this.#places = places;
    return found.map(({ id, fault }): DebugProtocol.Breakpoint => {
      const at = valid.findIndex((breakpoint) => breakpoint.id === id);
      const message = fault ?? problems[at] ?? null;
      return message === null ? { id, verified: true } : { id, verified: false, message, reason: 'failed' };
    });
  }

  /** Called when the condition of a breakpoint could not be evaluated; it may be one that is not on data. */
  failed(id: number, problem: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#send(new OutputEvent(`Processes always stop at changes of ${place.name}: ${problem}\n`, 'console'));
    this.#send(new BreakpointEvent('changed', { id, verified: true, message: problem } as never));
  }

  /**
   * Says what has changed, and which line has done it; where that is one of a library, the line of the author's that has called it.
   * @param stack of the process as it has stopped
   */
  async describe(
    { breakpoint, before, after, store }: DataChange,
    stack: readonly StackFrame[],
  ): Promise<ChangeText> {
    const place = this.#places.get(breakpoint);
    const from = await this.#text(place, before);
    const what = `${place?.name ?? 'data'} changed from ${from} to ${await this.#text(place, after)}`;
    if (store === undefined) return { text: what };
    const [own, ...others] = await this.#calls.of([store]);
    if (own === undefined) return { text: what };
    let call = own;
    if (await this.#calls.isForeign(own)) {
      for (const caller of [...others, ...(await this.#calls.of(stack))]) {
        if (await this.#calls.isForeign(caller)) continue;
        call = caller;
        break;
      }
    }
    const { functionName, source, line } = await this.#calls.locate(call);
    return { text: `${what} in ${functionName}, ${source.name}:${line + 1}`, source, line };
  }

  /** The value that some bytes at a place are. */
  async #text(place: DataPlace | undefined, data: string): Promise<string> {
    const type = place === undefined ? undefined : this.#types.get(dataIdOf(place));
    const frame = place === undefined || type === undefined ? null : await this.#frameOf(place.process);
    if (type === undefined || frame === null) return dataText(place?.type ?? '', data);
    const bytes = new Uint8Array(Buffer.from(data, 'base64'));
    return await frame.shower.text({ type, place: { kind: 'value', bytes }, offset: 0 }, 0);
  }
}

/** The text by which a client names a place, and which it gives back. */
export function dataIdOf({ process, place, type, name }: DataPlace): string {
  const where = place.kind === 'global' ? `global ${place.index}` : `memory ${place.address} ${place.bytes}`;
  return `${process} ${where} ${type} ${name}`;
}

function readDataId(dataId: string): DataPlace | null {
  const [, process, index, address, bytes, type = '', name = ''] =
    /^(\d+:\d+) (?:global (\d{1,9})|memory (\d{1,10}) (\d{1,9})) (\S*) (.*)$/s.exec(dataId) ?? [];
  if (process === undefined) return null;
  const place: DataBreakpoint['place'] =
    index === undefined
      ? { kind: 'memory', address: Number(address), bytes: Number(bytes) }
      : { kind: 'global', index: Number(index) };
  return { process: keyFromText(process), place, type, name };
}

/** The value that some bytes are. */
function dataText(type: string, data: string): string {
  const bytes = Buffer.from(data, 'base64');
  const text = /^\[i8;\d+\]$/.test(type) ? textOf(bytes) : null;
  if (text !== null) return text;
  const [, kind, digits] = /^([iuf])(\d+)$/.exec(type) ?? [];
  const bits = Number(digits);
  if (bits !== 8 * bytes.length || bits > 64) {
    if (type === 'bool' && bytes.length === 1) return String(bytes[0] !== 0);
    if (type.startsWith('*') && bytes.length === 4) return `0x${bytes.readUInt32LE().toString(16)}`;
    return bytes.length > 16 ? `${bytes.toString('hex', 0, 16)}…` : bytes.toString('hex');
  }
  if (kind === 'f' || bits === 64) {
    if (kind === 'u') return String(bytes.readBigUInt64LE());
    const wasm: ValueKind = kind === 'f' ? (bits === 32 ? 'f32' : 'f64') : 'i64';
    return valueText(wasm, data);
  }
  return String(kind === 'u' ? bytes.readUIntLE(0, bytes.length) : bytes.readIntLE(0, bytes.length));
}

/** The text in an array of characters, up to its zero; null if it is none, but other numbers. */
function textOf(bytes: Buffer): string | null {
  const end = bytes.indexOf(0);
  const text = bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
  if (/[^\P{C}\t\n\r]|\ufffd/u.test(text)) return null;
  return text.length > MOST_TEXT ? `${quoted(text.slice(0, MOST_TEXT))}…` : quoted(text);
}
