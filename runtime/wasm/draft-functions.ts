import type { ByteWriter } from './byte-writer.ts';
import { DraftState, draftAt, draftCapacity } from './draft-layout.ts';
import type { WasmModule } from './module.ts';
import { op } from './opcodes.ts';

/**
 * Functions that are called in place of host functions of `lunatic::message`. Each does in the draft what the host
 * function would do, where it can be done there, without a trap; else it calls the host function. A call from a guest
 * to JavaScript takes some 25 ns, since it leaves the guest's stack, and a message takes five.
 */
export class DraftFunctions {
  /** What is called in place of an import: function indices, of the module and of the rewritten one. */
  readonly calls = new Map<number, number>();
  /** By name of the host function, in the order of the functions. */
  readonly #replaced = new Map<string, Replaced>();
  readonly #memory: number;

  /**
   * @param first index of the first of the functions, in the rewritten module
   * @param memory index of the draft's memory
   */
  constructor(module: WasmModule, first: number, memory: number) {
    this.#memory = memory;
    let index = 0;
    for (const entry of module.imports) {
      if (entry.kind !== 'function') continue;
      const { name, typeIndex } = entry;
      const known = entry.module === 'lunatic::message' ? BODIES.get(name) : undefined;
      const type = module.types[typeIndex];
      if (known !== undefined && type !== undefined && known.type === `${type.params} -> ${type.results}`) {
        // A module may import the same many times.
        const replaced = this.#replaced.get(name) ?? {
          fn: first + this.#replaced.size,
          host: index,
          typeIndex,
          write: known.write,
        };
        this.#replaced.set(name, replaced);
        this.calls.set(index, replaced.fn);
      }
      index++;
    }
  }

  get count(): number {
    return this.#replaced.size;
  }

  /** Entries of the function section. */
  writeTypes(out: ByteWriter): void {
    for (const { typeIndex } of this.#replaced.values()) out.u32(typeIndex);
  }

  /** Entries of the code section. */
  writeBodies(out: ByteWriter): void {
    for (const { host, write } of this.#replaced.values()) {
      const contents = out.openSize(2);
      write(new BodyWriter(out, this.#memory), host);
      out.u8(op.end);
      out.closeSize(contents, 2);
    }
  }
}

/** A function that is called in place of an import. */
interface Replaced {
  readonly fn: number;
  /** The import, which it calls where the draft will not do. */
  readonly host: number;
  readonly typeIndex: number;
  readonly write: WriteBody;
}

/** Writes a body: locals and code. The function to call where the draft will not do is an import's. */
type WriteBody = (body: BodyWriter, host: number) => void;

const i32 = 0x7f;
const code = {
  i32Load: 0x28,
  i64Load: 0x29,
  i32Load8U: 0x2d,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Store8: 0x3a,
  memorySize: 0x3f,
  i32Eq: 0x46,
  i32LeU: 0x4d,
  i64LeU: 0x58,
  i32And: 0x71,
  i32ShrU: 0x76,
  i64Add: 0x7c,
  i64Shl: 0x86,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
} as const;
/** Behind the prefix of vectors. */
const v128 = { prefix: 0xfd, load: 0x00, store: 0x0b } as const;

/** The memory of the guest, which host functions mean. */
const guest = 0;

/** Writes instructions. Addresses in the draft are constants, or offsets from one. */
class BodyWriter {
  readonly #out: ByteWriter;
  readonly draft: number;

  constructor(out: ByteWriter, draft: number) {
    this.#out = out;
    this.draft = draft;
  }

  locals(count: number): void {
    this.#out.u32(count === 0 ? 0 : 1);
    if (count === 0) return;
    this.#out.u32(count);
    this.#out.u8(i32);
  }

  do(...opcodes: number[]): void {
    for (const opcode of opcodes) this.#out.u8(opcode);
  }

  get(local: number): void {
    this.#out.u8(op.localGet);
    this.#out.u32(local);
  }

  set(local: number): void {
    this.#out.u8(op.localSet);
    this.#out.u32(local);
  }

  tee(local: number): void {
    this.#out.u8(op.localTee);
    this.#out.u32(local);
  }

  number(value: number): void {
    this.#out.u8(op.i32Const);
    this.#out.s32(value);
  }

  long(value: number): void {
    this.#out.u8(op.i64Const);
    this.#out.s32(value);
  }

  /** A load or store of any alignment. */
  access(opcode: number, memory: number, offset: number): void {
    if (opcode === v128.load || opcode === v128.store) this.#out.u8(v128.prefix);
    this.#out.u8(opcode);
    if (memory === 0) {
      this.#out.u8(0);
    } else {
      this.#out.u8(0x40);
      this.#out.u32(memory);
    }
    this.#out.u32(offset);
  }

  load(opcode: number, at: number): void {
    this.number(0);
    this.access(opcode, this.draft, at);
  }

  /** Stores what `value` leaves on the stack. */
  store(opcode: number, at: number, value: () => void): void {
    this.number(0);
    value();
    this.access(opcode, this.draft, at);
  }

  /** Takes the condition from the stack; returns from the function at the end. */
  when(write: () => void): void {
    this.do(op.if, 0x40);
    write();
    this.do(op.return, op.end);
  }

  /** Whether a message is written or read in the draft. */
  isOpen(): void {
    this.load(code.i32Load, draftAt.state);
    this.number(DraftState.Open);
    this.do(code.i32Eq);
  }

  /** Whether the guest's memory has all of a range: `start + size <= bytes`, in 64 bits. */
  isInMemory(start: number, size: number): void {
    this.get(start);
    this.do(code.i64ExtendI32U);
    this.get(size);
    this.do(code.i64ExtendI32U, code.i64Add);
    this.do(code.memorySize, guest, code.i64ExtendI32U);
    this.long(16);
    this.do(code.i64Shl, code.i64LeU);
  }

  /** Calls the host function with the parameters that the function was given, and returns what it returns. */
  host(index: number, params: number): void {
    for (let i = 0; i < params; i++) this.get(i);
    this.#out.u8(op.call);
    this.#out.u32(index);
  }

  /**
   * Copies `count` bytes, at most 64, without a loop: from the front and from the back, in pieces that may overlap.
   * @param from, to locals with the addresses; `fromOffset`, `toOffset` are added to them
   */
  copy(from: Place, to: Place, count: number): void {
    const piece = (size: 16 | 8 | 4, offset: number, fromEnd: boolean) => {
      const [load, store] = PIECES[size];
      const address = (local: number) => {
        this.get(local);
        if (!fromEnd) return;
        this.get(count);
        this.do(op.i32Add);
        this.number(size + offset);
        this.do(op.i32Sub);
      };
      address(to.local);
      address(from.local);
      const ahead = fromEnd ? 0 : offset;
      this.access(load, from.memory, from.offset + ahead);
      this.access(store, to.memory, to.offset + ahead);
    };
    const atLeast = (size: number, then: () => void, otherwise?: () => void) => {
      this.get(count);
      this.number(size);
      this.do(op.i32GeU, op.if, 0x40);
      then();
      if (otherwise !== undefined) {
        this.do(op.else);
        otherwise();
      }
      this.do(op.end);
    };
    const both = (size: 16 | 8 | 4, offset = 0) => {
      piece(size, offset, false);
      piece(size, offset, true);
    };
    const sixteen = () => {
      both(16);
      atLeast(33, () => both(16, 16));
    };
    const few = () => {
      atLeast(
        4,
        () => both(4),
        () => atLeast(1, three),
      );
    };
    // The first byte, the middle one and the last: all there is of up to three.
    const three = () => {
      const index = [
        () => this.number(0),
        () => {
          this.get(count);
          this.number(1);
          this.do(code.i32ShrU);
        },
        () => {
          this.get(count);
          this.number(1);
          this.do(op.i32Sub);
        },
      ];
      for (const add of index) {
        this.get(to.local);
        add();
        this.do(op.i32Add);
        this.get(from.local);
        add();
        this.do(op.i32Add);
        this.access(code.i32Load8U, from.memory, from.offset);
        this.access(code.i32Store8, to.memory, to.offset);
      }
    };
    atLeast(16, sixteen, () => atLeast(8, () => both(8), few));
  }
}

interface Place {
  readonly memory: number;
  readonly local: number;
  readonly offset: number;
}

const PIECES = {
  16: [v128.load, v128.store],
  8: [code.i64Load, code.i64Store],
  4: [code.i32Load, code.i32Store],
} as const;

/** By name of the host function; only under this type. */
const BODIES: ReadonlyMap<string, { readonly type: string; readonly write: WriteBody }> = new Map([
  ['create_data', { type: 'i64,i64 -> ', write: writeCreate }],
  ['write_data', { type: 'i32,i32 -> i32', write: writeWrite }],
  ['read_data', { type: 'i32,i32 -> i32', write: writeRead }],
  ['seek_data', { type: 'i64 -> ', write: writeSeek }],
  ['get_tag', { type: ' -> i64', write: writeTag }],
  ['data_size', { type: ' -> i64', write: writeSize }],
  ['send', { type: 'i64 -> i32', write: writeSend }],
]);

function writeCreate(body: BodyWriter, host: number): void {
  body.locals(0);
  // Open or empty: nothing has to be given up but a draft.
  body.load(code.i32Load, draftAt.state);
  body.number(DraftState.Open & DraftState.Empty);
  body.do(code.i32And);
  body.when(() => {
    body.store(code.i64Store, draftAt.length, () => body.long(0));
    body.store(code.i64Store, draftAt.tag, () => body.get(0));
    body.store(code.i32Store, draftAt.state, () => body.number(DraftState.Open));
  });
  body.host(host, 2);
}

function writeWrite(body: BodyWriter, host: number): void {
  const [pointer, size, length] = [0, 1, 2];
  body.locals(1);
  body.isOpen();
  body.get(size);
  body.number(draftCapacity);
  body.load(code.i32Load, draftAt.length);
  body.tee(length);
  body.do(op.i32Sub, code.i32LeU, code.i32And);
  body.isInMemory(pointer, size);
  body.do(code.i32And);
  body.when(() => {
    const from = { memory: guest, local: pointer, offset: 0 };
    body.copy(from, { memory: body.draft, local: length, offset: draftAt.bytes }, size);
    body.store(code.i32Store, draftAt.length, () => {
      body.get(length);
      body.get(size);
      body.do(op.i32Add);
    });
    body.get(size);
  });
  body.host(host, 2);
}

function writeRead(body: BodyWriter, host: number): void {
  const [pointer, size, position, count] = [0, 1, 2, 3];
  body.locals(2);
  body.isOpen();
  body.isInMemory(pointer, size);
  body.do(code.i32And);
  body.when(() => {
    // The least of what is wanted and what is left.
    body.get(size);
    body.load(code.i32Load, draftAt.length);
    body.load(code.i32Load, draftAt.position);
    body.tee(position);
    body.do(op.i32Sub);
    body.tee(count);
    body.get(size);
    body.get(count);
    body.do(op.i32LtU, op.select);
    body.set(count);
    const from = { memory: body.draft, local: position, offset: draftAt.bytes };
    body.copy(from, { memory: guest, local: pointer, offset: 0 }, count);
    body.store(code.i32Store, draftAt.position, () => {
      body.get(position);
      body.get(count);
      body.do(op.i32Add);
    });
    body.get(count);
  });
  body.host(host, 2);
}

function writeSeek(body: BodyWriter, host: number): void {
  body.locals(0);
  body.isOpen();
  body.get(0);
  body.load(code.i32Load, draftAt.length);
  body.do(code.i64ExtendI32U, code.i64LeU, code.i32And);
  body.when(() =>
    body.store(code.i32Store, draftAt.position, () => {
      body.get(0);
      body.do(code.i32WrapI64);
    }),
  );
  body.host(host, 1);
}

function writeTag(body: BodyWriter, host: number): void {
  body.locals(0);
  body.isOpen();
  body.when(() => body.load(code.i64Load, draftAt.tag));
  body.host(host, 0);
}

function writeSize(body: BodyWriter, host: number): void {
  body.locals(0);
  body.isOpen();
  body.when(() => {
    body.load(code.i32Load, draftAt.length);
    body.do(code.i64ExtendI32U);
  });
  body.host(host, 0);
}

function writeSend(body: BodyWriter, host: number): void {
  body.locals(0);
  body.isOpen();
  body.when(() => {
    body.store(code.i64Store, draftAt.receiver, () => body.get(0));
    body.store(code.i32Store, draftAt.state, () => body.number(DraftState.Sent));
    body.number(0);
  });
  body.host(host, 1);
}
