import { expect } from 'vitest';
import type { DumpedProcess } from '../../runtime/inspect/core-dump/dump-content.ts';

type Value = number | bigint | 'missing';

/** A core dump as the WebAssembly tool conventions describe it, read without any code of the runtime. */
export interface CoreDump {
  readonly program: string;
  readonly modules: readonly string[];
  readonly instances: readonly { module: number; memories: number[]; globals: number[] }[];
  readonly stacks: readonly {
    readonly thread: string;
    readonly frames: readonly {
      readonly instance: number;
      readonly function: number;
      readonly offset: number;
      readonly locals: readonly Value[];
      readonly stack: readonly Value[];
    }[];
  }[];
  readonly memories: readonly { readonly pages: number }[];
  readonly globals: readonly Value[];
  /** Without a memory where it is the first one. */
  readonly data: readonly {
    readonly memory?: number;
    readonly address: number;
    readonly bytes: Uint8Array;
  }[];
  /** What our own section says. */
  readonly process: DumpedProcess;
}

/** Reads strictly what the conventions allow; anything else fails the test. */
export function readCoreDump(bytes: Buffer): CoreDump {
  let at = 0;
  const u8 = () => {
    expect(at).toBeLessThan(bytes.length);
    return bytes.readUInt8(at++);
  };
  const leb = (signed: boolean): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return signed ? BigInt.asIntN(Number(shift) + 7, value) : value;
    }
  };
  const u32 = () => {
    const value = Number(leb(false));
    expect(value).toBeLessThan(2 ** 32);
    return value;
  };
  const name = () => {
    const length = u32();
    at += length;
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(at - length, at));
  };
  const zero = () => expect(u8()).toBe(0);
  /** What stands behind a zero. */
  const behindZero = <Found>(read: () => Found): Found => {
    zero();
    return read();
  };
  const vector = <Item>(read: () => Item): Item[] => Array.from({ length: u32() }, read);
  const number = (type: number): number | bigint => {
    switch (type) {
      case 0x7f:
        return Number(leb(true));
      case 0x7e:
        return leb(true);
      case 0x7d:
        at += 4;
        return bytes.readFloatLE(at - 4);
      case 0x7c:
        at += 8;
        return bytes.readDoubleLE(at - 8);
      default:
        throw new Error(`no type: ${type}`);
    }
  };
  const value = (): Value => {
    const type = u8();
    return type === 0x01 ? 'missing' : number(type);
  };
  const constant = (opcode: number): number | bigint => {
    expect(u8()).toBe(opcode);
    const found = number(0xc0 - opcode);
    expect(u8()).toBe(0x0b);
    return found;
  };
  const sections: Record<string, () => unknown> = {
    core: () => behindZero(name),
    coremodules: () => vector(() => behindZero(name)),
    coreinstances: () =>
      vector(() => behindZero(() => ({ module: u32(), memories: vector(u32), globals: vector(u32) }))),
    corestack: () => {
      zero();
      const thread = name();
      const frames = vector(() => {
        zero();
        return {
          instance: u32(),
          function: u32(),
          offset: u32(),
          locals: vector(value),
          stack: vector(value),
        };
      });
      return { thread, frames };
    },
  };
  const found: Record<string, unknown[]> = {};
  const keep = (key: string, what: unknown) => {
    found[key] ??= [];
    found[key].push(what);
  };
  expect(bytes.subarray(0, 8).toString('hex')).toBe('0061736d01000000');
  at = 8;
  while (at < bytes.length) {
    const id = u8();
    const size = u32();
    const end = at + size;
    if (id === 0) {
      const title = name();
      const read = sections[title];
      if (read !== undefined) keep(title, read());
      else {
        expect(u8()).toBe(1);
        keep(title, bytes.subarray(at, end));
        at = end;
      }
    } else if (id === 5) {
      keep(
        'memories',
        vector(() => behindZero(() => ({ pages: u32() }))),
      );
    } else if (id === 6) {
      keep(
        'globals',
        vector(() => {
          const type = u8();
          expect(u8()).toBe(0);
          return constant(0xc0 - type);
        }),
      );
    } else {
      expect(id).toBe(11);
      keep(
        'data',
        vector(() => {
          const kind = u8();
          expect([0, 2]).toContain(kind);
          const memory = kind === 2 ? { memory: u32() } : {};
          const address = Number(constant(0x41)) >>> 0;
          const length = u32();
          at += length;
          return { ...memory, address, bytes: bytes.subarray(at - length, at) };
        }),
      );
    }
    expect(at).toBe(end);
  }
  const once = (key: string) => {
    expect(found[key], key).toHaveLength(1);
    return found[key]?.[0];
  };
  const dump: unknown = {
    program: once('core'),
    modules: once('coremodules'),
    instances: once('coreinstances'),
    stacks: found['corestack'] ?? [],
    memories: once('memories'),
    globals: found['globals']?.[0] ?? [],
    data: once('data'),
    process: JSON.parse(String(once('lunatic.process'))),
  };
  return dump as CoreDump;
}
