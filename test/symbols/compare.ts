/**
 * Compares the symbols of modules with what LLVM's tools say of them: every row of the line tables, and function, file, line and
 * inlined calls at random offsets.
 *
 *     node test/symbols/compare.ts MODULE... [--offsets=10000] [--seed=1]
 */
import { dumpedLineTables, llvmTool, symbolized } from './llvm.ts';
import { framesAt, lineTables, openModule } from './module-symbols.ts';

/** Differences of each kind that are described. */
const SHOWN = 5;

export interface Comparison {
  readonly rows: number;
  readonly offsets: number;
  /** Offsets of which LLVM knows the function. */
  readonly known: number;
  readonly differences: number;
  readonly shown: readonly string[];
}

/** @throws Error where LLVM's tools are missing */
export function compareModule(path: string, offsets: number, seed: number): Comparison {
  const dump = llvmTool('llvm-dwarfdump');
  const symbolizer = llvmTool('llvm-symbolizer');
  if (dump === null || symbolizer === null) throw new Error('LLVM is not on this machine');
  const module = openModule(path);
  const shown: string[] = [];
  let differences = 0;
  let shownRows = 0;
  let rows = 0;
  const ours = lineTables(module.symbols);
  for (const [offset, expected] of dumpedLineTables(dump, path)) {
    const found = ours.get(offset) ?? [];
    rows += expected.length;
    for (let i = 0; i < Math.max(expected.length, found.length); i++) {
      if (expected[i] === found[i]) continue;
      differences++;
      if (shownRows++ < SHOWN) shown.push(`table ${offset}, row ${i}: ${found[i]} instead of ${expected[i]}`);
    }
  }
  const { codeStart, codeEnd } = module.parts;
  const addresses = randomNumbers(codeEnd - codeStart, offsets, seed);
  const options = module.dwp === null ? [] : [`--dwp=${module.dwp}`];
  const expected = symbolized(symbolizer, path, addresses, options);
  for (const [i, address] of addresses.entries()) {
    const found = JSON.stringify(framesAt(module, address));
    const wanted = JSON.stringify(expected[i]);
    if (found === wanted) continue;
    differences++;
    if (shown.length < 2 * SHOWN) shown.push(`0x${address.toString(16)}: ${found}\n  instead of ${wanted}`);
  }
  const known = expected.filter(([frame]) => frame?.function !== '').length;
  return { rows, offsets, known, differences, shown };
}

/** Numbers below `limit`, the same for the same seed. */
function randomNumbers(limit: number, count: number, seed: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  });
}

if (import.meta.main) {
  const option = (name: string, otherwise: number) =>
    Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);
  let failed = false;
  for (const path of process.argv.slice(2).filter((arg) => !arg.startsWith('--'))) {
    const { rows, offsets, known, differences, shown } = compareModule(
      path,
      option('offsets', 10_000),
      option('seed', 1),
    );
    console.log(`${path}: ${rows} rows and ${offsets} offsets (${known} known), ${differences} differences`);
    for (const text of shown) console.log(`  ${text}`);
    failed ||= differences > 0;
  }
  process.exit(failed ? 1 : 0);
}
