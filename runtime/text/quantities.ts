/** Numbers, sizes and times in words. */

/** `10,000` */
export function grouped(count: number): string {
  return `${count}`.replace(/(?<!\.\d*)\B(?=(\d{3})+$)/g, ',');
}

/** `1 message`, `2 directories`, `10,000 processes` */
export function countOf(count: number, noun: string): string {
  return `${grouped(count)} ${count === 1 ? noun : pluralOf(noun)}`;
}

function pluralOf(noun: string): string {
  if (noun.endsWith('s')) return `${noun}es`;
  return noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `12 bytes`, `1.1 MiB`, `4 GiB` */
export function bytesOf(bytes: number): string {
  if (bytes < 1024) return countOf(bytes, 'byte');
  let unit = 0;
  let size = bytes;
  for (; size >= 1023.95 && unit < UNITS.length - 1; unit++) size /= 1024;
  return `${size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${UNITS[unit]}`;
}

/**
 * `12 s`, `3 min`, `2.5 h`; nothing below a second.
 * @param duration in milliseconds
 */
export function durationOf(duration: number): string {
  const seconds = Math.floor(duration / 1000);
  if (seconds < 1) return '';
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Number((seconds / 3600).toFixed(1))} h`;
}
