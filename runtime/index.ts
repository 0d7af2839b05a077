/** The public face of the runtime. */

export { LinkError } from './host/linker.ts';
export { HOST_FUNCTIONS } from './host/table.ts';
export { ProcessConfig } from './kernel/config.ts';
export { type Exit, isNormal } from './kernel/exit.ts';
export { ModuleError } from './kernel/module.ts';
export type { Process } from './kernel/process.ts';
export { type InputStream, OutputError, type OutputStream, type Stdio } from './kernel/stdio.ts';
export { type Root, Runtime, SpawnError } from './runtime.ts';
export {
  discoverTests,
  type OutputGroup,
  runTests,
  type SelectedTest,
  type Selection,
  selectTests,
  type TestCase,
  type TestEvent,
  TestNameError,
  type TestOptions,
  type TestResult,
  TestStartError,
} from './testing/index.ts';
export { WasmFormatError } from './wasm/index.ts';
