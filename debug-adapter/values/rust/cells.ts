import type { StructType } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import type { Shown, Value } from '../value.ts';

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
  ...['NonZeroU8', 'NonZeroU16', 'NonZeroU32', 'NonZeroU64', 'NonZeroU128', 'NonZeroUsize'],
  ...['NonZeroI8', 'NonZeroI16', 'NonZeroI32', 'NonZeroI64', 'NonZeroI128', 'NonZeroIsize'],
  ...['AtomicBool', 'AtomicU8', 'AtomicU16', 'AtomicU32', 'AtomicU64', 'AtomicUsize', 'Atomic'],
  ...['AtomicI8', 'AtomicI16', 'AtomicI32', 'AtomicI64', 'AtomicIsize', 'AtomicPtr'],
]);

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
  if (WRAPPERS.has(name)) {
    const inner = await reader.only(value);
    return inner === null ? null : { ...(await shower.covered(inner, depth)), isMade: true };
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
    case 'Duration':
      return await showDuration(shower, value);
    default:
      return null;
  }
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
  const locked = lock === null ? 0 : await reader.number(await deep(shower, lock, 'locked'));
  const failed = await reader.path(value, 'poison.failed');
  const poisoned = failed === null ? 0 : await reader.number(failed);
  return `${locked ? ' (locked)' : ''}${poisoned ? ' (poisoned)' : ''}`;
}

/** A member of a structure that may be in others. */
async function deep(shower: Shower, value: Value, name: string): Promise<Value | null> {
  let at: Value | null = value;
  for (let count = 0; at !== null && count < 8; count++) {
    const found: Value | null = await shower.reader.member(at, name);
    if (found !== null) return found;
    at = await shower.reader.only(at);
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

/** As Rust prints it: `1.5s`, `42ns`. */
async function showDuration(shower: Shower, value: Value): Promise<Shown | null> {
  const { reader } = shower;
  const secs = await reader.member(value, 'secs');
  const seconds = secs === null ? null : await reader.bits(secs);
  const nanos = await reader.number(await reader.member(value, 'nanos'));
  if (seconds === null || nanos === null) return null;
  return { text: durationText(seconds, nanos), isMade: true };
}

function durationText(seconds: bigint, nanos: number): string {
  const with9 = (whole: bigint | number, part: number, digits: number, unit: string) => {
    const fraction = String(part).padStart(digits, '0').replace(/0+$/, '');
    return `${whole}${fraction === '' ? '' : `.${fraction}`}${unit}`;
  };
  if (seconds > 0n) return with9(seconds, nanos, 9, 's');
  if (nanos >= 1e6) return with9(Math.floor(nanos / 1e6), nanos % 1e6, 6, 'ms');
  if (nanos >= 1e3) return with9(Math.floor(nanos / 1e3), nanos % 1e3, 3, 'µs');
  return `${nanos}ns`;
}
