import type { HOST_FUNCTIONS } from '../../runtime/internal.ts';
import {
  BUFFERS,
  CELL_COUNT,
  CELLS,
  END,
  type Kind,
  type Piece,
  PLACES,
  TAGS,
  TRUSTED,
  VECTORS,
} from './guest-memory.ts';
import type { Code } from './module-writer.ts';
import type { Random } from './random.ts';

export type HostFunction = (typeof HOST_FUNCTIONS)[number];

/** What a call is to be: one that succeeds, the same with one argument that is extreme, or anything. */
export type Manner = 'valid' | 'spoilt' | 'wild';

/** What a text is meant for, by the function and the parameter. */
const KINDS: readonly (readonly [fn: RegExp, parameter: RegExp, kind: Kind])[] = [
  [/./, /^params/, 'params'],
  [/./, /^func/, 'name'],
  [/./, /^module_data/, 'module'],
  [/./, /^addr_u8/, 'address'],
  [/::tls_connect$/, /^addr_str/, 'server'],
  [/::networking::/, /^name_str/, 'host'],
  [/./, /^bind_data/, 'bind'],
  [/::sqlite::open$/, /./, 'database'],
  [/./, /^(query|exec)_str/, 'sql'],
  [/_(allow|deny)_host$/, /^rule/, 'namespace'],
  [/_listen$/, /^rule/, 'listener'],
  [/./, /^rule/, 'rule'],
  [/_command_env$|add_environment_variable$/, /^(name|key)/, 'variable'],
  [/./, /^program/, 'program'],
  [/_pem_|certificates/, /./, 'pem'],
  [/preopen_dir|set_directory/, /./, 'path'],
  [/^wasi/, /./, 'path'],
];
/** The first pieces of a kind are those that are accepted where they are meant for. */
const ACCEPTED = 2;

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
const EXTREME_FLOATS = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300];
/** Bytes of a file that a guest may ask the disk to have room for: what fills the disk is for other tests. */
const ALLOCATED = [0n, 100n, 2n ** 20n, -1n];

/** What is usual for parameters that are no pointers, by name. */
const USUAL: readonly (readonly [parameter: RegExp, values: readonly number[]])[] = [
  [/^fd$|^(old|new)_fd$/, [3, 3, 4, 5, 6]],
  [/^addr_type$/, [4]],
  [/^mode$/, [2, 2, 3, 1, 0]],
  [/^stream$/, [0, 1]],
  [/^(oflags|dirflags|whence)$/, [0, 1]],
  [/^(can|trap|broadcast)$/, [0, 1]],
  [/^ttl$/, [7]],
  [/^signal$/, [0, 15]],
];
const POINTER =
  /ptr|stat$|size$|opened|written|read$|used|^count$|position|^time$|resolution|out_flags|received|sent/;

/** Servers of the fuzzer, by the port at which they answer. */
export interface Servers {
  readonly plain: number;
  readonly tls: number;
}

/** Writes the arguments of host calls: what is valid, so that calls get far, and what is extreme. */
export class ArgumentWriter {
  readonly #random: Random;
  readonly #pieces: readonly Piece[];
  readonly #servers: Servers;
  /** What the arguments are, for people. */
  #words: string[] = [];

  constructor(random: Random, pieces: readonly Piece[], servers: Servers) {
    this.#random = random;
    this.#pieces = pieces;
    this.#servers = servers;
  }

  /** Writes all arguments of a call, and returns what they are. */
  write(code: Code, fn: HostFunction, manner: Manner): string {
    this.#words = [];
    const { params, paramNames } = fn;
    const spoilt = manner === 'spoilt' && params.length > 0 ? this.#random.below(params.length) : -1;
    for (let i = 0; i < params.length; i++) {
      const name = paramNames[i] ?? '';
      const isText = isLength(paramNames[i + 1]) && !isLength(name) && params[i] === 'i32';
      const isValid = manner !== 'wild' && i !== spoilt && !(isText && i + 1 === spoilt);
      if (isText) {
        const [address, length] = isValid ? this.#validText(name, fn) : this.#wildText(name, fn);
        this.#number(code, address);
        this.#number(code, length);
        i++;
      } else if (params[i] === 'i64') {
        this.#long(code, isValid ? this.#validLong(name, fn) : this.#wildLong(name, fn));
      } else if (params[i] === 'i32') {
        this.#number(code, isValid ? this.#validInteger(name, fn) : this.#wildInteger(name));
      } else {
        const value = this.#random.pick(EXTREME_FLOATS);
        this.#words.push(`${value}`);
        code.f64(value);
        if (params[i] === 'f32') code.op(0xb6);
      }
    }
    return `${fn.module}::${fn.name}(${this.#words.join(', ')})`;
  }

  #number(code: Code, value: number): void {
    this.#words.push(`${value >>> 0}`);
    code.i32(value | 0);
  }

  /** A number, or what the cell at an address has. */
  #long(code: Code, value: bigint | { readonly cell: number }): void {
    if (typeof value === 'bigint') {
      this.#words.push(`${value}`);
      code.i64(value);
    } else {
      this.#words.push(`[${value.cell}]`);
      code.i32(value.cell).op(0x29, 0, 0);
    }
  }

  #ofKind(kind: Kind): readonly Piece[] {
    return this.#pieces.filter((piece) => piece.kind === kind);
  }

  #kindOf(name: string, fn: HostFunction): Kind {
    const path = `${fn.module}::${fn.name}`;
    return KINDS.find(([ofFn, ofName]) => ofFn.test(path) && ofName.test(name))?.[2] ?? 'name';
  }

  // -- texts, which are an address and a length -----------------------------------------------------------

  #validText(name: string, fn: HostFunction): [address: number, length: number] {
    const random = this.#random;
    if (/^(certs|keys)_array/.test(name)) {
      // An authority is trusted in a list of one; what a server shows and its key are texts.
      const [certificate, key] = this.#ofKind('pem');
      const text = name.startsWith('certs') ? certificate : key;
      return fn.name === 'tls_bind' && text !== undefined ? [text.address, text.length] : [TRUSTED, 1];
    }
    if (/array|iovs/.test(name)) return [VECTORS, random.between(1, 4)];
    if (/^tag_ptr/.test(name)) return [TAGS, random.below(4)];
    if (/^(buf|buffer|data)(_ptr)?$/.test(name)) return [BUFFERS, random.pick([1, 64, 4096])];
    const { address, length } = random.pick(this.#ofKind(this.#kindOf(name, fn)).slice(0, ACCEPTED));
    return [address, length];
  }

  #wildText(name: string, fn: HostFunction): [address: number, length: number] {
    const random = this.#random;
    const all = random.chance(0.85) ? this.#ofKind(this.#kindOf(name, fn)) : this.#pieces;
    const { address, length } = random.pick(all);
    const way = random.below(10);
    if (way < 4) return [address, length];
    if (way < 6) return [random.pick([BUFFERS, 0, ...PLACES]), random.pick([0, 1, 8, 64, 4096, 0x7000])];
    if (way < 8) return [random.pick(PLACES), random.below(6)];
    return [random.chance(0.5) ? address : random.pick(EXTREME_I32), random.pick(EXTREME_I32)];
  }

  // -- numbers --------------------------------------------------------------------------------------------

  #validInteger(name: string, fn: HostFunction): number {
    const random = this.#random;
    if (name === 'port') {
      if (fn.name.endsWith('_bind')) return 0;
      return fn.name.startsWith('tls') ? this.#servers.tls : this.#servers.plain;
    }
    if (/^addr_u8/.test(name)) return this.#ofKind('address')[0]?.address ?? 0;
    const usual = USUAL.find(([pattern]) => pattern.test(name));
    if (usual !== undefined) return random.pick(usual[1]);
    return POINTER.test(name) ? this.#cell() : 0;
  }

  #wildInteger(name: string): number {
    const random = this.#random;
    if (/^addr_u8/.test(name) && random.chance(0.5)) return random.pick(this.#ofKind('address')).address;
    const way = random.below(10);
    if (way < 4) return random.pick(EXTREME_I32);
    if (way < 5) return random.next();
    return way < 8 ? random.below(9) : random.pick([this.#cell(), ...PLACES]);
  }

  #cell(): number {
    return CELLS + this.#random.below(CELL_COUNT) * 8;
  }

  #validLong(name: string, fn: HostFunction): bigint | { cell: number } {
    if (/timeout|duration|delay|millis/.test(name)) return BigInt(this.#random.below(8));
    // The own config and module, and all rights.
    if (/^(base|inheriting)$/.test(name) || (/^(config|module)_id$/.test(name) && fn.name.includes('spawn')))
      return -1n;
    if (fn.name === 'fd_allocate') return this.#random.pick(ALLOCATED);
    // Most tables begin with 0.
    return this.#random.chance(0.7) ? 0n : { cell: this.#cell() };
  }

  #wildLong(name: string, fn: HostFunction): bigint | { cell: number } {
    const random = this.#random;
    if (fn.name === 'fd_allocate') return random.pick(ALLOCATED);
    if (/timeout|duration|delay|millis/.test(name) && random.chance(0.7)) return BigInt(random.below(8));
    const way = random.below(10);
    if (way < 3) return BigInt(random.below(5));
    return way < 6 ? { cell: this.#cell() } : random.pick(EXTREME_I64);
  }
}

function isLength(name: string | undefined): boolean {
  return name !== undefined && /(_len|^length)$/.test(name);
}
