/** Writes what LLVM says of the modules in `fixtures` into files beside them. `fixtures/build.mjs` calls it. */
import { writeFileSync } from 'node:fs';
import { dumpedVariables, variablesText } from './dumped-variables.ts';
import { fixtures } from './fixtures.ts';
import { dumpedLineTables, llvmTool, symbolized } from './llvm.ts';
import { moduleText, openModule } from './module-symbols.ts';

const dump = llvmTool('llvm-dwarfdump');
const symbolizer = llvmTool('llvm-symbolizer');
if (dump === null || symbolizer === null) throw new Error('llvm-dwarfdump and llvm-symbolizer are needed');
for (const path of fixtures()) {
  const { parts, dwp } = openModule(path);
  const options = dwp === null ? [] : [`--dwp=${dwp}`];
  const text = moduleText(parts.codeEnd - parts.codeStart, dumpedLineTables(dump, path), (addresses) =>
    symbolized(symbolizer, path, addresses, options),
  );
  writeFileSync(path.replace(/wasm$/, 'expected'), text);
  // Those of split units are in other files.
  if (dwp === null)
    writeFileSync(path.replace(/wasm$/, 'variables'), variablesText(dumpedVariables(dump, path)));
}
