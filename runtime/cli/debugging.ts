import { Debugging } from '../kernel/debugging.ts';
import type { Symbols } from '../symbols/symbols.ts';
import { MOST_KEPT, NameSection, type ProbeSites, statementStarts, type WasmModule } from '../wasm/index.ts';
import { openModuleSymbols } from '../wat/open-module-symbols.ts';

/**
 * What a program needs that is debugged: its processes can be stopped where lines of its text or its sources begin, or, where
 * these are not known, where statements of its code do.
 * @param pathOf tells the file of the module that is being loaded; null for one that processes load
 */
export function debugging(pathOf: () => string | null): Debugging {
  const sitesOf = (module: WasmModule): ProbeSites => {
    let ofBytes = true;
    const symbols = openModuleSymbols(module.bytes, pathOf(), () => {
      ofBytes = false;
    });
    const starts = lineStarts(symbols);
    return {
      offsets: starts.length === 0 ? statementStarts(module) : starts,
      localsOf: namedFirst(module),
      ofBytes,
    };
  };
  // Of a text, the lines count; and files are looked for beside a module that is one.
  return new Debugging(sitesOf, () => !(pathOf() ?? '.wat').endsWith('.wat'));
}

function lineStarts(symbols: Symbols): Uint32Array {
  const all = symbols.allStarts?.();
  if (all !== undefined) return Uint32Array.from(all).sort();
  const offsets = new Set<number>();
  for (const file of symbols.files())
    for (const line of symbols.linesOf(file))
      for (const { offset } of symbols.startsOf(file, line)) offsets.add(offset);
  return Uint32Array.from(offsets).sort();
}

/** The locals that functions with more than a frame keeps had better keep: those that have names, and then the first ones. */
function namedFirst(module: WasmModule): (defined: number) => readonly number[] | undefined {
  const { code, importedFunctions } = module;
  let names: NameSection | undefined;
  return (defined) => {
    const index = importedFunctions + defined;
    const parameters = module.functionType(index)?.params.length ?? 0;
    const count = parameters + (code.localCount[defined] ?? 0);
    if (count <= MOST_KEPT) return undefined;
    names ??= new NameSection(module);
    // Binaryen names what has no name by its number.
    const named = [...names.locals(index)].filter(([local, name]) => local < count && name !== `${local}`);
    const first = [...new Set([...named.map(([local]) => local), ...Array(MOST_KEPT).keys()])].slice(
      0,
      MOST_KEPT,
    );
    return first.sort((a, b) => a - b);
  };
}
