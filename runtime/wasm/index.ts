/** Reads and rewrites WebAssembly binaries. */
export { DraftState, draftAt, draftCapacity } from './draft-layout.ts';
export { usedFeatures } from './features.ts';
export { WasmFormatError } from './format-error.ts';
export { functionNames } from './function-names.ts';
export {
  HOST_SHIM_IMPORTS,
  HOST_SHIM_MODULE,
  HOST_TYPES,
  type HostShim,
  type HostType,
  hostShimModule,
  WAIT_AGAIN,
} from './host-shims.ts';
export type {
  CustomSection,
  Export,
  ExternalKind,
  FuncType,
  GlobalType,
  Import,
  Limits,
  Section,
  TableType,
  WasmModule,
} from './module.ts';
export { customSection } from './module.ts';
export type { OffsetMap } from './offset-map.ts';
export { isWasmBinary, readModule } from './read-module.ts';
export { kernelModule, type RewritePasses, type RewrittenModule, rewriteModule } from './rewrite-module.ts';
export type { TypeDefinition } from './type-definition.ts';
export type { ValueType } from './value-type.ts';
