/** A file and its modification time. */
export interface BuiltFile {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** The source that cargo has made it of, if that is known: a crate may have a library and a program of one name. */
  readonly root?: string | undefined;
}

/** Paths of cargo's builds: the name of a crate's target, and a hash of how it was built. */
const BUILD = /^(.*[\\/]deps[\\/].+)-[0-9a-f]{16}\.wasm$/;

/** Whether cargo has made a file beside which others of its name may be. */
export function isCargoBuild(path: string): boolean {
  return BUILD.test(path);
}

/** What cargo's builds of one target have in common; the path of any other file. */
export function buildName({ path, root }: Pick<BuiltFile, 'path' | 'root'>): string {
  const name = BUILD.exec(path)?.[1];
  if (name === undefined) return path;
  return root === undefined ? name : `${name} ${root}`;
}

/** Brings together cargo's builds of one target, the newest first: only one of them is of interest. */
export function buildsOf<File extends BuiltFile>(files: Iterable<File>): File[][] {
  const groups = new Map<string, File[]>();
  for (const file of files) {
    const name = buildName(file);
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return [...groups.values()].map((builds) => builds.sort((a, b) => b.modified - a.modified));
}
