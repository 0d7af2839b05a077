/** A file and its modification time. */
export interface BuiltFile {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** Paths of cargo's builds: the name of a crate's target, and a hash of how it was built. */
const BUILD = /^(.*[\\/]deps[\\/].+)-[0-9a-f]{16}\.wasm$/;

/** Returns the files without those builds of cargo that have a newer build of the same name beside them. */
export function newestBuilds<File extends BuiltFile>(files: Iterable<File>): File[] {
  const newest = new Map<string, File>();
  for (const file of files) {
    const name = BUILD.exec(file.path)?.[1] ?? file.path;
    const other = newest.get(name);
    if (other === undefined || other.modified < file.modified) newest.set(name, file);
  }
  return [...newest.values()];
}
