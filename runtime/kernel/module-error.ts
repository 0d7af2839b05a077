/** A module that does not compile, or cannot be instantiated within its limits. */
export class ModuleError extends Error {
  override readonly name: string = 'ModuleError';
  readonly code: string = 'LUNATIC_MODULE';
}

/** What a module has more of than a process may have. */
export interface Excess {
  /** For the author of the module. */
  readonly text: string;
  /** The option of the command that allows so much. */
  readonly option: string;
}

/** A module that has more of something than a process may have, of which whoever runs it can allow more. The message names all of it. */
export class ModuleLimitError extends ModuleError {
  override readonly name = 'ModuleLimitError';
  override readonly code = 'LUNATIC_MODULE_LIMIT';
  readonly excesses: readonly Excess[];

  constructor(excesses: readonly Excess[]) {
    const options = excesses.map(({ option }) => option).join(' ');
    const allow = excesses.length === 1 ? 'allows' : 'allow';
    super(`${excesses.map(({ text }) => text).join('; ')}; ${options} ${allow} it`);
    this.excesses = excesses;
  }
}

/** Host functions that an error lists at most. */
const LISTED = 20;

/** A module that imports host functions which a config does not allow. */
export class HostRefusal extends ModuleError {
  override readonly name = 'HostRefusal';
  override readonly code = 'LUNATIC_HOST_REFUSAL';

  /** @param refused as they are shown: `lunatic::sqlite::open` */
  constructor(refused: readonly string[]) {
    const more = refused.length > LISTED ? ` and ${refused.length - LISTED} more` : '';
    super(
      `the module imports host functions that the config of the process does not allow: ${refused.slice(0, LISTED).join(', ')}${more}`,
    );
  }
}
