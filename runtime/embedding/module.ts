import type { LoadedModule } from '../kernel/module.ts';

/** Something that a module exports. */
export interface ModuleExport {
  readonly name: string;
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag';
}

/** A module that has been loaded: checked, linked and compiled. */
export class Module {
  /** What it exports, in the order of the module. */
  readonly exports: readonly ModuleExport[];

  /** @internal Made by `Lunatic.load`. */
  constructor({ source }: LoadedModule) {
    this.exports = source.exports.map(({ name, kind }) => ({ name, kind }));
  }
}
