import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { quoted } from './database-sizes.ts';

/** A database of a connection as the bytes of a file. */
export interface Image {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Copies the databases of a connection for helpers, and tells whether others have changed them since. */
export class Copies {
  readonly #database: DatabaseSync;
  readonly #versions = new Map<string, StatementSync>();
  /** The databases that were copied last, and the versions of what was in them. */
  #copied: readonly string[] = [];
  #version = '';

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Must be called before databases are copied. */
  note(names: readonly string[]): void {
    this.#copied = names;
    this.#version = this.#versionOf(names);
  }

  /** Copies databases at once. */
  take(names: readonly string[]): Image[] {
    return names.map((name) => ({ name, bytes: withoutLog(this.#database.serialize(name)) }));
  }

  /** Whether others have changed what was copied last. */
  get hasChanged(): boolean {
    return this.#versionOf(this.#copied) !== this.#version;
  }

  #versionOf(names: readonly string[]): string {
    return names
      .map((name) => {
        let statement = this.#versions.get(name);
        if (statement === undefined) {
          statement = this.#database.prepare(`PRAGMA ${quoted(name)}.data_version`);
          // The name may be that of another one later.
          if (name === 'main') this.#versions.set(name, statement);
        }
        return (statement.get() as unknown as [bigint])[0];
      })
      .join(' ');
  }
}

/** Makes an image one of a database without a write-ahead log, which a copy has not. */
export function withoutLog(image: Uint8Array): Uint8Array {
  if (image[18] === 2) image.fill(1, 18, 20);
  return image;
}
