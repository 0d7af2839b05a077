/** Prints the milliseconds of the first look-up of a module with much debug information, in a Node that has just started. */
import { ModuleParts } from '../../runtime/symbols/module-parts.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import { moduleWithDebugInfo } from './large-debug-info.ts';

const module = moduleWithDebugInfo(Number(process.argv[2]));
const begin = performance.now();
const parts = new ModuleParts(module);
if (openSymbols(parts).framesAt(parts.codeStart + 1000).length === 0) throw new Error('it finds nothing');
console.log(performance.now() - begin);
