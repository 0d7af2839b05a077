import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TextDocuments } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { WatDocument } from './wat-document.ts';

/** Folders that have the texts of others, or what was built. */
const FOREIGN: ReadonlySet<string> = new Set(['node_modules', 'target', '.git']);

/** How many texts of a workspace are read at most, and bytes of the largest. */
const MOST_FILES = 1000;
const MAX_SIZE = 2 ** 21;

interface KnownFile {
  readonly changed: number;
  readonly document: WatDocument;
}

/** The text modules of an editor: those that are open, as they are there, and those in the folders of the workspace. */
export class Documents {
  readonly #open: TextDocuments<TextDocument>;
  readonly #versions = new Map<string, { readonly version: number; readonly document: WatDocument }>();
  readonly #files = new Map<string, KnownFile>();
  /** The paths of the workspace's folders. */
  folders: readonly string[] = [];

  constructor(open: TextDocuments<TextDocument>) {
    this.#open = open;
    open.onDidClose(({ document }) => this.#versions.delete(document.uri));
  }

  /** A text that is open. */
  get(uri: string): WatDocument | undefined {
    const open = this.#open.get(uri);
    if (open === undefined) return undefined;
    const known = this.#versions.get(uri);
    if (known?.version === open.version) return known.document;
    const document = known?.document ?? new WatDocument(uri, '');
    document.update(open.getText());
    this.#versions.set(uri, { version: open.version, document });
    return document;
  }

  /** All texts of the workspace, those that are open among them. */
  async *all(): AsyncGenerator<WatDocument> {
    const seen = new Set<string>();
    for (const uri of this.#open.keys()) {
      seen.add(uri);
      const document = this.get(uri);
      if (document !== undefined) yield document;
    }
    for (const folder of this.folders) {
      for await (const path of textsIn(folder)) {
        if (seen.size >= MOST_FILES) return;
        const uri = pathToFileURL(path).href;
        if (seen.has(uri)) continue;
        seen.add(uri);
        const document = await this.#read(path, uri);
        if (document !== undefined) yield document;
      }
    }
  }

  async #read(path: string, uri: string): Promise<WatDocument | undefined> {
    try {
      const { mtimeMs, size } = await stat(path);
      if (size > MAX_SIZE) return undefined;
      const known = this.#files.get(path);
      if (known?.changed === mtimeMs) return known.document;
      const document = new WatDocument(uri, await readFile(path, 'utf8'));
      this.#files.set(path, { changed: mtimeMs, document });
      return document;
    } catch {
      // It is gone, or may not be read.
      this.#files.delete(path);
      return undefined;
    }
  }
}

/** The text modules in a folder, at any depth. */
async function* textsIn(folder: string): AsyncGenerator<string> {
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      const path = join(next, entry.name);
      if (entry.isDirectory() && !FOREIGN.has(entry.name)) waiting.push(path);
      else if (entry.isFile() && entry.name.endsWith('.wat')) yield path;
    }
  }
}

/** The path of a folder; undefined for what is no file. */
export function pathOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
