import { EXTENSION_FUNCTIONS, LUNATIC_FUNCTIONS, WASI_FUNCTIONS } from './contract.ts';
import { HELPERS } from './guest-helpers.ts';

/** Where texts and blobs begin; below, a guest has the memory for itself, except for the helpers' page end. */
const DATA_START = 0x1_0000;
const PAGE = 0x1_0000;

export interface GuestOptions {
  /** Binary data for `(blob "name")`. */
  readonly blobs?: Readonly<Record<string, Uint8Array>>;
  /** The memory's text, in place of one that is exported and just large enough. */
  readonly memory?: string;
  /** Text of further imports: of functions that are not in the contract. */
  readonly imports?: string;
}

/** Functions of the contract by the name a guest's text calls them: `$process.spawn`, `$fd_write`. */
const IMPORTS = new Map(
  [...LUNATIC_FUNCTIONS, ...EXTENSION_FUNCTIONS, ...WASI_FUNCTIONS].map((fn) => {
    const namespace = /^lunatic::(.*)$/.exec(fn.module)?.[1];
    return [namespace === undefined ? `$${fn.name}` : `$${namespace}.${fn.name}`, fn];
  }),
);

/**
 * A module's text from its functions. It adds
 *  - the imports that are called: `$message.send` for `lunatic::message` `send`, `$fd_write` for WASI's,
 *  - the helper functions that are called (`guest-helpers.ts`),
 *  - a memory: addresses below 0xff00 are free to use,
 *  - the bytes of `(text "...")` and `(blob "name")`, which stand for an address and a length.
 */
export function guest(
  functions: string,
  { blobs = {}, memory, imports: further = '' }: GuestOptions = {},
): string {
  const helpers = new Set<string>();
  const imports = new Set<string>();
  const collect = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/\(call (\$[\w.]+)/g)) {
      if (functions.includes(`(func ${name} `)) continue;
      if (IMPORTS.has(name)) imports.add(name);
      const helper = HELPERS[name];
      if (helper === undefined || helpers.has(name)) continue;
      helpers.add(name);
      collect(helper);
    }
  };
  collect(functions);

  const data: string[] = [];
  const places = new Map<string, string>();
  let end = DATA_START;
  const place = (key: string, literal: string, length: number): string => {
    let operands = places.get(key);
    if (operands === undefined) {
      operands = `(i32.const ${end}) (i32.const ${length})`;
      places.set(key, operands);
      data.push(`(data (i32.const ${end}) "${literal}")`);
      end += length;
    }
    return operands;
  };
  const code = [functions, ...[...helpers].map((name) => HELPERS[name])]
    .join('\n')
    .replace(/\((text|blob) "([^"]*)"\)/g, (_, kind: string, name: string) => {
      if (kind === 'text') return place(`text ${name}`, name, literalLength(name));
      const bytes = blobs[name];
      if (bytes === undefined) throw new Error(`the test gives no blob "${name}"`);
      return place(`blob ${name}`, escapeBytes(bytes), bytes.length);
    });

  return `(module
    ${[...imports].map(importText).join('\n    ')}
    ${further}
    ${memory ?? `(memory (export "memory") ${Math.ceil(end / PAGE)})`}
    ${data.join('\n    ')}
    ${code})`;
}

/** A module whose `_start` has this body. */
export function main(body: string, options?: GuestOptions): string {
  return guest(`(func (export "_start") ${body})`, options);
}

function importText(name: string): string {
  const fn = IMPORTS.get(name);
  if (fn === undefined) throw new Error(`no host function ${name}`);
  const params = fn.params.length === 0 ? '' : ` (param ${fn.params.join(' ')})`;
  const results = fn.results.length === 0 ? '' : ` (result ${fn.results.join(' ')})`;
  return `(import "${fn.module}" "${fn.name}" (func ${name}${params}${results}))`;
}

/** Bytes that a string of WebAssembly text stands for. */
function literalLength(literal: string): number {
  return Buffer.byteLength(literal.replace(/\\([0-9a-f]{2}|.)/gi, '.'));
}

/** Bytes as a string of WebAssembly text. */
export function escapeBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}
