import type { Limits } from '../wasm/index.ts';

const PAGE_SIZE = 65_536;
const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** `17 pages (1.1 MB)`, with how far it may grow. */
export function describeMemory({ initial, maximum, shared, is64 }: Limits): string {
  const grows =
    maximum === undefined ? ', may grow' : maximum > initial ? `, may grow to ${describePages(maximum)}` : '';
  return `${describePages(initial)}${grows}${shared ? ', shared' : ''}${is64 ? ', 64-bit' : ''}`;
}

function describePages(pages: number): string {
  return `${count(pages, 'page')} (${describeBytes(pages * PAGE_SIZE)})`;
}

/** `12 funcref`, with how far it may grow. */
export function describeTable({ element, initial, maximum }: Limits & { readonly element: string }): string {
  const grows = maximum === undefined ? ', may grow' : maximum > initial ? `, may grow to ${maximum}` : '';
  return `${initial} ${element}${grows}`;
}

/** `1.1 MB` */
export function describeBytes(bytes: number): string {
  let unit = 0;
  let size = bytes;
  for (; size >= 1024 && unit < UNITS.length - 1; unit++) size /= 1024;
  return `${unit === 0 || size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${UNITS[unit]}`;
}

/** `1 test`, `2 tests` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
