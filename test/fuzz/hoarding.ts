import { HOST_FUNCTIONS } from '../../runtime/internal.ts';
import { Op } from '../../runtime/wasm/opcodes.ts';
import type { Code, ModuleWriter, ValueType } from './module-writer.ts';
import type { Random } from './random.ts';

/** Where a guest has names of functions, a module, cells and free memory. */
const NAME = 0x100;
const NAME_LENGTH = 4;
const MODULE = 0x200;
const CELL = 0x300;
const TEXT = 0x400;
const RULE = 0x380;
const FREE = 0x1000;
const PAGE = 0x1_0000;
/** Bytes of the memory with which a guest begins. */
export const INITIAL_PAGES = 2;
/** The longest piece that is passed to a host function at once: what a guest has from the beginning. */
const LONGEST = INITIAL_PAGES * PAGE - FREE;

/** A module with a section that has no meaning, whose contents are varied. */
const MODULE_BYTES = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 6, 1, 0x61, 0, 0, 0, 0];
const VARIED = 12;

/** The host functions that it calls, without the `lunatic::` of their namespaces. */
const CALLED = [
  'message::create_data',
  'message::write_data',
  'message::send',
  'message::receive',
  'message::push_module',
  'process::process_id',
  'process::sleep_ms',
  'process::kill',
  'process::create_config',
  'process::config_set_max_memory',
  'process::compile_module',
  'process::trace_get',
  'process::link',
  'process::monitor',
  'process::spawn',
  'permissions::config_set_max_host_memory',
  'permissions::config_set_max_processes',
  'permissions::config_set_max_mailbox',
  'permissions::config_deny_connect',
  'registry::put',
  'timer::send_after',
  'timer::cancel_timer',
  'error::string_size',
  'error::to_string',
  'networking::udp_bind',
  'networking::tcp_bind',
  'wasi::config_add_command_line_argument',
  'wasi::config_add_environment_variable',
] as const;

type HostName = (typeof CALLED)[number];

/** Writes functions that make the host keep something, in random amounts. */
export class Hoarding {
  readonly #random: Random;
  readonly #imports = new Map<HostName, number>();
  readonly #said: number;
  readonly #written: number;
  readonly #runs: number;
  readonly #counter: number;

  /** @param runs how many exports `run0`, `run1` and so on there are to spawn */
  constructor(random: Random, module: ModuleWriter, runs: number) {
    this.#random = random;
    this.#runs = runs;
    for (const called of CALLED) {
      const fn = HOST_FUNCTIONS.find(({ module, name }) => `${module}::${name}` === `lunatic::${called}`);
      if (fn === undefined) throw new Error(`there is no host function ${called}`);
      const { params, results } = fn;
      this.#imports.set(
        called,
        module.importFunction(fn.module, fn.name, params as ValueType[], results as ValueType[]),
      );
    }
    this.#written = module.importFunction(
      'wasi_snapshot_preview1',
      'fd_write',
      ['i32', 'i32', 'i32', 'i32'],
      ['i32'],
    );
    this.#said = module.importFunction('fuzz', 'said', ['i32', 'i32'], []);
    this.#counter = module.global('i32');
    module.memory = { initial: INITIAL_PAGES };
    module.table = { initial: 1 };
    module.data(NAME, Buffer.from('run0'));
    module.data(MODULE, Uint8Array.from(MODULE_BYTES));
    module.data(RULE, Buffer.from('10.0.0.0/8'));
  }

  #call(code: Code, name: HostName): Code {
    return code.call(this.#imports.get(name) ?? 0);
  }

  /** Changes a word in the memory, so that what is made of it differs from what was there before. */
  #vary(code: Code, address: number): void {
    code.op(Op.globalGet, this.#counter).i32(1).op(Op.i32Add).op(Op.globalSet, this.#counter);
    // Letters only: a name is UTF-8.
    code.i32(address).op(Op.globalGet, this.#counter).i32(0x0f0f_0f0f).op(0x71);
    code.i32(0x6161_6161).op(Op.i32Add).op(0x36, 0, 0);
  }

  /** Tells the text of the error in the cell, if a call has failed. Local 0 has its result. */
  #tellFailure(code: Code): void {
    code.set(0).get(0).i32(1).op(0x46).begin(Op.if);
    code.i32(CELL).op(0x29, 0, 0).i32(FREE);
    this.#call(code, 'error::to_string');
    code.i32(FREE).i32(CELL).op(0x29, 0, 0);
    this.#call(code, 'error::string_size').call(this.#said).op(Op.end);
  }

  #size(): number {
    return this.#random.chance(0.3) ? LONGEST : this.#random.magnitude(LONGEST);
  }

  /** Repeats something, so often or without end. Local 1 counts. */
  #repeat(code: Code, write: () => void): void {
    const count = this.#random.chance(0.2) ? 2 ** 31 - 1 : this.#random.magnitude(20_000);
    code.i32(count).set(1).begin(Op.loop);
    write();
    code.get(1).i32(1).op(Op.i32Sub).op(Op.localTee, 1).op(Op.brIf, 0).op(Op.end);
  }

  #someProcess(code: Code): void {
    if (this.#random.chance(0.4)) this.#call(code, 'process::process_id');
    else code.i64(BigInt(this.#random.between(1, 12)));
  }

  /** Writes one function's body, which hoards and then stays as it is, mostly without an end. Locals: two i32, then an i64. */
  write(code: Code): void {
    const again = this.#random.chance(0.6);
    if (again) code.begin(Op.loop);
    for (let i = this.#random.between(1, 3); i > 0; i--) this.#random.pick(this.#ways)(code);
    if (again) code.op(Op.br, 0).op(Op.end);
    if (this.#random.chance(0.2)) return;
    code.i32(0).i32(0).i64(-1n);
    this.#call(code, 'message::receive').op(Op.drop);
  }

  readonly #ways: readonly ((code: Code) => void)[] = [
    (code) => this.#memory(code),
    (code) => this.#memory(code),
    (code) => this.#growingMessage(code),
    (code) => this.#messages(code),
    (code) => this.#messages(code),
    (code) => this.#modulesInMessage(code),
    (code) => this.#repeat(code, () => this.#timer(code)),
    (code) => this.#repeat(code, () => this.#name(code)),
    (code) => this.#repeat(code, () => this.#config(code)),
    (code) => this.#repeat(code, () => this.#compile(code)),
    (code) => this.#repeat(code, () => this.#spawn(code)),
    (code) => this.#repeat(code, () => this.#spawn(code)),
    (code) => this.#repeat(code, () => this.#links(code)),
    (code) => this.#repeat(code, () => this.#socket(code)),
    (code) => this.#repeat(code, () => this.#print(code)),
    (code) => {
      this.#repeat(code, () => {
        code.i32(this.#random.below(4));
        this.#call(code, 'process::trace_get');
      });
    },
    (code) => {
      code.i64(BigInt(this.#random.magnitude(20)));
      this.#call(code, 'process::sleep_ms');
    },
  ];

  /** Takes memory, and touches each page of it. */
  #memory(code: Code): void {
    const pages = this.#random.pick([1, 1, 16, 64, 1000]);
    this.#repeat(code, () => {
      code.i32(pages).op(Op.memoryGrow, 0).set(0).get(0).i32(-1).op(Op.i32Ne).begin(Op.if);
      code
        .get(0)
        .i32(PAGE)
        .op(Op.i32Mul)
        .i32(7)
        .i32(pages * PAGE)
        .op(Op.memoryFill, 0)
        .op(Op.end);
      if (!this.#random.chance(0.3)) return;
      code.op(Op.refNull).u8(0x70);
      code.i32(this.#random.magnitude(100_000)).op(Op.tableGrow, 0).op(Op.drop);
    });
  }

  #create(code: Code): void {
    code.i64(BigInt(this.#random.below(3))).i64(BigInt(this.#random.magnitude(2 ** 40)));
    this.#call(code, 'message::create_data');
  }

  #write(code: Code): void {
    code.i32(FREE).i32(this.#size());
    this.#call(code, 'message::write_data').op(Op.drop);
  }

  /** One message that grows. */
  #growingMessage(code: Code): void {
    this.#create(code);
    this.#repeat(code, () => this.#write(code));
  }

  /** Messages that somebody gets, who seldom reads. */
  #messages(code: Code): void {
    this.#repeat(code, () => {
      this.#create(code);
      this.#write(code);
      this.#someProcess(code);
      this.#call(code, 'message::send').op(Op.drop);
      if (!this.#random.chance(0.2)) return;
      code.i32(0).i32(0).i64(0n);
      this.#call(code, 'message::receive').op(Op.drop);
    });
  }

  /** A message that carries modules, more and more. */
  #modulesInMessage(code: Code): void {
    this.#create(code);
    this.#repeat(code, () => {
      this.#compile(code);
      code.i32(CELL).op(0x29, 0, 0);
      this.#call(code, 'message::push_module').set(2);
    });
  }

  #timer(code: Code): void {
    const random = this.#random;
    code.i64(1n).i64(0n);
    this.#call(code, 'message::create_data');
    code.i32(FREE).i32(this.#size());
    this.#call(code, 'message::write_data').op(Op.drop);
    this.#someProcess(code);
    code.i64(BigInt(random.pick([0, 1, 5, 50, 1000])));
    this.#call(code, 'timer::send_after').set(2);
    if (!random.chance(0.3)) return;
    code.get(2);
    this.#call(code, 'timer::cancel_timer').op(Op.drop);
  }

  #name(code: Code): void {
    this.#vary(code, FREE);
    code
      .i32(FREE + 4)
      .i32(0x61)
      .i32(LONGEST - 4)
      .op(Op.memoryFill, 0);
    code
      .i32(FREE)
      .i32(4 + this.#random.magnitude(LONGEST - 4))
      .i64(0n)
      .i64(1n);
    this.#call(code, 'registry::put');
  }

  #config(code: Code): void {
    const random = this.#random;
    this.#call(code, 'process::create_config').set(2);
    const limits = [
      'process::config_set_max_memory',
      'permissions::config_set_max_host_memory',
      'permissions::config_set_max_processes',
      'permissions::config_set_max_mailbox',
    ] as const;
    // More than it has itself.
    code.get(2).i64(-1n);
    this.#call(code, random.pick(limits));
    const length = this.#size();
    const more = random.below(4);
    this.#vary(code, TEXT);
    if (more === 0) {
      code.get(2).i32(TEXT).i32(4);
      this.#call(code, 'wasi::config_add_command_line_argument');
    } else if (more === 1) {
      code.i32(FREE).i32(0x61).i32(length).op(Op.memoryFill, 0);
      code.get(2).i32(TEXT).i32(4).i32(FREE).i32(length);
      this.#call(code, 'wasi::config_add_environment_variable');
    } else if (more === 2) {
      code.get(2).i32(RULE).i32(10).i32(CELL);
      this.#call(code, 'permissions::config_deny_connect');
      this.#tellFailure(code);
    }
    // A child with it.
    code.i64(0n).get(2).i64(-1n).i32(NAME).i32(NAME_LENGTH).i32(0).i32(0).i32(CELL);
    this.#call(code, 'process::spawn');
    this.#tellFailure(code);
  }

  #compile(code: Code): void {
    this.#vary(code, MODULE + VARIED);
    const length = this.#random.chance(0.9) ? MODULE_BYTES.length : 5;
    code.i32(MODULE).i32(length).i32(CELL);
    this.#call(code, 'process::compile_module');
    this.#tellFailure(code);
  }

  #spawn(code: Code): void {
    const random = this.#random;
    code
      .i32(NAME + 3)
      .i32(0x30 + random.below(this.#runs))
      .op(0x3a, 0, 0);
    code
      .i64(BigInt(random.below(2)))
      .i64(-1n)
      .i64(-1n)
      .i32(NAME)
      .i32(NAME_LENGTH)
      .i32(0)
      .i32(0)
      .i32(CELL);
    this.#call(code, 'process::spawn');
    this.#tellFailure(code);
    if (random.chance(0.3)) {
      code.i32(CELL).op(0x29, 0, 0);
      this.#call(code, 'process::kill');
    }
  }

  #links(code: Code): void {
    const random = this.#random;
    if (random.chance(0.5)) {
      code.i64(BigInt(random.below(5)));
      this.#someProcess(code);
      this.#call(code, 'process::link');
    } else {
      this.#someProcess(code);
      this.#call(code, 'process::monitor');
    }
  }

  #socket(code: Code): void {
    // 127.0.0.1
    code
      .i32(CELL + 8)
      .i32(0x0100_007f)
      .op(0x36, 0, 0);
    code
      .i32(4)
      .i32(CELL + 8)
      .i32(0)
      .i32(0)
      .i32(0)
      .i32(CELL);
    this.#call(code, this.#random.pick(['networking::udp_bind', 'networking::tcp_bind'] as const));
    this.#tellFailure(code);
  }

  #print(code: Code): void {
    code
      .i32(CELL + 16)
      .i32(FREE)
      .op(0x36, 0, 0)
      .i32(CELL + 20)
      .i32(this.#size())
      .op(0x36, 0, 0);
    code
      .i32(this.#random.between(1, 2))
      .i32(CELL + 16)
      .i32(1)
      .i32(CELL)
      .call(this.#written)
      .op(Op.drop);
  }

  /** Whether what a person reads about a process names what ended it. */
  static explains(text: string): boolean {
    return !/out of memory|allocation|array length|string length|heap|RangeError|this machine|internal/i.test(
      text,
    );
  }
}
