import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { decodeConfig, encodeConfig } from '../kernel/codec/config-codec.ts';
import { readEntry, writeEntry } from '../kernel/codec/entry-codec.ts';
import type { Entry } from '../kernel/entry.ts';
import type { ProcessId } from '../kernel/ids.ts';
import type { ProcessConfig } from '../permissions/config.ts';

/**
 * What nodes say to each other. A conversation is about one environment, so no frame names that.
 *
 * | frame   | content                                                                                                     |
 * | ------- | ----------------------------------------------------------------------------------------------------------- |
 * | signal  | process of the receiver: varint, signal: see `SignalCodec`; messages carry bytes alone                      |
 * | spawn   | number: varint, module: u64, config: bytes, see `encodeConfig`, entry: see `writeEntry`                     |
 * | spawned | number of what it answers: varint, process: varint                                                          |
 * | refused | number of what it answers: varint, 1 for an unknown module or else 0, why: text                             |
 * | exists  | number: varint, process: varint                                                                             |
 * | exists? | number of what it answers: varint, 1 or 0                                                                   |
 */
export const Frame = { Signal: 0, Spawn: 1, Spawned: 2, Refused: 3, Asks: 4, Exists: 5 } as const;

/** Characters of the reason why something is refused. */
const LONGEST_REASON = 4096;

/** What another node is to spawn. */
export interface SpawnFrame {
  readonly number: number;
  readonly module: bigint;
  readonly config: ProcessConfig;
  readonly entry: Entry;
}

export function writeSpawn(writer: ByteWriter, { number, module, config, entry }: SpawnFrame): void {
  writer.varint(number);
  writer.u32(Number(BigInt.asUintN(32, module)));
  writer.u32(Number(BigInt.asUintN(32, module >> 32n)));
  writer.bytes(encodeConfig(config));
  writeEntry(writer, entry);
}

/** @throws FormatError */
export function readSpawn(reader: ByteReader): SpawnFrame {
  const number = reader.varint();
  const low = BigInt(reader.u32());
  const module = (BigInt(reader.u32()) << 32n) | low;
  const config = decodeConfig(reader.bytes().slice());
  const entry = readEntry(reader);
  reader.end();
  return { number, module, config, entry };
}

/** What another node answers. */
export type Answer =
  | { readonly kind: 'spawned'; readonly process: ProcessId }
  | { readonly kind: 'refused'; readonly isUnknownModule: boolean; readonly reason: string }
  | { readonly kind: 'exists'; readonly exists: boolean };

export function frameOf({ kind }: Answer): number {
  return { spawned: Frame.Spawned, refused: Frame.Refused, exists: Frame.Exists }[kind];
}

export function writeAnswer(writer: ByteWriter, number: number, answer: Answer): void {
  writer.varint(number);
  switch (answer.kind) {
    case 'spawned':
      writer.varint(answer.process);
      break;
    case 'refused':
      writer.u8(answer.isUnknownModule ? 1 : 0);
      writer.text(answer.reason.slice(0, LONGEST_REASON));
      break;
    case 'exists':
      writer.u8(answer.exists ? 1 : 0);
      break;
  }
}

/** @throws FormatError */
export function readAnswer(kind: number, reader: ByteReader): { number: number; answer: Answer } {
  const number = reader.varint();
  const answer = answerOf(kind, reader);
  reader.end();
  return { number, answer };
}

function answerOf(kind: number, reader: ByteReader): Answer {
  switch (kind) {
    case Frame.Spawned:
      return { kind: 'spawned', process: reader.varint() as ProcessId };
    case Frame.Refused:
      return { kind: 'refused', isUnknownModule: reader.flags(1) === 1, reason: reader.text() };
    case Frame.Exists:
      return { kind: 'exists', exists: reader.flags(1) === 1 };
    default:
      throw reader.error('kind', `unknown kind of frame ${kind}`);
  }
}
