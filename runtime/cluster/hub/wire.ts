/**
 * What goes over the WebSocket between a node and the hub. A binary message is one or more frames, one after the other:
 *
 *     length   kind   body
 *     u32      u8     length - 1 bytes
 *
 * Numbers of fixed size are little endian; `varint`, `text` and `bytes` are as `ByteWriter` writes them.
 *
 *     kind      from   body
 *     Relay     both   node u32, environment varint, the rest: the bytes. The hub replaces the receiver by the sender, in place
 *     Alive     both   nothing. Sent by a side that has sent nothing else for `BEAT` ms
 *     Hello     node   first frame: the number to resume, or 0; attributes: count, and a key and a value for each
 *     Welcome   hub    the node's number; the other nodes: count, and a node for each
 *     Joined    hub    a node: number varint, name, attributes
 *     Left      hub    number varint
 *     Busy      hub    number varint: much waits for this node, senders are to wait
 *     Ready     hub    number varint: no longer
 *     Ask       node   request varint, `Ask` u8, environment varint, name, and with what the method of `NameStore` gets further
 *     Answer    hub    request varint, `Status` u8; if done: revision varint, value bytes; if refused: text
 *     Leave     node   nothing. The node leaves
 */
import type { ByteReader } from '../../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../../kernel/codec/byte-writer.ts';
import { LARGEST_FRAME, type NodeId, type NodeInfo } from '../transport.ts';

export const Kind = {
  Relay: 0,
  Alive: 1,
  Hello: 2,
  Welcome: 3,
  Joined: 4,
  Left: 5,
  Busy: 6,
  Ready: 7,
  Ask: 8,
  Answer: 9,
  Leave: 10,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** What a node asks of a name. */
export const Ask = { Get: 0, Create: 1, Update: 2, Remove: 3 } as const;

export const Status = {
  /** There is none, or it has changed. */
  None: 0,
  Done: 1,
  Refused: 2,
} as const;

/** Codes with which the hub closes a WebSocket that is not to be opened again. */
export const CloseCode = {
  /** What came is malformed. */
  Malformed: 4000,
  /** Too much waits for the node. */
  Behind: 4001,
  /** The hub does not have the number that was to be resumed. */
  Unknown: 4002,
  /** The node has not been heard of for too long. */
  Silent: 4003,
  /** There are too many nodes. */
  Full: 4004,
  /** The node has joined once more. */
  Replaced: 4005,
} as const;

/** Where a WebSocket is opened. */
export const HUB_PATH = 'hub';
/** The header that has the name of a node (abi 17.4). */
export const NAME_HEADER = 'x-lunatic-node-name';
/** The type of a module that is asked for as its bytes. */
export const WASM_TYPE = 'application/wasm';

/** Bytes in front of a body. */
export const HEAD = 5;
/** Bytes of the largest WebSocket message: the largest frame with its head, or a batch. */
export const LARGEST_MESSAGE = LARGEST_FRAME + 64;
/** Milliseconds after which a side that has sent nothing says that it is alive. */
export const BEAT = 250;

const MOST_ATTRIBUTES = 64;
/** Characters of all keys and values of a node. */
const LONGEST_ATTRIBUTES = 2 ** 14;
const MOST_NODES = 2 ** 16;

export function writeAttributes(writer: ByteWriter, attributes: Readonly<Record<string, string>>): void {
  const pairs = Object.entries(attributes);
  writer.varint(pairs.length);
  for (const [key, value] of pairs) {
    writer.text(key);
    writer.text(value);
  }
}

/** @throws FormatError */
export function readAttributes(reader: ByteReader): Readonly<Record<string, string>> {
  const pairs: [string, string][] = [];
  for (let left = reader.count(2, MOST_ATTRIBUTES); left > 0; left--)
    pairs.push([reader.text(), reader.text()]);
  return Object.fromEntries(pairs);
}

/** Whether a node may have these attributes. */
export function areAcceptable(attributes: Readonly<Record<string, string>>): boolean {
  const pairs = Object.entries(attributes);
  const length = pairs.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return pairs.length <= MOST_ATTRIBUTES && length <= LONGEST_ATTRIBUTES;
}

export function writeNode(writer: ByteWriter, { id, name, attributes }: NodeInfo): void {
  writer.varint(id);
  writer.text(name);
  writeAttributes(writer, attributes);
}

/** @throws FormatError */
export function readNode(reader: ByteReader): NodeInfo {
  return { id: reader.varint() as NodeId, name: reader.text(), attributes: readAttributes(reader) };
}

export function writeNodes(writer: ByteWriter, nodes: readonly NodeInfo[]): void {
  writer.varint(nodes.length);
  for (const node of nodes) writeNode(writer, node);
}

/** @throws FormatError */
export function readNodes(reader: ByteReader): NodeInfo[] {
  return Array.from({ length: reader.count(3, MOST_NODES) }, () => readNode(reader));
}
