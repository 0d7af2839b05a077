/** A module that does not compile, or cannot be instantiated within its limits. */
export class ModuleError extends Error {
  override readonly name: string = 'ModuleError';
  readonly code: string = 'LUNATIC_MODULE';
}

/** What a module has too much of. */
export type ModuleLimit = 'tables' | 'table elements' | 'memories' | 'bytes of memory' | 'bits of addresses';

/** A module that has more of something than a process may have, of which whoever runs it can allow more. */
export class ModuleLimitError extends ModuleError {
  override readonly name = 'ModuleLimitError';
  override readonly code = 'LUNATIC_MODULE_LIMIT';
  readonly limit: ModuleLimit;
  /** The least limit that would do. */
  readonly needed: number;

  constructor(message: string, limit: ModuleLimit, needed: number) {
    super(message);
    this.limit = limit;
    this.needed = needed;
  }
}
