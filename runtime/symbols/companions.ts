/** A file beside a module that has its symbols, or a part of them. */
export interface Companion {
  /**
   * `debug info`: the module with all of its debug sections. `split unit`: a `.dwo` file. `package`: the `.dwp` file with all
   * split units. `source map`: a source map in JSON.
   */
  readonly kind: 'debug info' | 'split unit' | 'package' | 'source map';
  /** The path or URL as the module has it, for which nobody vouches; empty for a package, which no module names. */
  readonly path: string;
  /** Of a split unit: where the compiler ran, from where its path counts. */
  readonly folder: string;
}

/** Returns the contents of a companion; null if it is not there, or not to be read. */
export type ReadCompanion = (companion: Companion) => Uint8Array | null;

/** Modules that stand alone. */
export const NO_COMPANIONS: ReadCompanion = () => null;
