import type { HOST_FUNCTIONS } from '../../runtime/internal.ts';
import { BUFFERS, CELL_COUNT, CELLS, END, type Kind, type Piece, PLACES } from './guest-memory.ts';
import type { Code } from './module-writer.ts';
import type { Random } from './random.ts';

export type HostFunction = (typeof HOST_FUNCTIONS)[number];

/** What the texts of a namespace are most often. */
const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  'lunatic::sqlite': ['sql', 'sql', 'sql', 'path', 'bind'],
  'lunatic::process': ['name', 'module', 'params'],
  'lunatic::networking': ['host', 'address', 'pem'],
  'lunatic::permissions': ['rule', 'program'],
  'lunatic::command': ['program', 'path'],
  wasi_snapshot_preview1: ['path'],
};
const NAMED_KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/^params/, 'params'],
  [/^func/, 'name'],
  [/^module_data/, 'module'],
  [/^addr_u8/, 'address'],
  [/^bind_data/, 'bind'],
  [/^path/, 'path'],
  [/^(query|exec)_str/, 'sql'],
  [/^program/, 'program'],
  [/_pem_/, 'pem'],
];

const EXTREME_I32 = [
  0,
  -1,
  1,
  2 ** 31,
  2 ** 31 - 1,
  END,
  END - 1,
  END - 4,
  END - 8,
  END + 1,
  -8,
  0xffff_0000,
  4096,
];
const EXTREME_I64 = [
  0n,
  -1n,
  1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 63n - 1n,
  2n ** 64n - 2n,
  1000n,
];
/** Bytes of a file that a guest may ask the disk to have room for. */
const MOST_ALLOCATED = 2 ** 20;

/** The first descriptor that is a directory. */
const FIRST_DIRECTORY = 3;

/** Writes the arguments of host calls: what is valid, so that calls get far, and what is extreme. */
export class ArgumentWriter {
  readonly #random: Random;
  readonly #pieces: readonly Piece[];
  readonly #port: number;
  /** What the arguments are, for people. */
  #words: string[] = [];
  /** Whether the call should succeed. */
  #valid = false;

  constructor(random: Random, pieces: readonly Piece[], port: number) {
    this.#random = random;
    this.#pieces = pieces;
    this.#port = port;
  }

  /**
   * Writes all arguments of a call, and returns what they are.
   * @param valid whether the call should succeed, so that there is something for later ones to work with
   */
  write(code: Code, fn: HostFunction, valid: boolean): string {
    this.#words = [];
    this.#valid = valid;
    const { params, paramNames } = fn;
    for (let i = 0; i < params.length; i++) {
      const name = paramNames[i] ?? '';
      if (params[i] === 'i64') {
        this.#long(code, name, fn);
      } else if (params[i] !== 'i32') {
        const value = this.#random.pick([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]);
        this.#words.push(`${value}`);
        if (params[i] === 'f64') code.f64(value);
        else code.f64(value).op(0xb6);
      } else if (isLength(paramNames[i + 1]) && !isLength(name)) {
        this.#text(code, name, fn);
        i++;
      } else {
        this.#number(code, this.#integer(name));
      }
    }
    return `${fn.module}::${fn.name}(${this.#words.join(', ')})`;
  }

  #number(code: Code, value: number): void {
    this.#words.push(`${value >>> 0}`);
    code.i32(value | 0);
  }

  /** An address and a length. */
  #text(code: Code, name: string, fn: HostFunction): void {
    const random = this.#random;
    const named = NAMED_KINDS.find(([pattern]) => pattern.test(name))?.[1];
    const kind = named ?? random.pick(KINDS[fn.module] ?? (['name'] as const));
    const fitting = this.#pieces.filter((piece) => piece.kind === kind);
    const isArray = /array|iovs|tag_ptr|nodes|subscriptions/.test(name);
    const piece = random.pick(this.#valid || random.chance(0.85) ? fitting : this.#pieces);
    const way = this.#valid ? 0 : random.below(10);
    if (isArray) {
      this.#number(code, way < 8 ? random.pick(PLACES) : random.pick(EXTREME_I32));
      this.#number(code, way < 7 ? random.below(6) : random.pick(EXTREME_I32));
    } else if (way < 6) {
      this.#number(code, piece.address);
      this.#number(code, piece.length);
    } else if (way < 8) {
      this.#number(code, random.pick([BUFFERS, 0, ...PLACES]));
      this.#number(code, random.pick([0, 1, 8, 64, 4096, 0x7000]));
    } else {
      this.#number(code, random.chance(0.5) ? piece.address : random.pick(EXTREME_I32));
      this.#number(code, random.pick(EXTREME_I32));
    }
  }

  #integer(name: string): number {
    const random = this.#random;
    if (name === 'addr_type' && random.chance(0.9)) return random.pick([4, 4, 4, 6]);
    if (name === 'port' && random.chance(0.8)) return random.pick([this.#port, this.#port, 0]);
    if (/^addr_u8/.test(name) && random.chance(0.8))
      return random.pick(this.#pieces.filter(({ kind }) => kind === 'address')).address;
    if (this.#valid && name === 'fd') return FIRST_DIRECTORY;
    // Mostly a cell for what points to something, and otherwise a descriptor, a flag or the like.
    const pointer = /ptr|stat$|size$|opened|written|read$|used|count|position|time$|resolution|offset$/.test(
      name,
    );
    const way = this.#valid ? 10 : random.below(20);
    if (way < 2) return random.pick(EXTREME_I32);
    if (way < 3) return random.next();
    if (pointer) return way < 17 ? this.#cell() : random.pick(PLACES);
    return way < 16 ? random.below(9) : random.pick([this.#cell(), ...PLACES]);
  }

  #cell(): number {
    return CELLS + this.#random.below(CELL_COUNT) * 8;
  }

  #long(code: Code, name: string, fn: HostFunction): void {
    const random = this.#random;
    const isTime = /timeout|duration|delay|millis/.test(name);
    if (this.#valid) {
      // The own config and module, and all rights.
      const value = isTime ? 5n : /^(config_id|module_id|base|inheriting)$/.test(name) ? -1n : 0n;
      this.#words.push(`${value}`);
      code.i64(value);
      return;
    }
    // What fills the disk is for other tests.
    if (fn.name === 'fd_allocate') {
      const value = random.pick([0, 100, MOST_ALLOCATED, -1]);
      this.#words.push(`${value}`);
      code.i64(BigInt(value));
    } else if (isTime ? random.chance(0.7) : random.chance(0.3)) {
      const value = BigInt(random.below(isTime ? 8 : 4));
      this.#words.push(`${value}`);
      code.i64(value);
    } else if (!isTime && random.chance(0.7)) {
      const cell = this.#cell();
      this.#words.push(`[${cell}]`);
      code.i32(cell).op(0x29, 0, 0);
    } else {
      const value = random.pick(EXTREME_I64);
      this.#words.push(`${value}`);
      code.i64(value);
    }
  }
}

function isLength(name: string | undefined): boolean {
  return name !== undefined && /(_len|^length)$/.test(name);
}
