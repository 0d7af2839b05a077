import type { Shower } from '../show-value.ts';
import { dateText, durationText, type Time } from '../time-text.ts';
import type { Shown, Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';
import { deep } from './cells.ts';

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
