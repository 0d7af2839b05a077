import { statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Probed, probeNode } from './probe.ts';

/** Where a Node was found. */
export type NodeOrigin = 'setting' | 'bundled' | 'own' | 'path';

/** A Node that can run the runtime. */
export interface FoundNode {
  readonly path: string;
  readonly origin: NodeOrigin;
  readonly version: string;
  /** Environment variables that the executable needs to act as Node. */
  readonly env: Readonly<Record<string, string>>;
}

export interface NodePlaces {
  /** The setting `lunatic.node`. Empty if the user has not set it. */
  readonly setting: string;
  /** The extension's folder. */
  readonly extensionFolder: string;
  /** Path of the executable that runs this code. */
  readonly execPath: string;
  /** Whether that executable is Electron, which acts as Node only if an environment variable says so. */
  readonly isElectron: boolean;
  /** The variable `PATH`. */
  readonly searchPath: string;
  readonly platform: NodeJS.Platform;
}

/** No Node can run programs. The message says what to do. */
export class NodeNotFoundError extends Error {
  override readonly name = 'NodeNotFoundError';
  readonly code = 'LUNATIC_NODE_NOT_FOUND';
}

interface Candidate {
  readonly path: string;
  readonly origin: NodeOrigin;
  readonly env: Readonly<Record<string, string>>;
}

const WANTED = 'a Node with JavaScript Promise Integration (24.21, or 26 and newer)';

/** Finds the Node that runs programs and tests. An executable is probed once, and again after it has changed. */
export class NodeFinder {
  readonly #probe: typeof probeNode;
  readonly #known = new Map<string, Promise<Probed>>();

  constructor(probe: typeof probeNode = probeNode) {
    this.#probe = probe;
  }

  /**
   * Returns the first suitable Node. If the setting names one, no other is tried. Otherwise these are tried in turn: the one in
   * the extension's folder, the one that runs the extension, and the first in the search path.
   * @throws NodeNotFoundError
   */
  async find(places: NodePlaces): Promise<FoundNode> {
    const refused: string[] = [];
    for (const { path, origin, env } of candidates(places)) {
      const probed = await this.#ask(path, env);
      if (probed.kind === 'suspends') return { path, origin, env, version: probed.version };
      refused.push(`${path}: ${describe(probed)}`);
    }
    if (places.setting !== '') {
      throw new NodeNotFoundError(
        `The setting lunatic.node must name ${WANTED}. ${refused.join('; ')}. Correct the setting, or leave it empty.`,
      );
    }
    const found = refused.length === 0 ? 'None was found.' : `Found: ${refused.join('; ')}.`;
    throw new NodeNotFoundError(
      `Programs need ${WANTED}. ${found} Install one, and name it in the setting lunatic.node.`,
    );
  }

  #ask(path: string, env: Readonly<Record<string, string>>): Promise<Probed> {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file === undefined) return Promise.resolve({ kind: 'missing' });
    const key = `${path}\0${file.mtimeMs}\0${file.size}`;
    const known = this.#known.get(key) ?? this.#probe(path, env);
    this.#known.set(key, known);
    return known;
  }
}

function* candidates(places: NodePlaces): Iterable<Candidate> {
  const { setting, extensionFolder, execPath, isElectron, searchPath, platform } = places;
  if (setting !== '') {
    yield { path: setting, origin: 'setting', env: asNode(isElectron && setting === execPath) };
    return;
  }
  const executable = platform === 'win32' ? 'node.exe' : 'node';
  const bundled = join(extensionFolder, 'dist', 'node', executable);
  if (isFile(bundled)) yield { path: bundled, origin: 'bundled', env: {} };
  yield { path: execPath, origin: 'own', env: asNode(isElectron) };
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder, executable);
    if (folder !== '' && isFile(path)) return yield { path, origin: 'path', env: {} };
  }
}

function asNode(isElectron: boolean): Record<string, string> {
  return isElectron ? { ELECTRON_RUN_AS_NODE: '1' } : {};
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function describe(probed: Exclude<Probed, { kind: 'suspends' }>): string {
  switch (probed.kind) {
    case 'too-old':
      return `${probed.version}, which cannot suspend wasm`;
    case 'missing':
      return 'no such file';
    case 'broken':
      return `cannot be run: ${probed.message}`;
  }
}
