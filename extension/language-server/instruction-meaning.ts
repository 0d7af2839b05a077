/** What instructions do, in a sentence: put together from the parts of their names. Source: core specification, 4.4. */

const TYPES: Readonly<Record<string, string>> = {
  i32: 'i32',
  i64: 'i64',
  f32: 'f32',
  f64: 'f64',
  v128: 'vector',
};

/** Of instructions whose whole name is needed to say what they do. */
const WHOLE: Readonly<Record<string, string>> = {
  unreachable: 'Traps.',
  nop: 'Does nothing.',
  block: 'Begins a block. A branch to its label goes behind its end.',
  loop: 'Begins a loop. A branch to its label goes back to its beginning.',
  if: 'Takes a condition, and goes on with the first arm unless it is 0.',
  else: 'Begins the arm of an `if` for the condition 0.',
  end: 'Ends a block.',
  try: 'Begins a block that catches exceptions, in the older form.',
  try_table:
    'Begins a block that catches exceptions: each clause names a tag and the label that it branches to.',
  catch: 'Catches the exceptions of a tag, whose values are on the stack then.',
  catch_all: 'Catches all exceptions.',
  delegate: 'Ends a `try`, and leaves its exceptions to an outer block.',
  throw: 'Throws an exception of a tag, with the values of its parameters.',
  rethrow: 'Throws the exception again that a `catch` has caught.',
  throw_ref: 'Throws the exception again that a reference stands for. Traps if it is null.',
  br: 'Branches to a label.',
  br_if: 'Branches to a label unless the condition is 0.',
  br_table: 'Branches to the label at an index, or to the last label if there is none.',
  br_on_null:
    'Branches to a label if the reference is null. Otherwise it stays on the stack, as one that is not null.',
  br_on_non_null: 'Branches to a label with the reference unless it is null.',
  br_on_cast: 'Branches to a label with the reference if it is of the second type.',
  br_on_cast_fail: 'Branches to a label with the reference unless it is of the second type.',
  return: 'Returns from the function.',
  call: 'Calls a function.',
  call_indirect: 'Calls the function at an index of a table. Traps if it is of another type.',
  call_ref: 'Calls the function that a reference stands for. Traps if it is null.',
  return_call: 'Calls a function in place of this one, which returns what that returns.',
  return_call_indirect: 'Calls the function at an index of a table in place of this one.',
  return_call_ref: 'Calls the function that a reference stands for in place of this one.',
  drop: 'Drops a value.',
  select: 'Takes two values and a condition, and leaves the first value unless the condition is 0.',
  'local.get': 'Pushes the value of a local.',
  'local.set': 'Gives a value to a local.',
  'local.tee': 'Gives a value to a local, and leaves it on the stack.',
  'global.get': 'Pushes the value of a global.',
  'global.set': 'Gives a value to a global.',
  'table.get': 'Reads an element of a table. Traps outside of it.',
  'table.set': 'Writes an element of a table. Traps outside of it.',
  'table.size': 'Pushes how many elements a table has.',
  'table.grow': "Adds elements to a table. Pushes how many it had, or -1 if it can't grow.",
  'table.fill': 'Writes a value to several elements of a table.',
  'table.copy': 'Copies elements from a table to a table.',
  'table.init': 'Copies elements of a segment to a table.',
  'elem.drop': 'Gives up an element segment, which is empty then.',
  'memory.size': 'Pushes how many pages of 64 KiB a memory has.',
  'memory.grow': "Adds pages of 64 KiB to a memory. Pushes how many it had, or -1 if it can't grow.",
  'memory.fill': 'Takes an address, a byte and a length, and fills that part of a memory.',
  'memory.copy': 'Takes two addresses and a length, and copies from the second to the first.',
  'memory.init': 'Takes an address, an offset in a data segment and a length, and copies from the segment.',
  'data.drop': 'Gives up a data segment, which is empty then.',
  'memory.atomic.notify': 'Wakes threads that wait at an address, at most so many. Pushes how many.',
  'memory.atomic.wait32': 'Waits at an address while it has this i32, up to so many nanoseconds.',
  'memory.atomic.wait64': 'Waits at an address while it has this i64, up to so many nanoseconds.',
  'atomic.fence': 'Orders what was accessed before and after it for other threads.',
  'ref.null': 'Pushes the null reference.',
  'ref.is_null': 'Pushes 1 if a reference is null, otherwise 0.',
  'ref.func': 'Pushes a reference to a function.',
  'ref.eq': 'Pushes 1 if two references are of the same object, otherwise 0.',
  'ref.as_non_null': 'Traps if a reference is null.',
  'ref.test': 'Pushes 1 if a reference is of a type, otherwise 0.',
  'ref.cast': 'Traps unless a reference is of a type.',
  'ref.i31': 'Makes a reference of the low 31 bits of an i32.',
  'i31.get_s': 'Pushes the number of an i31, with its sign.',
  'i31.get_u': 'Pushes the number of an i31, without a sign.',
  'any.convert_extern': 'Makes a reference of the host one of WebAssembly.',
  'extern.convert_any': 'Makes a reference one of the host.',
  'struct.new': 'Makes a struct of the values of its fields.',
  'struct.new_default': 'Makes a struct whose fields are 0 or null.',
  'struct.get': 'Reads a field of a struct. Traps if that is null.',
  'struct.get_s': 'Reads a packed field of a struct, with its sign.',
  'struct.get_u': 'Reads a packed field of a struct, without a sign.',
  'struct.set': 'Writes a field of a struct. Traps if that is null.',
  'array.new': 'Takes a value and a length, and makes an array.',
  'array.new_default': 'Takes a length, and makes an array of 0 or null.',
  'array.new_fixed': 'Makes an array of so many values.',
  'array.new_data': 'Takes an offset and a length, and makes an array of a data segment.',
  'array.new_elem': 'Takes an offset and a length, and makes an array of an element segment.',
  'array.get': 'Reads an element of an array. Traps outside of it.',
  'array.get_s': 'Reads a packed element of an array, with its sign.',
  'array.get_u': 'Reads a packed element of an array, without a sign.',
  'array.set': 'Writes an element of an array. Traps outside of it.',
  'array.len': 'Pushes the length of an array.',
  'array.fill': 'Takes an array, an index, a value and a length, and fills that part.',
  'array.copy':
    'Takes an array, an index, another array, an index and a length, and copies from the second to the first.',
  'array.init_data': 'Takes an array, an index, an offset and a length, and copies from a data segment.',
  'array.init_elem': 'Takes an array, an index, an offset and a length, and copies from an element segment.',
  'v128.not': 'Turns all bits around.',
  'v128.andnot': 'Pushes the bits of the first vector that the second has not.',
  'v128.bitselect':
    'Takes two vectors and a mask: bits of the first where the mask has 1, of the second where it has 0.',
  'v128.any_true': 'Pushes 1 if a vector has any bit, otherwise 0.',
  'i8x16.shuffle': 'Makes a vector of sixteen bytes of two vectors, which the immediates number.',
  'i8x16.swizzle': 'Makes a vector of the bytes of the first one at the indices in the second, 0 for others.',
};

/** Of the part behind the dot. `T` is the type before the dot, `S` the type in the name of the operation. */
const OPERATIONS: readonly (readonly [operation: RegExp, meaning: string])[] = [
  [/^const$/, 'Pushes a constant.'],
  [/^eqz$/, 'Pushes 1 if the T is 0, otherwise 0.'],
  [/^eq$/, 'Compares: 1 if both are equal.'],
  [/^ne$/, 'Compares: 1 if they are different.'],
  [/^lt/, 'Compares: 1 if the first is less than the second@.'],
  [/^gt/, 'Compares: 1 if the first is greater than the second@.'],
  [/^le/, 'Compares: 1 if the first is less than the second or equal@.'],
  [/^ge/, 'Compares: 1 if the first is greater than the second or equal@.'],
  [/^clz$/, 'Counts the zero bits above the highest 1.'],
  [/^ctz$/, 'Counts the zero bits below the lowest 1.'],
  [/^popcnt$/, 'Counts the bits that are 1.'],
  [/^add$/, 'Adds.'],
  [/^sub$/, 'Subtracts the second from the first.'],
  [/^mul$/, 'Multiplies.'],
  [/^(?:add|sub)_sat/, 'Adds or subtracts; what is out of range becomes the nearest number@.'],
  [/^div_/, 'Divides the first by the second@, rounded towards 0. Traps if the second is 0.'],
  [/^div$/, 'Divides the first by the second.'],
  [/^rem/, 'Pushes the remainder of a division@. Traps if the second is 0.'],
  [/^and$/, 'Pushes the bits that both have.'],
  [/^or$/, 'Pushes the bits that either has.'],
  [/^xor$/, 'Pushes the bits that only one of both has.'],
  [/^shl$/, 'Shifts the bits to the left.'],
  [/^shr/, 'Shifts the bits to the right@.'],
  [/^rotl$/, 'Rotates the bits to the left.'],
  [/^rotr$/, 'Rotates the bits to the right.'],
  [/^abs$/, 'Pushes the absolute value.'],
  [/^neg$/, 'Changes the sign.'],
  [/^ceil$/, 'Rounds up.'],
  [/^floor$/, 'Rounds down.'],
  [/^trunc$/, 'Rounds towards 0.'],
  [/^nearest$/, 'Rounds to the nearest whole number, and to the even one in between.'],
  [/^sqrt$/, 'Pushes the square root.'],
  [/^(?:relaxed_)?min/, 'Pushes the lesser number@.'],
  [/^(?:relaxed_)?max/, 'Pushes the greater number@.'],
  [/^pmin$/, 'Pushes the second if it is less than the first, otherwise the first.'],
  [/^pmax$/, 'Pushes the second if it is greater than the first, otherwise the first.'],
  [/^copysign$/, 'Pushes the first number with the sign of the second.'],
  [/^wrap_/, 'Keeps the low 32 bits.'],
  [/^extend_(?:low|high)_/, 'Makes lanes of twice the size of half of the lanes@.'],
  [/^extend\d+_s$/, 'Takes the low bits as a number with a sign.'],
  [/^extend_/, 'Makes an i64 of an i32@.'],
  [/^trunc_sat_/, 'Makes a whole number of a T, the nearest one if it is out of range@.'],
  [/^relaxed_trunc/, 'Makes whole numbers; what is out of range depends on the machine@.'],
  [/^trunc_/, 'Makes a whole number@. Traps if it is out of range.'],
  [/^convert_/, 'Makes a floating-point number of a whole one@.'],
  [/^demote_/, 'Makes an f32 of an f64.'],
  [/^promote_/, 'Makes an f64 of an f32.'],
  [/^reinterpret_/, 'Takes the same bits as another type.'],
  [/^load\d+_lane$/, 'Reads a lane of a vector from memory.'],
  [/^load\d+_splat$/, 'Reads a number from memory into all lanes.'],
  [/^load\d+_zero$/, 'Reads a number from memory into the first lane; the others are 0.'],
  [/^load\d+x\d+/, 'Reads numbers from memory into lanes of twice their size@.'],
  [/^load\d+/, 'Reads a number of fewer bits from memory@.'],
  [/^load$/, 'Reads a T from memory.'],
  [/^store\d+_lane$/, 'Writes a lane of a vector to memory.'],
  [/^store\d+$/, 'Writes the low bits to memory.'],
  [/^store$/, 'Writes a T to memory.'],
  [/^splat$/, 'Makes a vector of lanes that are all the same.'],
  [/^extract_lane/, 'Pushes a lane of a vector@.'],
  [/^replace_lane$/, 'Changes a lane of a vector.'],
  [/^all_true$/, 'Pushes 1 if no lane is 0, otherwise 0.'],
  [/^bitmask$/, 'Pushes the highest bit of each lane.'],
  [
    /^narrow_/,
    'Makes lanes of half the size of those of two vectors; what is out of range becomes the nearest number@.',
  ],
  [/^avgr_u$/, 'Pushes the average of each lane, rounded up.'],
  [/^extadd_pairwise_/, 'Adds neighbouring lanes into one of twice the size@.'],
  [/^extmul_/, 'Multiplies half of the lanes into lanes of twice the size@.'],
  [/q15mulr/, 'Multiplies fixed-point numbers of 15 bits, with rounding.'],
  [/dot_/, 'Multiplies lanes, and adds neighbouring products.'],
  [/^relaxed_madd$/, 'Multiplies the first two and adds the third.'],
  [/^relaxed_nmadd$/, 'Multiplies the first two and subtracts that from the third.'],
  [/^relaxed_laneselect$/, 'Selects bits or lanes of two vectors by a mask.'],
  [/^relaxed_swizzle$/, 'Makes a vector of the bytes of the first one at the indices in the second.'],
  [/^rmw.*cmpxchg/, 'Writes a value if memory has the expected one. Pushes what it had.'],
  [/^rmw.*xchg/, 'Writes a value to memory. Pushes what it had.'],
  [/^rmw/, 'Changes a number in memory in one step. Pushes what it was.'],
];

/** What an instruction does, as a sentence; undefined for what is no instruction. */
export function meaningOf(mnemonic: string): string | undefined {
  const whole = WHOLE[mnemonic];
  if (whole !== undefined) return whole;
  const dot = mnemonic.indexOf('.');
  if (dot < 0) return undefined;
  const type = mnemonic.slice(0, dot);
  const isAtomic = mnemonic.startsWith('atomic.', dot + 1);
  const operation = mnemonic.slice(dot + 1).replace(/^atomic\./, '');
  const found = OPERATIONS.find(([pattern]) => pattern.test(operation))?.[1];
  if (found === undefined) return undefined;
  const sign = /_s(?:_zero)?$/.test(operation)
    ? ', with a sign'
    : /_u(?:_zero)?$/.test(operation)
      ? ', without a sign'
      : '';
  const lanes = /^[if]\d+x\d+$/.test(type) ? ` In each lane of ${type}.` : '';
  const sentence = found.replace('@', sign).replace(/\bT\b/, TYPES[type] ?? 'number');
  return `${sentence}${/lane|vector/.test(sentence) ? '' : lanes}${isAtomic ? ' Atomic.' : ''}`;
}

/** Names that instructions had before WebAssembly 1.0, and what they are called now. */
export function presentName(older: string): string | undefined {
  const simple: Readonly<Record<string, string>> = {
    get_local: 'local.get',
    set_local: 'local.set',
    tee_local: 'local.tee',
    get_global: 'global.get',
    set_global: 'global.set',
    grow_memory: 'memory.grow',
    current_memory: 'memory.size',
    'i32.wrap/i64': 'i32.wrap_i64',
    anyfunc: 'funcref',
  };
  const known = simple[older];
  if (known !== undefined) return known;
  // i32.trunc_s/f32, i64.extend_u/i32, i32.trunc_s:sat/f32, f32.demote/f64
  const match = /^([if]\d\d)\.([a-z]+)(?:_([su]))?(:sat)?\/([if]\d\d)$/.exec(older);
  if (match === null) return undefined;
  const [, type, operation, sign, saturating, from] = match;
  return `${type}.${operation}${saturating === undefined ? '' : '_sat'}_${from}${sign === undefined ? '' : `_${sign}`}`;
}
