import { ResponseError } from 'vscode-jsonrpc/node';
import { InspectionError } from '../inspect/inspection-error.ts';
import type { Modules } from '../inspect/modules.ts';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { bytesOf } from './requests.ts';

/** Requests by which the first scheduler inspects the others: their kinds. */
export const InspectRequest = {
  /** A client has come: number of its session. */
  Open: 'inspect open',
  /** It has gone: the same. */
  Close: 'inspect close',
  /** It asks for something: see `Asked`. Answered with a result or an error as JSON. */
  Ask: 'inspect ask',
  /** To the first scheduler: a notification for a client. Answered as soon as that has room for more. */
  Tell: 'inspect tell',
  /** Keys of processes, as JSON. Answered with those of which there is no process. */
  Missing: 'inspect missing',
  /** Whether what comes from other schedulers stands still: 1 or 0. Answered, if 0, when all has come that was on its way before. */
  Still: 'inspect still',
  /** Answered when all has come that was sent before. Every scheduler may ask any other. */
  Arrived: 'inspect arrived',
  /** Whether somebody looks at a process that stands still there: answered with 1 or 0. */
  LookedAt: 'inspect looked at',
  /** Clients are to be told what is kept back. */
  Flush: 'inspect flush',
  /** To the first scheduler: a program has come to another one, which may want its names. */
  Opened: 'inspect opened',
  /** Names that have changed: see `NameMirror`. */
  Names: 'inspect names',
} as const;

/** A request of a client for another scheduler, or a notification for a client. Modules are named by their digests. */
export interface InspectMessage {
  readonly session: number;
  readonly name: string;
  readonly values: unknown;
}

const MODULE = 'module';
const DIGEST = /^[0-9a-f]{64}$/;

/** Text of values in which modules are named by keys of this scheduler. */
export function textOf(values: unknown, modules: Modules): string {
  return JSON.stringify(values, (name, value: unknown) =>
    name === MODULE && typeof value === 'string' ? (modules.digestOf(value) ?? value) : value,
  );
}

/** Values of a text in which modules are named by digests. */
export function valuesOf(text: string, modules: Modules): unknown {
  return JSON.parse(text, (name, value: unknown) =>
    name === MODULE && typeof value === 'string' && DIGEST.test(value) ? modules.keyOfDigest(value) : value,
  );
}

export function encodeMessage({ session, name, values }: InspectMessage, modules: Modules): Uint8Array {
  return bytesOf((writer) => {
    writer.varint(session);
    writer.text(name);
    writer.text(textOf(values ?? null, modules));
  });
}

export function decodeMessage(body: Uint8Array, modules: Modules): InspectMessage {
  const reader = new ByteReader(body, 'a message of the inspection protocol');
  return { session: reader.varint(), name: reader.text(), values: valuesOf(reader.text(), modules) };
}

const REFUSED = 0;
const MALFORMED = 1;
const FAILED = 2;
const ANSWERED = 3;

/** What is answered to `Ask`. */
export async function encodeAnswer(answer: () => unknown, modules: Modules): Promise<Uint8Array> {
  try {
    const text = textOf((await answer()) ?? null, modules);
    return bytesOf((writer) => {
      writer.u8(ANSWERED);
      writer.text(text);
    });
  } catch (error) {
    const kind =
      error instanceof InspectionError ? REFUSED : error instanceof ResponseError ? MALFORMED : FAILED;
    const code = error instanceof InspectionError || error instanceof ResponseError ? error.code : 0;
    return bytesOf((writer) => {
      writer.u8(kind);
      writer.text(JSON.stringify([code, error instanceof Error ? error.message : String(error)]));
    });
  }
}

/** @throws the error that was answered */
export function decodeAnswer(body: Uint8Array, modules: Modules): unknown {
  const reader = new ByteReader(body, 'an answer of the inspection protocol');
  const kind = reader.u8();
  const text = reader.text();
  if (kind === ANSWERED) return valuesOf(text, modules);
  const [code, message] = JSON.parse(text) as [number, string];
  if (kind === REFUSED) throw new InspectionError(code, message);
  throw kind === MALFORMED ? new ResponseError(code, message) : new Error(message);
}
