/** Reads and rewrites WebAssembly binaries. */

export { firstFrom, lowest } from './ascending.ts';
export { arrayCopies } from './bulk-kind.ts';
export { LARGEST_ARRAY } from './bulk-pieces.ts';
export { ByteReader } from './byte-reader.ts';
export { callOffsets, dynamicCallOffsets, referredImports } from './call-offsets.ts';
export type { CodePass, CodeWalk } from './code-pass.ts';
export { costlyFunction, isSlowToCompile, LARGEST_AHEAD } from './compile-cost.ts';
export { type CoverBranch, CoverMap, type CoverPlaces } from './cover-map.ts';
export { coverPages, coverPass } from './cover-pass.ts';
export { DRAFT_AT, DRAFT_CAPACITY, DraftState } from './draft-layout.ts';
export { draftPass } from './draft-pass.ts';
export { dropCustomsPass } from './drop-customs-pass.ts';
export { essentialParts } from './essential-parts.ts';
export { usedFeatures } from './features.ts';
export { WasmFormatError } from './format-error.ts';
export {
  type FrameLayout,
  frameLayout,
  type KeptLocal,
  type KeptType,
  layoutOf,
  MOST_KEPT,
} from './frame-layout.ts';
export { FunctionNames, functionNames } from './function-names.ts';
export { growthPass } from './growth-pass.ts';
export {
  HOST_SHIM_IMPORTS,
  HOST_SHIM_MODULE,
  HOST_TYPES,
  type HostShim,
  type HostType,
  hostShimModule,
  WAIT_AGAIN,
} from './host-shims.ts';
export { type Added, type KeptEntries, originalIndex } from './index-space.ts';
export { memoryPass, memoryPassFor, TABLE_LIMIT } from './memory-pass.ts';
export { meterPass } from './meter-pass.ts';
export type {
  CustomSection,
  Export,
  ExternalKind,
  GlobalType,
  Import,
  Limits,
  Section,
  TableType,
  WasmModule,
} from './module.ts';
export { customSection } from './module.ts';
export { type ImportedMemory, KERNEL_MODULE, type ModulePlan, memoryImport } from './module-plan.ts';
export { NameSection } from './name-section.ts';
export { type OffsetLists, OffsetMap } from './offset-map.ts';
export { type Pass, PassConflictError } from './pass.ts';
export { preemptPass } from './preempt-pass.ts';
export { decodeProbes, encodeProbes } from './probe-codec.ts';
export {
  everyInstruction,
  framesOf,
  type KeptFrame,
  ProbeMap,
  type ProbeSites,
  statementStarts,
} from './probe-map.ts';
export {
  armedPages,
  FRAMES_LIMIT,
  FRAMES_SIZE,
  type ProbeGlobals,
  type ShownGlobal,
} from './probe-parts.ts';
export { probePass } from './probe-pass.ts';
export { readFirstTypes } from './read-first-types.ts';
export { isWasmBinary, readModule, readOutline } from './read-module.ts';
export { reusePass } from './reuse-pass.ts';
export { type RewrittenModule, rewriteModule } from './rewrite-module.ts';
export { decodeRewritten, encodeRewritten } from './rewritten-codec.ts';
export { SectionId } from './sections.ts';
export { settledLocals } from './settled-locals.ts';
export { leb, section, smallModule } from './small-module.ts';
export { tableFunctions } from './table-functions.ts';
export type { FuncType, TypeDefinition } from './type-definition.ts';
export type { ValueType } from './value-type.ts';
export { limitWorkMemory, WorkMemoryError } from './work-memory.ts';
