import type { StructType } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { dateText, durationText } from '../time-text.ts';
import type { Shown, Value } from '../value.ts';

const BILLION = 1_000_000_000n;

/** Points of time and parts of the calendar. */
export async function showTime(
  shower: Shower,
  value: Value,
  name: string,
  type: StructType,
): Promise<Shown | null> {
  switch (name) {
    case 'time_point':
      return await showPoint(shower, value, type);
    case 'year':
    case 'month':
    case 'day':
    case 'weekday': {
      const inner = await shower.reader.only(value);
      return inner === null ? null : { ...(await shower.show(inner)), isMade: true };
    }
    case 'year_month_day': {
      const parts: string[] = [];
      for (const part of ['__y', '__m', '__d']) {
        const inner =
          (await shower.reader.member(value, part)) ?? (await shower.reader.member(value, `${part}_`));
        if (inner === null) return null;
        parts.push((await shower.text(inner, 0)).padStart(2, '0'));
      }
      return { text: parts.join('-'), isMade: true };
    }
    default:
      return null;
  }
}

/** That of the system's clock is a date; others tell what has passed since the machine began. */
async function showPoint({ reader }: Shower, value: Value, type: StructType): Promise<Shown | null> {
  const duration = await reader.member(value, '__d_');
  const count = duration === null ? null : await reader.member(duration, '__rep_');
  const unit = duration === null ? null : await reader.typeOf(duration);
  const number = count === null ? null : await reader.typeOf(count);
  const bits = count === null ? null : await reader.bits(count);
  const [, part, whole = '1'] = /ratio<(\d+)[^,>]*(?:, (\d+)[^>]*)?>/.exec(unit?.name ?? '') ?? [];
  if (bits === null || part === undefined || number?.kind !== 'base' || number.encoding === 'float')
    return null;
  const nanos = (BigInt.asIntN(8 * (number.size ?? 8), bits) * BigInt(part) * BILLION) / BigInt(whole);
  const rest = ((nanos % BILLION) + BILLION) % BILLION;
  const time = { seconds: (nanos - rest) / BILLION, nanos: Number(rest) };
  return {
    text: /^time_point<[\w:]*system_clock\b/.test(type.name ?? '') ? dateText(time) : durationText(time),
    isMade: true,
  };
}
