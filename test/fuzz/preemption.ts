import { ProcessConfig } from '../../runtime/internal.ts';
import { Op } from '../../runtime/wasm/opcodes.ts';
import { Arena } from './arena.ts';
import {
  type ArrayPlace,
  type Callee,
  CodeGenerator,
  SLOTS_PER_TYPE,
  type Surroundings,
} from './code-generator.ts';
import { Finding } from './finding.ts';
import type { Figures, Fuzzer, Place } from './fuzzer.ts';
import { Code, type FunctionType, ModuleWriter, type ValueType } from './module-writer.ts';
import type { Random } from './random.ts';

const PAGE = 0x1_0000;
/** Milliseconds of computing for which the attackers run. */
const TIME = 60;
/** The number of times that a case is run before a gap counts: a collection, or a machine that has much to do, makes one too. */
const ATTEMPTS = 3;
const MAX_HOST_MEMORY = 64 * 2 ** 20;

/** Elements of arrays: `i8`, `i64`, `f64` and `anyref`. */
const ELEMENTS = [
  [0x78, 'i32'],
  [0x7e, 'i64'],
  [0x7c, 'f64'],
  [0x6e, null],
] as const;

const TYPES: readonly FunctionType[] = [
  { params: [], results: [] },
  { params: ['i32'], results: ['i32'] },
  { params: ['i64', 'i32'], results: ['i64'] },
  { params: ['i32', 'f64'], results: [] },
  { params: ['i64'], results: ['i32', 'i64'] },
];

/** Makes a module of random functions, always valid. Its exports `attack0`, `attack1` and so on call them without end. */
export function makeModule(random: Random, attacks: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const imports = {
    processId: module.importFunction('lunatic::process', 'process_id', [], ['i64']),
    sleep: module.importFunction('lunatic::process', 'sleep_ms', ['i64'], []),
    create: module.importFunction('lunatic::message', 'create_data', ['i64', 'i64'], []),
    write: module.importFunction('lunatic::message', 'write_data', ['i32', 'i32'], ['i32']),
    send: module.importFunction('lunatic::message', 'send', ['i64'], ['i32']),
    receive: module.importFunction('lunatic::message', 'receive', ['i32', 'i32', 'i64'], ['i32']),
  };
  const pages = random.pick([4, 16, 16, 256, 1024]);
  module.memory = { initial: pages, maximum: random.pick([undefined, pages, pages + 16]) };
  const scratch = TYPES.length * SLOTS_PER_TYPE;
  const table = 3 * scratch + random.pick([0, 1000, 66_000, 99_000 - 3 * scratch]);
  module.table = { initial: table };
  const functions: Callee[] = [];
  const types = [...TYPES, ...Array.from({ length: random.below(10) }, () => random.pick(TYPES))];
  for (const type of types) {
    const slot = TYPES.indexOf(type) * SLOTS_PER_TYPE;
    const index = module.declare(type.params, type.results);
    functions.push({ ...type, index, typeIndex: module.type(type.params, type.results), slot });
  }
  const inTable = TYPES.flatMap((_, i) => {
    const fitting = functions.filter(({ slot }) => slot === i * SLOTS_PER_TYPE);
    return Array.from({ length: SLOTS_PER_TYPE }, (_, j) => fitting[j % fitting.length]?.index ?? 0);
  });
  module.elements(inTable, true);
  const exceptions = random.pick(['none', 'none', 'older', 'older', 'newer'] as const);
  const tagTypes: readonly ValueType[][] = exceptions === 'none' ? [] : [[], ['i32'], ['i64', 'i32']];
  const dataSize = random.pick([16, 16, 16, 1_000_000]);
  const around: Surroundings = {
    module,
    functions,
    memory: pages * PAGE,
    table,
    scratch,
    globals: { i32: [module.global('i32')], i64: [module.global('i64')] },
    callsLeft: module.global('i32'),
    tags: tagTypes.map((params) => ({ index: module.tag(params), params })),
    exceptions,
    data: module.data(null, new Uint8Array(dataSize).fill(7)),
    dataSize,
    arrays: random.chance(0.3) ? arraysOf(random, module) : [],
    elements: module.elements(
      functions.map(({ index }) => index),
      false,
    ),
    imports,
  };
  for (const callee of functions) {
    const generator = new CodeGenerator(random, around, callee, random.magnitude(1500));
    generator.body();
    module.define(callee.index, generator.locals, generator.code);
  }
  for (let i = 0; i < attacks; i++) defineAttack(random, around, module.declare([], [], `attack${i}`));
  return module.finish();
}

/** Arrays of some types, each with up to 4 MiB: all of a module together may have 16. */
function arraysOf(random: Random, module: ModuleWriter): ArrayPlace[] {
  return ELEMENTS.map(([code, element]) => {
    const type = module.arrayType(code);
    const length = random.magnitude(2 ** 19);
    return { type, element, length, global: module.globalArray(type, length) };
  });
}

/** Calls a function again and again, with a number of calls that it may make, and goes on if it throws. */
function defineAttack(
  random: Random,
  { module, functions, callsLeft, exceptions }: Surroundings,
  index: number,
): void {
  const code = new Code();
  const callee = random.pick(functions);
  code
    .begin(Op.loop)
    .i32(random.magnitude(2 ** 17))
    .op(Op.globalSet, callsLeft);
  const outer = exceptions === 'newer' ? Op.block : Op.try;
  if (exceptions !== 'none') {
    code.begin(outer);
    // Whatever is thrown leads to the end of the block.
    if (exceptions === 'newer') {
      code.begin(Op.tryTable);
      for (const value of [1, 2, 0]) code.u32(value);
    }
  }
  for (const type of callee.params) {
    if (type === 'i64') code.i64(BigInt(random.magnitude(2 ** 40)));
    else if (type === 'f64') code.f64(random.next());
    else code.i32(random.magnitude(2 ** 31 - 1));
  }
  code.call(callee.index);
  for (const _ of callee.results) code.op(Op.drop);
  if (exceptions === 'newer') code.op(Op.end);
  if (exceptions === 'older') code.op(Op.catchAll);
  if (exceptions !== 'none') code.op(Op.end);
  code.op(Op.br, 0).op(Op.end);
  module.define(index, [], code);
}

/** Modules that fight preemption. */
export const preemption: Fuzzer = {
  name: 'preemption',
  about: 'modules of random control flow with exceptions, bulk operations, tail calls and recursion',

  async run(random: Random, { gap, trace, keep }: Place): Promise<Figures> {
    const attacks = random.between(1, 3);
    const bytes = makeModule(random, attacks);
    keep(bytes);
    const config = ProcessConfig.forRoot();
    config.maxHostMemory = MAX_HOST_MEMORY;
    if (random.chance(0.3)) config.maxFuel = random.pick([1, 100, 1_000_000]);
    let least = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < ATTEMPTS && least > gap; attempt++) {
      const arena = new Arena({
        limits: { gc: true },
        onExit: ({ entry }, exit) =>
          trace?.(`${entry.name}: ${'message' in exit ? exit.message : exit.kind}`),
      });
      const module = arena.runtime.load(bytes.slice());
      module.compiledFor(config);
      const all = Array.from({ length: attacks }, (_, i) => ({ module, entry: `attack${i}`, config }));
      await arena.run(all, TIME);
      trace?.(`the longest gap: ${arena.longestGap.toFixed(1)} ms`);
      least = Math.min(least, arena.longestGap);
    }
    if (least > gap) {
      const form = `a module of ${bytes.length} bytes${config.maxFuel > 0 ? ', metered' : ''}`;
      throw new Finding(`others waited ${least.toFixed(1)} ms of computing for ${form}`);
    }
    return { 'longest gap in ms': least, 'largest module in bytes': bytes.length };
  },
};
