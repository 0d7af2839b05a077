/** What the debug adapter, the extension, scripts and tests use of the runtime. It may change with every version. */

export { writePrivate } from './cli/private-files.ts';
export { type RunningProgram, runningPrograms } from './cli/running-programs.ts';
export { CoverageReadError, readCoverage } from './coverage/read-report.ts';
export type { CoverageReport } from './coverage/report.ts';
export {
  type BinaryOperator,
  type CharacterSize,
  type Code,
  type Context,
  cCharacterText,
  characterText,
  compileExpression,
  constantText,
  depthOf,
  dottedNamesIn,
  type Expression,
  ExpressionError,
  floatText,
  isPattern,
  namesIn,
  parseExpression,
  parseHitCondition,
  parseLogMessage,
  pathText,
  shortest,
  sizedNamesIn,
  type Type as ExpressionType,
  truthOf,
  typeKey,
  typeText,
  untilZero,
  type Variants,
  valueText,
  wideText,
} from './expressions/index.ts';
export { HOST_FUNCTIONS } from './host/host-functions.ts';
export { LinkError } from './host/linker.ts';
export {
  type ConnectFailure,
  InspectClient,
  type InspectClientOptions,
  InspectClosedError,
  InspectConnectError,
  InspectRequestError,
} from './inspect/client.ts';
export { collectDump } from './inspect/core-dump/collect-dump.ts';
export { CoreDumpError } from './inspect/core-dump/core-dump-error.ts';
export { openDumpFile } from './inspect/core-dump/dump-bytes.ts';
export { digestOf } from './inspect/core-dump/dump-module.ts';
export { type ReadDump, readDump } from './inspect/core-dump/dump-reader.ts';
export { writeDump } from './inspect/core-dump/dump-writer.ts';
export { DUMP_REFUSAL, DumpedProgram } from './inspect/core-dump/dumped-program.ts';
export type { Inspected } from './inspect/inspected.ts';
export { Newcomers } from './inspect/newcomers.ts';
export type { ProcessSnapshot } from './inspect/view/index.ts';
export { type Exit, isNormal } from './kernel/exit.ts';
export { V8_FLAGS } from './kernel/jspi.ts';
export { ModuleError } from './kernel/module-error.ts';
export type { Process } from './kernel/process.ts';
export { type InputStream, OutputError, type OutputStream, type Stdio } from './kernel/stdio.ts';
export { ProcessConfig } from './permissions/config.ts';
export { PERMISSIONS, type PermissionName } from './permissions/permission.ts';
export { PluginError } from './plugins/check-plugin.ts';
export type { AnyPlugin } from './plugins/plugin.ts';
export { createProject, faultOfName } from './projects/create-project.ts';
export { parseToml } from './projects/parse-toml.ts';
export { ProjectFileError } from './projects/project-file-error.ts';
export { hasRustTarget, RUST_TARGETS, type RustTarget, usualRustTarget } from './projects/rust-target.ts';
export { LANGUAGES, type Language, TEMPLATES, type Template } from './projects/template.ts';
export { type Root, Runtime, SpawnError } from './runtime.ts';
export { companionFiles, readPlainFile } from './symbols/companion-files.ts';
export { demangle } from './symbols/demangle.ts';
export { isRenamedMain, nameTest } from './symbols/function-names.ts';
export { isLibraryCode, isOfMacro, isOwnCall, withoutMacros } from './symbols/library-code.ts';
export {
  BUFFER_CLASS,
  type FieldType,
  type ManagedClass,
  OBJECT_ALIGNMENT,
  OBJECT_HEADER,
  readManagedClasses,
  STRING_CLASS,
} from './symbols/managed-classes.ts';
export { keySlot, kindOf, type SlotType, tableLayout, valueSlot } from './symbols/managed-flags.ts';
export { ModuleParts } from './symbols/module-parts.ts';
export { openSymbols } from './symbols/open-symbols.ts';
export { isLibraryPath } from './symbols/short-path.ts';
export type { StackFrame } from './symbols/stack-frame.ts';
export { type ModuleSymbols, SymbolThread } from './symbols/symbol-thread.ts';
export type { SymbolFrame } from './symbols/symbols.ts';
export { tellsOfSource } from './symbols/telling-sections.ts';
export type { PlaceRule } from './symbols/variables/place-rule.ts';
export type * from './symbols/variables/type-info.ts';
export type * from './symbols/variables/variable-info.ts';
export {
  ALL_TESTS,
  discoverTests,
  type FailureReason,
  type OutputGroup,
  REPORT_VERSION,
  type ReportEvent,
  type ReportFrame,
  type ReportProcess,
  readTests,
  runTests,
  type SelectedTest,
  type Selection,
  type SourceLocation,
  selectTests,
  type TestCase,
  type TestEvent,
  type TestFailure,
  type TestListener,
  TestNameError,
  type TestOptions,
  TestReportError,
  TestReportReader,
  type TestResult,
  TestStartError,
  type TestSummary,
  testsOf,
} from './testing/index.ts';
export { displayName } from './text/display-name.ts';
export { printable } from './text/printable.ts';
export { quoted } from './text/quoted.ts';
export { similarTo } from './text/similar.ts';
export {
  callOffsets,
  customSection,
  dynamicCallOffsets,
  isWasmBinary,
  readModule,
  readOutline,
  referredImports,
  tableFunctions,
  WasmFormatError,
  type WasmModule,
} from './wasm/index.ts';
export { signatureOf as signatureOfOpcode } from './wasm/signatures.ts';
export {
  type Atom,
  assembleApart,
  assembleText,
  type CodeFindings,
  type CodeObserver,
  type CodeUnit,
  type Declaration,
  type Disassembly,
  disassembleFunction,
  editSyntax,
  FIELDS,
  functionText,
  HEAP_NAMES,
  HelperError,
  HelperThread,
  type InstructionChecker,
  LineStarts,
  type List,
  labelTypes,
  lineOf,
  mnemonics,
  moduleIdentifiers,
  type Named,
  type NameSpace,
  type Node,
  namedBehind,
  type OpenSyntax,
  opcodeOf,
  type Place as TextPlace,
  type PrintedModule,
  presentName,
  printModule,
  readDeclarations,
  readOpenSyntax,
  readSyntax,
  SPACE_WORDS,
  type Syntax,
  stringValue,
  TextAnalysis,
  type TextProblem,
  TokenKind,
  TokenReader,
  Type as ValueTypeNumber,
  type TypedName,
  textOf,
  typeIndexOf,
  typesOfLetters,
  type Use,
  VALUE_TYPE_NAMES,
  WatError,
} from './wat/index.ts';
