import { bytesOf, countOf } from '../text/quantities.ts';
import type { Limits } from '../wasm/index.ts';

const PAGE_SIZE = 65_536;

/** `17 pages (1.1 MiB)`, with the size up to which it may grow. */
export function describeMemory({ initial, maximum, shared, is64 }: Limits): string {
  const grows =
    maximum === undefined ? ', may grow' : maximum > initial ? `, may grow to ${describePages(maximum)}` : '';
  return `${describePages(initial)}${grows}${shared ? ', shared' : ''}${is64 ? ', 64-bit' : ''}`;
}

function describePages(pages: number): string {
  return `${countOf(pages, 'page')} (${bytesOf(pages * PAGE_SIZE)})`;
}

/** `12 funcref`, with the size up to which it may grow. */
export function describeTable({ element, initial, maximum }: Limits & { readonly element: string }): string {
  const grows = maximum === undefined ? ', may grow' : maximum > initial ? `, may grow to ${maximum}` : '';
  return `${initial} ${element}${grows}`;
}
