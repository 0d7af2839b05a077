/** The farthest time from 1970 that a `Date` has, in milliseconds. */
const MAX_TIME = 8.64e15;

/** A span of time, or a point by what has passed since 1970. */
export interface Time {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** `1.5s`, `42ns` */
export function durationText({ seconds, nanos }: Time): string {
  if (seconds !== 0n) return `${seconds}${fraction(nanos, 9)}s`;
  if (nanos >= 1e6) return `${Math.floor(nanos / 1e6)}${fraction(nanos % 1e6, 6)}ms`;
  if (nanos >= 1e3) return `${Math.floor(nanos / 1e3)}${fraction(nanos % 1e3, 3)}µs`;
  return `${nanos}ns`;
}

/** `2017-07-14T02:40:00.25Z` */
export function dateText({ seconds, nanos }: Time): string {
  const time = 1000 * Number(seconds);
  if (Math.abs(time) > MAX_TIME) return `${durationText({ seconds, nanos })} after 1970`;
  return new Date(time).toISOString().replace(/\.000Z$/, `${fraction(nanos, 9)}Z`);
}

function fraction(part: number, digits: number): string {
  const text = String(part).padStart(digits, '0').replace(/0+$/, '');
  return text === '' ? '' : `.${text}`;
}
