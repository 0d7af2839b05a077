/** A file is no core dump that can be read. The message says what is wrong with it. */
export class CoreDumpError extends Error {
  override readonly name = 'CoreDumpError';
  readonly code = 'LUNATIC_CORE_DUMP';
}
