import type { StructType } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import type { Shown, Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';

/** Types that are nothing but what is in them. */
export const WRAPPERS: ReadonlySet<string> = new Set([
  ...[
    'Cell',
    'UnsafeCell',
    'SyncUnsafeCell',
    'ManuallyDrop',
    'Wrapping',
    'Saturating',
    'NonZero',
    'NonNull',
    'Unique',
  ],
  ...['Pin', 'Reverse', 'AssertUnwindSafe', 'OnceCell', 'UsizeNoHighBit', 'Nanoseconds'],
  ...['AtomicBool', 'AtomicU8', 'AtomicU16', 'AtomicU32', 'AtomicU64', 'AtomicUsize', 'Atomic'],
  ...['AtomicI8', 'AtomicI16', 'AtomicI32', 'AtomicI64', 'AtomicIsize', 'AtomicPtr'],
  ...['Align1', 'Align2', 'Align4', 'Align8', 'Align16', 'MaybeDangling', 'LazyCell'],
  ...['BinaryHeap', 'GenFuture', 'Repr'],
]);
/** `NonZeroU8`, and what is in a `NonZero<u8>` of today. */
const NON_ZERO = /^NonZero[IU]\w+$/;

const RANGES: ReadonlyMap<string, string> = new Map([
  ['Range', '..'],
  ['RangeFrom', '..'],
  ['RangeTo', '..'],
  ['RangeInclusive', '..='],
  ['RangeToInclusive', '..='],
]);

/** Cells and locks, which may be around a value without a size. */
export const CELLS: ReadonlySet<string> = new Set([
  'RefCell',
  'Mutex',
  'RwLock',
  'Cell',
  'UnsafeCell',
  'ManuallyDrop',
]);

/** What a cell or a lock tells besides its value, to stand behind that. */
export async function stateOf(shower: Shower, value: Value, name: string): Promise<string> {
  if (name === 'RefCell') return await borrowState(shower, value);
  return name === 'Mutex' || name === 'RwLock' ? await lockState(shower, value) : '';
}

/** Cells, locks and small values of the standard library. */
export async function showCell(
  shower: Shower,
  value: Value,
  type: StructType,
  name: string,
  depth: number,
): Promise<Shown | null> {
  const { reader } = shower;
  if (WRAPPERS.has(name) || NON_ZERO.test(name)) {
    const inner = await reader.only(value);
    if (inner === null) return null;
    const shown = await shower.covered(inner, depth);
    const text = name === 'AtomicBool' || type.name === 'Atomic<bool>' ? boolText(shown.text) : shown.text;
    return { ...shown, text, isMade: true };
  }
  const sign = RANGES.get(name);
  if (sign !== undefined) return await showRange(shower, value, type, sign, depth);
  switch (name) {
    case 'RefCell':
      return await showRefCell(shower, value, depth);
    case 'Ref':
    case 'RefMut':
      return await behind(shower, await reader.pointerIn(await reader.member(value, 'value')), depth);
    case 'Mutex':
    case 'RwLock':
      return await showLock(shower, value, depth);
    case 'MutexGuard': {
      const lock = await reader.member(value, 'lock');
      return await behind(shower, lock, depth);
    }
    case 'RwLockReadGuard':
    case 'RwLockWriteGuard': {
      const data = await reader.pointerIn(await reader.member(value, 'data'));
      return await behind(shower, data ?? (await reader.member(value, 'lock')), depth);
    }
    case 'Error':
      return type.scope.join('::') === 'std::io::error' ? await showIoError(shower, value, depth) : null;
    case 'MaybeUninit':
      return await showUninit(shower, value, depth);
    case 'OnceLock':
      return await showOnce(shower, value, depth);
    default:
      return null;
  }
}

const boolText = (bits: string) => (bits === '0' ? 'false' : bits === '1' ? 'true' : bits);

/** A kind or a number, or a structure of its own behind a pointer. */
async function showIoError(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const repr = await reader.member(value, 'repr');
  if (repr === null) return null;
  const structure = await reader.path(repr, '__0.__0');
  const isPointer = structure !== null && (await reader.typeOf(structure))?.kind === 'pointer';
  return (
    (isPointer ? await behind(shower, structure, depth) : null) ?? {
      ...(await shower.covered(repr, depth)),
      isMade: true,
    }
  );
}

/** Nothing tells whether the value is there. */
async function showUninit(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const inner = await shower.reader.member(value, 'value');
  if (inner === null) return null;
  const shown = await shower.covered(inner, depth);
  return { ...shown, text: `MaybeUninit(${shown.text})`, isMade: true };
}

/** A value that is there once its state says so. */
async function showOnce(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const once = await reader.member(value, 'once');
  const state = once === null ? null : await deep(reader, once, 'state');
  const inner = await reader.path(value, 'value.value.value');
  if (state === null || inner === null) return null;
  const isThere = (await shower.text(state, depth)) === 'Complete';
  return isThere
    ? { ...(await shower.covered(inner, depth)), isMade: true }
    : { text: 'not initialized', isMade: true };
}

/** What a pointer leads to, in the place of what has it. */
export async function behind(shower: Shower, pointer: Value | null, depth: number): Promise<Shown | null> {
  const target = pointer === null ? null : await shower.reader.target(pointer);
  return target === null ? null : { ...(await shower.covered(target, depth)), target, isMade: true };
}

async function showRefCell(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const inner = await shower.reader.path(value, 'value.value');
  if (inner === null) return null;
  const shown = await shower.covered(inner, depth);
  return { ...shown, text: shown.text + (await borrowState(shower, value)), isMade: true };
}

async function borrowState({ reader }: Shower, value: Value): Promise<string> {
  const count = ((await reader.number(await reader.member(value, 'borrow'))) ?? 0) | 0;
  return count === 0 ? '' : count > 0 ? ' (borrowed)' : ' (borrowed mutably)';
}

async function showLock(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const inner = await shower.reader.path(value, 'data.value');
  if (inner === null) return null;
  const shown = await shower.covered(inner, depth);
  return { ...shown, text: shown.text + (await lockState(shower, value)), isMade: true };
}

async function lockState(shower: Shower, value: Value): Promise<string> {
  const { reader } = shower;
  const lock = await reader.member(value, 'inner');
  // The lock is deeper in the structure in some versions.
  const locked = lock === null ? 0 : await reader.number(await deep(reader, lock, 'locked'));
  const failed = await reader.path(value, 'poison.failed');
  const poisoned = failed === null ? 0 : await reader.number(failed);
  return `${locked ? ' (locked)' : ''}${poisoned ? ' (poisoned)' : ''}`;
}

/** A member of a structure that may be in others. */
export async function deep(reader: ValueReader, value: Value, name: string): Promise<Value | null> {
  let at: Value | null = value;
  for (let count = 0; at !== null && count < 8; count++) {
    const found: Value | null = await reader.member(at, name);
    if (found !== null) return found;
    at = await reader.only(at);
  }
  return null;
}

async function showRange(
  shower: Shower,
  value: Value,
  type: StructType,
  sign: string,
  depth: number,
): Promise<Shown> {
  const text = async (name: string) => {
    const part = await shower.reader.member(value, name);
    return part === null ? '' : await shower.text(part, depth + 1);
  };
  const named = () => shower.members(value, type);
  const exhausted = await shower.reader.number(await shower.reader.member(value, 'exhausted'));
  const state = exhausted ? ' (exhausted)' : '';
  return { text: `${await text('start')}${sign}${await text('end')}${state}`, named, isMade: true };
}
