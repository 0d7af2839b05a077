/** The text format: assembles modules, and disassembles their functions. */
export { assembleText, WatError } from './assemble-text.ts';
export { type Disassembly, disassembleFunction, functionText, lineOf } from './disassemble.ts';
