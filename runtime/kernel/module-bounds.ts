import {
  arrayCopies,
  costlyFunction,
  readFirstTypes,
  type TypeDefinition,
  type WasmModule,
} from '../wasm/index.ts';
import { type Count, declaredCounts, timeOf } from './instance-time.ts';
import { ModuleError } from './module-error.ts';

/** Bytes of the types of a module that a process makes: reading them takes some milliseconds. Those of 70 MB of C++ have 3 KB. */
const MOST_TYPE_BYTES = 2 ** 16;
/** Sections of such a module. */
const MOST_SECTIONS = 1000;
/** Milliseconds that making an instance of such a module may take. Of the same 70 MB it takes some ten. */
const MOST_INSTANCE_TIME = 20;
/**
 * Values that V8 may copy when it compiles a function, see `costlyFunction`: up to 260 MB and 0.5 s of a module that a process makes, in a
 * thread, and four times as much of any other. The worst function of 70 MB of C++ has 5.6 million, that of SQLite, not optimized, 14.
 */
const MOST_COPIES_OF_PROCESS = 2e7;
/** The same for modules that are so small that they are made between turns: no honest one comes near. */
const MOST_COPIES_BETWEEN_TURNS = 2.5e5;
const MOST_COPIES = 8e7;

/**
 * The types of a module that a process makes, which it must be asked about before V8 sees it.
 * @throws ModuleError if reading them would take long, WasmFormatError
 */
export function boundedTypes(bytes: Uint8Array): readonly TypeDefinition[] {
  const types = readFirstTypes(bytes, MOST_SECTIONS, MOST_TYPE_BYTES);
  if (types === null) {
    throw new ModuleError(
      `a module that a process compiles cannot have types of more than ${MOST_TYPE_BYTES} bytes, or ${MOST_SECTIONS} sections`,
    );
  }
  return types;
}

/** Pairs of types between which arrays are copied, for each type: the rewriter adds two types for each pair. */
const MOST_COPIES_PER_ARRAY = 2;

/** @throws ModuleError if a module that a process makes would keep others waiting when an instance of it is made, or looked at */
export function checkBounds(source: WasmModule): void {
  if (source.sections.length > MOST_SECTIONS)
    throw new ModuleError(`a module that a process compiles cannot have more than ${MOST_SECTIONS} sections`);
  checkArrayCopies(source);
  const counts = countsOf(source);
  let sum = 0;
  let most = counts[0];
  for (const entry of counts) {
    sum += timeOf(entry);
    if (most === undefined || timeOf(entry) > timeOf(most)) most = entry;
  }
  if (sum <= MOST_INSTANCE_TIME * 1e6 || most === undefined) return;
  throw new ModuleError(
    `making an instance of the module would keep all other processes waiting for more than ${MOST_INSTANCE_TIME} ms: it has ${most[1]} ${most[0]}`,
  );
}

function checkArrayCopies({ types, code }: WasmModule): void {
  const most = MOST_COPIES_PER_ARRAY * types.filter(({ kind }) => kind === 'array').length;
  if (arrayCopies(code.bulk) > most)
    throw new ModuleError(
      `a module that a process compiles cannot copy arrays between more than ${most} pairs of types`,
    );
}

function countsOf(source: WasmModule): Count[] {
  let data = 0;
  for (let i = 0; i < source.dataSizes.length; i++) data += source.dataSizes.at(i);
  return [
    ...declaredCounts(source),
    ['elements', source.elements],
    ['segments', source.elementSegments + source.dataSegments],
    ['bytes of data', data],
  ];
}

/** Bytes from which on a module of a process is made in a thread. */
const LEAST_APART = 2 ** 12;

/** Whether a module may take longer to be made than a turn, so that a thread makes it. */
export function isMadeApart({ length }: Uint8Array): boolean {
  return length >= LEAST_APART;
}

/** @throws ModuleError if V8 would take gigabytes, and seconds, to compile one of its functions when that is first called */
export function checkFunctions(source: WasmModule, isOfProcess: boolean): void {
  const ofProcess = isMadeApart(source.bytes) ? MOST_COPIES_OF_PROCESS : MOST_COPIES_BETWEEN_TURNS;
  const limit = isOfProcess ? ofProcess : MOST_COPIES;
  const costly = costlyFunction(source, limit);
  if (costly === null) return;
  const whose = isOfProcess ? 'a module that a process compiles' : 'a module';
  throw new ModuleError(
    `function ${costly.index} has too many locals, or values on the stack, for so many blocks and branches, or makes too many objects of many fields: together they make ${costly.copies} to keep while it is compiled, and ${whose} can have ${limit}`,
  );
}
