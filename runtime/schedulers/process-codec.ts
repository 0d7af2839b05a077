import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { decodeConfig, encodeConfig } from '../kernel/codec/config-codec.ts';
import { readEntry, writeEntry } from '../kernel/codec/entry-codec.ts';
import type { SignalCodec } from '../kernel/codec/signal-codec.ts';
import type { Entry } from '../kernel/entry.ts';
import type { EnvironmentId, ProcessId } from '../kernel/ids.ts';
import type { Message } from '../kernel/message.ts';
import type { Process } from '../kernel/process.ts';
import type { Tag } from '../kernel/tag.ts';
import type { Where } from '../kernel/where.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import { ANY_NETWORK } from '../permissions/network-permission.ts';

/** A process that has not begun, on its way to another scheduler. */
export interface Traveller {
  /** The number of its program, and of that as guests see it. */
  readonly key: number;
  readonly environment: EnvironmentId;
  readonly id: ProcessId;
  readonly parent: ProcessId | null;
  readonly config: ProcessConfig;
  readonly module: string;
  readonly entry: Entry;
  readonly diesWhenLinkDies: boolean;
  readonly where: Where;
  readonly childrenWhere: Where;
  /** Whether somebody has paused it. */
  readonly isPaused: boolean;
  readonly links: readonly (readonly [ProcessId, Tag])[];
  readonly monitors: readonly ProcessId[];
  readonly messages: readonly Message[];
}

/** Configs that are on their way again and again, as bytes. They are not changed once a process has them. */
const encoded = new WeakMap<ProcessConfig, Uint8Array>();

function bytesOf(config: ProcessConfig): Uint8Array {
  const known = encoded.get(config);
  // What a name stands for may be learned at any time, and goes along.
  if (known !== undefined && config.network === ANY_NETWORK) return known;
  const bytes = encodeConfig(config);
  encoded.set(config, bytes);
  return bytes;
}

/** What of a traveller the process itself does not tell. */
export interface Passport {
  readonly key: number;
  readonly module: string;
}

/** Writes a process, and takes its messages out of its mailbox. */
export function writeProcess(
  writer: ByteWriter,
  process: Process,
  { key, module }: Passport,
  codec: SignalCodec,
): void {
  const { id, parent, environment, config, entry, dieWhenLinkDies, links, monitors } = process;
  const { where, childrenWhere, paused } = process;
  writer.varint(key);
  writer.varint(environment.id);
  writer.varint(id);
  writer.varint(parent ?? 0);
  writer.bytes(bytesOf(config));
  writer.text(module);
  writeEntry(writer, entry);
  writer.u8(dieWhenLinkDies ? 1 : 0);
  writer.u8(where);
  writer.u8(childrenWhere);
  writer.u8(paused ? 1 : 0);
  writer.varint(links?.size ?? 0);
  for (const [peer, tag] of links ?? []) {
    writer.varint(peer);
    writer.tag(tag);
  }
  writer.varint(monitors?.size ?? 0);
  for (const peer of monitors ?? []) writer.varint(peer);
  writer.varint(process.hasMessages ? process.mailbox.length : 0);
  for (let message = process.takeMessage(null, 1); message !== null; message = process.takeMessage(null, 1)) {
    const at = writer.u32();
    codec.writeMessage(writer, message);
    writer.setU32(at, writer.length - at - 4);
  }
}

/** @throws FormatError */
export function readProcess(reader: ByteReader, codec: SignalCodec, configs: Configs): Traveller {
  const key = reader.varint();
  const environment = reader.varint() as EnvironmentId;
  const id = reader.varint() as ProcessId;
  const parent = reader.varint() as ProcessId;
  const config = configs.read(reader.bytes());
  const module = reader.text();
  const entry = readEntry(reader);
  const diesWhenLinkDies = reader.u8() === 1;
  const where = reader.u8() as Where;
  const childrenWhere = reader.u8() as Where;
  const isPaused = reader.u8() === 1;
  const links = times(reader, () => [reader.varint() as ProcessId, reader.tag()] as const);
  const monitors = times(reader, () => reader.varint() as ProcessId);
  const messages = times(reader, () => {
    const signal = codec.read(reader.part(reader.u32()));
    if (signal.kind !== 'message') throw reader.error('kind', `a ${signal.kind} in a mailbox`);
    return signal.message;
  });
  return {
    key,
    environment,
    id,
    parent: parent === 0 ? null : parent,
    config,
    module,
    entry,
    diesWhenLinkDies,
    where,
    childrenWhere,
    isPaused,
    links,
    monitors,
    messages,
  };
}

/** Makes configs of bytes. Processes whose configs are alike share one, and its open directories. */
export class Configs {
  #last: { readonly bytes: Uint8Array; readonly config: ProcessConfig } | null = null;

  read(bytes: Uint8Array): ProcessConfig {
    if (this.#last !== null && Buffer.compare(this.#last.bytes, bytes) === 0) return this.#last.config;
    const copy = bytes.slice();
    const config = decodeConfig(copy);
    this.#last = { bytes: copy, config };
    return config;
  }
}

function times<T>(reader: ByteReader, read: () => T): T[] {
  return Array.from({ length: reader.count(1) }, read);
}
