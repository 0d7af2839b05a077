/** A file, and when it was written. */
export interface BuiltFile {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** What cargo builds: the name of a crate's target, and a hash of how it was built. */
const BUILD = /^(.*[\\/]deps[\\/].+)-[0-9a-f]{16}\.wasm$/;

/** The files without those of cargo for which there is a newer build of the same name beside them. */
export function newestBuilds<File extends BuiltFile>(files: Iterable<File>): File[] {
  const newest = new Map<string, File>();
  for (const file of files) {
    const name = BUILD.exec(file.path)?.[1] ?? file.path;
    const other = newest.get(name);
    if (other === undefined || other.modified < file.modified) newest.set(name, file);
  }
  return [...newest.values()];
}
