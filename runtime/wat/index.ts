/** The text format: assembles modules, and disassembles their functions. */
export { assembleApart } from './assemble-apart.ts';
export { assembleText, WatError } from './assemble-text.ts';
export { type Disassembly, disassembleFunction, functionText, lineOf } from './disassemble.ts';
export { HelperError, HelperThread } from './helper-thread.ts';
