import type { Shower } from '../show-value.ts';
import type { Shown, Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';
import { deep } from './cells.ts';

/** The farthest time from 1970 that a `Date` has, in milliseconds. */
const MAX_TIME = 8.64e15;

interface Time {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Spans and points of time. */
export async function showTime(shower: Shower, value: Value, name: string): Promise<Shown | null> {
  if (name !== 'Duration' && name !== 'Instant' && name !== 'SystemTime') return null;
  const time = await timeIn(shower.reader, value);
  if (time === null) return null;
  return { text: name === 'SystemTime' ? dateText(time) : durationText(time), isMade: true };
}

/** Systems have structures of their own around the two numbers. */
async function timeIn(reader: ValueReader, value: Value): Promise<Time | null> {
  const unsigned = await deep(reader, value, 'secs');
  const signed = unsigned === null ? await deep(reader, value, 'tv_sec') : null;
  const nanos = (await deep(reader, value, 'nanos')) ?? (await deep(reader, value, 'tv_nsec'));
  const number = await reader.number(nanos);
  const secs = unsigned ?? signed;
  const bits = secs === null ? null : await reader.bits(secs);
  if (bits === null || number === null) return null;
  return { seconds: signed === null ? bits : BigInt.asIntN(64, bits), nanos: number };
}

/** As Rust prints it: `1.5s`, `42ns`. */
function durationText({ seconds, nanos }: Time): string {
  if (seconds !== 0n) return `${seconds}${fraction(nanos, 9)}s`;
  if (nanos >= 1e6) return `${Math.floor(nanos / 1e6)}${fraction(nanos % 1e6, 6)}ms`;
  if (nanos >= 1e3) return `${Math.floor(nanos / 1e3)}${fraction(nanos % 1e3, 3)}µs`;
  return `${nanos}ns`;
}

/** `2017-07-14T02:40:00.25Z` */
function dateText({ seconds, nanos }: Time): string {
  const time = 1000 * Number(seconds);
  if (Math.abs(time) > MAX_TIME) return `${durationText({ seconds, nanos })} after 1970`;
  return new Date(time).toISOString().replace(/\.000Z$/, `${fraction(nanos, 9)}Z`);
}

function fraction(part: number, digits: number): string {
  const text = String(part).padStart(digits, '0').replace(/0+$/, '');
  return text === '' ? '' : `.${text}`;
}
