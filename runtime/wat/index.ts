/** The text format: reads texts with their positions, assembles modules, and disassembles their functions. */

export { HelperError, HelperThread } from '../thread/helper-thread.ts';
export { assembleApart } from './assemble-apart.ts';
export { assembleText, WatError } from './assemble-text.ts';
export type { CodeObserver } from './checking/code-observer.ts';
export { labelTypes } from './checking/code-state.ts';
export type { CodeFindings, CodeUnit } from './checking/code-unit.ts';
export type { InstructionChecker } from './checking/instruction-checker.ts';
export { type Named, type NameSpace, SPACE_WORDS, type TypedName, type Use } from './checking/names.ts';
export type { Place } from './checking/place.ts';
export type { ProblemKind, TextProblem } from './checking/problems.ts';
export { checkText, TextAnalysis } from './checking/text-analysis.ts';
export { HEAP_NAMES, Type, typeIndexOf, typesOfLetters, VALUE_TYPE_NAMES } from './checking/types.ts';
export {
  type Declaration,
  type Declarations,
  declaredName,
  readDeclarations,
  type Space,
  type TextExport,
} from './declarations.ts';
export { type Disassembly, disassembleFunction, functionText, lineOf } from './disassemble.ts';
export { editSyntax } from './edit-syntax.ts';
export { namedBehind } from './index-spaces.ts';
export { LineStarts, type TextPosition } from './line-starts.ts';
export { stringValue } from './literals.ts';
export { mnemonics, opcodeOf } from './mnemonics.ts';
export { moduleIdentifiers } from './module-identifiers.ts';
export { presentName } from './older-names.ts';
export { type PrintedModule, printModule } from './print-module.ts';
export {
  type Atom,
  FIELDS,
  type List,
  type Node,
  type OpenSyntax,
  readOpenSyntax,
  readSyntax,
  type Syntax,
  textOf,
} from './syntax.ts';
export { type InstructionPlace, TextPlaces } from './text-places.ts';
export { TextSymbols } from './text-symbols.ts';
export { type TextFault, TokenKind, TokenReader } from './tokens.ts';
