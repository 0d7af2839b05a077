import type { ByteWriter } from './byte-writer.ts';

/** Something that a pass adds to a module. It has its index once every pass has declared what it brings. */
export interface Added {
  readonly index: number;
}

/** What the plan keeps of such a thing. */
export interface AddedEntry extends Added {
  index: number;
  /** The name under which it is imported, or by which the name section calls it. */
  readonly name: string | undefined;
  /** Writes its entry in the section of its kind; for an import, what follows the import's names and kind. */
  write(out: ByteWriter): void;
}

/** In an index space of a rewritten module, the entries that the original has, too. */
export interface KeptEntries {
  /** The first index of the original that moved. */
  readonly first: number;
  /** By how much that one and all behind it did. */
  readonly shift: number;
  /** How many entries the original has. */
  readonly total: number;
}

/** The original index of an entry of the rewritten module; undefined if a pass added the entry. */
export function originalIndex({ first, shift, total }: KeptEntries, index: number): number | undefined {
  if (index < first) return index;
  const original = index - shift;
  return original < first || original >= total ? undefined : original;
}

/**
 * One index space of a rewritten module, and where the entries of the original went. Passes add imports and defined
 * entries:
 *
 *     imports of the original | own ones that became imports | added imports | own ones of the original | added ones
 *
 * All that stands before the added imports keeps its index.
 */
export class IndexSpace {
  readonly imported: number;
  readonly own: number;
  /** How many of the module's own entries, its first ones, became imports. */
  turned = 0;
  readonly imports: AddedEntry[] = [];
  readonly added: AddedEntry[] = [];

  constructor(imported: number, own: number) {
    this.imported = imported;
    this.own = own;
  }

  /** Whether any entry of the original has another index now. */
  get moves(): boolean {
    return this.imports.length > 0 && this.own > this.turned;
  }

  /** The index that an index of the original has become. */
  readonly move = (index: number): number =>
    index < this.imported + this.turned ? index : index + this.imports.length;

  /** Where entries of the original are in the rewritten module. */
  get kept(): KeptEntries {
    return {
      first: this.imported + this.turned,
      shift: this.imports.length,
      total: this.imported + this.own,
    };
  }

  /** Gives everything that was added its index. */
  number(): void {
    let next = this.imported + this.turned;
    for (const entry of this.imports) entry.index = next++;
    next += this.own - this.turned;
    for (const entry of this.added) entry.index = next++;
  }
}
