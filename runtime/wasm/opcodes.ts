/**
 * Instructions and the shapes of their immediates.
 * Source: WebAssembly core specification, 5.4 "Instructions"; legacy exception handling and threads proposals.
 */

/** An instruction behind a prefix byte is `prefix << 12 | number`. */
export const Op = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  select: 0x1b,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableGet: 0x25,
  tableSet: 0x26,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32LeS: 0x4c,
  i32GeU: 0x4f,
  i64GeU: 0x5a,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32Rotr: 0x78,
  refNull: 0xd0,
  refFunc: 0xd2,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  structNew: 0xfb000,
  structNewDefault: 0xfb001,
  arrayNew: 0xfb006,
  arrayNewDefault: 0xfb007,
  arrayNewFixed: 0xfb008,
  arrayNewData: 0xfb009,
  arrayNewElem: 0xfb00a,
  arrayFill: 0xfb010,
  arrayCopy: 0xfb011,
  arrayInitData: 0xfb012,
  arrayInitElem: 0xfb013,
  brOnCast: 0xfb018,
  brOnCastFail: 0xfb019,
  memoryInit: 0xfc008,
  dataDrop: 0xfc009,
  memoryCopy: 0xfc00a,
  memoryFill: 0xfc00b,
  tableInit: 0xfc00c,
  elemDrop: 0xfc00d,
  tableCopy: 0xfc00e,
  tableGrow: 0xfc00f,
  tableSize: 0xfc010,
  tableFill: 0xfc011,
} as const;

/** What follows an opcode. */
export const Shape = {
  unknown: 0,
  none: 1,
  /** One unsigned index that no pass moves: local, global, table, type, tag, segment. */
  index: 2,
  twoIndices: 3,
  function: 4,
  label: 5,
  blockType: 6,
  labelTable: 7,
  tryTable: 8,
  valueTypes: 9,
  memory: 10,
  memoryLane: 11,
  byte: 12,
  i32: 13,
  i64: 14,
  bytes4: 15,
  bytes8: 16,
  bytes16: 17,
  heapType: 18,
  castLabel: 19,
} as const;

function table(size: number, ...ranges: [first: number, last: number, shape: number][]): Uint8Array {
  const shapes = new Uint8Array(size);
  for (const [first, last, value] of ranges) shapes.fill(value, first, last + 1);
  return shapes;
}

export const PLAIN_SHAPES: Uint8Array = table(
  256,
  [0x00, 0x01, Shape.none],
  [0x02, 0x04, Shape.blockType],
  [0x05, 0x05, Shape.none],
  [0x06, 0x06, Shape.blockType],
  [0x07, 0x08, Shape.index],
  [0x09, 0x09, Shape.label],
  [0x0a, 0x0b, Shape.none],
  [0x0c, 0x0d, Shape.label],
  [0x0e, 0x0e, Shape.labelTable],
  [0x0f, 0x0f, Shape.none],
  [0x10, 0x10, Shape.function],
  [0x11, 0x11, Shape.twoIndices],
  [0x12, 0x12, Shape.function],
  [0x13, 0x13, Shape.twoIndices],
  [0x14, 0x15, Shape.index],
  [0x18, 0x18, Shape.label],
  [0x19, 0x1b, Shape.none],
  [0x1c, 0x1c, Shape.valueTypes],
  [0x1f, 0x1f, Shape.tryTable],
  [0x20, 0x26, Shape.index],
  [0x28, 0x3e, Shape.memory],
  [0x3f, 0x40, Shape.index],
  [0x41, 0x41, Shape.i32],
  [0x42, 0x42, Shape.i64],
  [0x43, 0x43, Shape.bytes4],
  [0x44, 0x44, Shape.bytes8],
  [0x45, 0xc4, Shape.none],
  [0xd0, 0xd0, Shape.heapType],
  [0xd1, 0xd1, Shape.none],
  [0xd2, 0xd2, Shape.function],
  [0xd3, 0xd4, Shape.none],
  [0xd5, 0xd6, Shape.label],
);

/** 0xfb: garbage collection. */
const GC_SHAPES = table(
  0x1f,
  [0x00, 0x01, Shape.index],
  [0x02, 0x05, Shape.twoIndices],
  [0x06, 0x07, Shape.index],
  [0x08, 0x0a, Shape.twoIndices],
  [0x0b, 0x0e, Shape.index],
  [0x0f, 0x0f, Shape.none],
  [0x10, 0x10, Shape.index],
  [0x11, 0x13, Shape.twoIndices],
  [0x14, 0x17, Shape.heapType],
  [0x18, 0x19, Shape.castLabel],
  [0x1a, 0x1e, Shape.none],
);

/** 0xfc: saturating conversions, bulk memory and tables. */
const BULK_SHAPES = table(
  0x12,
  [0x00, 0x07, Shape.none],
  [0x08, 0x08, Shape.twoIndices],
  [0x09, 0x09, Shape.index],
  [0x0a, 0x0a, Shape.twoIndices],
  [0x0b, 0x0b, Shape.index],
  [0x0c, 0x0c, Shape.twoIndices],
  [0x0d, 0x0d, Shape.index],
  [0x0e, 0x0e, Shape.twoIndices],
  [0x0f, 0x11, Shape.index],
);

/** 0xfd: vectors, and the relaxed ones from 0x100. */
const VECTOR_SHAPES = table(
  0x114,
  [0x00, 0x0b, Shape.memory],
  [0x0c, 0x0d, Shape.bytes16],
  [0x0e, 0x14, Shape.none],
  [0x15, 0x22, Shape.byte],
  [0x23, 0x53, Shape.none],
  [0x54, 0x5b, Shape.memoryLane],
  [0x5c, 0x5d, Shape.memory],
  [0x5e, 0x113, Shape.none],
);
for (const hole of [0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf]) {
  VECTOR_SHAPES[hole] = Shape.unknown;
}
for (const hole of [0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee]) VECTOR_SHAPES[hole] = Shape.unknown;

/** 0xfe: atomics. */
const ATOMIC_SHAPES = table(
  0x4f,
  [0x00, 0x02, Shape.memory],
  [0x03, 0x03, Shape.byte],
  [0x10, 0x4e, Shape.memory],
);

/** The shapes behind a prefix byte; undefined when the byte is no prefix. */
export function prefixedShapes(prefix: number): Uint8Array | undefined {
  switch (prefix) {
    case 0xfb:
      return GC_SHAPES;
    case 0xfc:
      return BULK_SHAPES;
    case 0xfd:
      return VECTOR_SHAPES;
    case 0xfe:
      return ATOMIC_SHAPES;
    default:
      return undefined;
  }
}

/** The shape of an instruction; `Shape.unknown` if there is none. */
export function shapeOf(opcode: number): number {
  return (
    (opcode < 0x100 ? PLAIN_SHAPES[opcode] : prefixedShapes(opcode >> 12)?.[opcode & 0xfff]) ?? Shape.unknown
  );
}

/**
 * Instructions whose run time grows with the operand on top of the stack: how many bytes or elements to fill,
 * copy, allocate or grow by.
 */
export function isBulk(opcode: number): boolean {
  switch (opcode) {
    case Op.memoryGrow:
    case Op.tableGrow:
    case 0xfc008: // memory.init
    case 0xfc00a: // memory.copy
    case 0xfc00b: // memory.fill
    case 0xfc00c: // table.init
    case 0xfc00e: // table.copy
    case 0xfc011: // table.fill
    case Op.arrayNew:
    case Op.arrayNewDefault:
    case Op.arrayNewData:
    case Op.arrayNewElem:
    case Op.arrayFill:
    case Op.arrayCopy:
    case Op.arrayInitData:
    case Op.arrayInitElem:
      return true;
    default:
      return false;
  }
}

/** Whether an instruction reads or writes memory, a table, or an object. */
export function isAccess(opcode: number): boolean {
  if (opcode < 0x100) return (opcode >= 0x28 && opcode <= 0x3e) || opcode === Op.tableGet;
  return isPrefixedAccess(opcode);
}

function isPrefixedAccess(opcode: number): boolean {
  switch (opcode >> 12) {
    case 0xfb:
      return (opcode >= 0xfb002 && opcode <= 0xfb005) || (opcode >= 0xfb00b && opcode <= 0xfb00e);
    case 0xfd:
      return opcode <= 0xfd00b || (opcode >= 0xfd054 && opcode <= 0xfd05d);
    case 0xfe:
      return opcode >= 0xfe010;
    default:
      return false;
  }
}

/** Instructions that change a table or drop a segment: nothing undoes that short of a new instance. */
export function changesTables(opcode: number): boolean {
  switch (opcode) {
    case Op.tableSet:
    case Op.dataDrop:
    case Op.tableInit:
    case Op.elemDrop:
    case Op.tableCopy:
    case Op.tableGrow:
    case Op.tableFill:
      return true;
    default:
      return false;
  }
}
