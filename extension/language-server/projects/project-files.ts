import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type ClientCapabilities,
  type Connection,
  DidChangeWatchedFilesNotification,
  type Location,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { readRunArguments } from '../../../runtime/cli/run-arguments.ts';
import type { ProcessConfig, TextPlace } from '../../../runtime/internal.ts';
import { pathOf } from '../documents.ts';
import { PROJECT_FILE } from '../protocol.ts';
import { type JsonLaunch, launchOf, readJson } from './json-launch.ts';

/** Files of nearer projects, whose programs do not run as a `lunatic.json` further out says. */
const OTHER_PROJECTS = ['Cargo.toml', 'asconfig.json'];

/** Bytes of the largest file that is read. */
const MAX_SIZE = 2 ** 20;

/** A `lunatic.json`, as far as it decides what a program may do. */
export class ProjectFile {
  readonly config: ProcessConfig;
  readonly #path: string;
  readonly #document: TextDocument;
  readonly #launch: JsonLaunch;

  constructor(path: string, text: string, launch: JsonLaunch) {
    this.#path = path;
    this.#document = TextDocument.create(pathToFileURL(path).href, 'json', 0, text);
    this.#launch = launch;
    this.config = this.#configWithout(undefined);
  }

  /** The option without which something would be permitted, if it is one alone. */
  optionThat(permits: (config: ProcessConfig) => boolean): string | undefined {
    return this.#optionThat(permits)?.text;
  }

  /** Where that stands, or all of them. */
  placeOf(permits: (config: ProcessConfig) => boolean): Location {
    const { object, runtimeArgs } = this.#launch;
    const { start, end }: TextPlace = this.#optionThat(permits) ?? {
      start: runtimeArgs[0]?.start ?? object.offset,
      end: runtimeArgs.at(-1)?.end ?? object.offset + 1,
    };
    const { uri } = this.#document;
    return {
      uri,
      range: { start: this.#document.positionAt(start), end: this.#document.positionAt(end) },
    };
  }

  #optionThat(permits: (config: ProcessConfig) => boolean): JsonLaunch['runtimeArgs'][number] | undefined {
    return this.#launch.runtimeArgs.find(
      (option) => option.text.startsWith('-') && permits(this.#configWithout(option)),
    );
  }

  #configWithout(option: JsonLaunch['runtimeArgs'][number] | undefined): ProcessConfig {
    const { runtimeArgs, dirs, cwd } = this.#launch;
    const left = runtimeArgs.filter((one) => one !== option).map(({ text }) => text);
    const all = [...left, ...dirs.map(({ text }) => `--dir=${text}`)];
    return readRunArguments(all, resolve(dirname(this.#path), cwd?.text ?? '')).config;
  }
}

/** The `lunatic.json` files of projects, as they are on the disk. */
export class ProjectFiles {
  readonly #known = new Map<string, { readonly changed: number; readonly file: ProjectFile | undefined }>();

  /** That of the project which a text is part of. */
  around(uri: string): ProjectFile | undefined {
    const path = uri.startsWith('file:') ? pathOf(uri) : undefined;
    if (path === undefined) return undefined;
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      const file = join(folder, PROJECT_FILE);
      if (existsSync(file)) return this.#read(file);
      const isOther = OTHER_PROJECTS.some((name) => existsSync(join(folder, name)));
      if (isOther || folder === dirname(folder)) return undefined;
    }
  }

  #read(path: string): ProjectFile | undefined {
    try {
      const { mtimeMs, size } = statSync(path);
      const known = this.#known.get(path);
      if (known?.changed === mtimeMs) return known.file;
      const text = size <= MAX_SIZE ? readFileSync(path, 'utf8') : '';
      const root = readJson(text);
      const file = root?.type === 'object' ? new ProjectFile(path, text, launchOf(root)) : undefined;
      this.#known.set(path, { changed: mtimeMs, file });
      return file;
    } catch {
      // It is gone, or may not be read.
      return undefined;
    }
  }
}

/**
 * Has the editor tell when a `lunatic.json` has changed on the disk.
 * @param canWatch asked once the server is initialized
 */
export function watchProjectFiles(
  connection: Connection,
  canWatch: () => boolean,
  changed: () => void,
): void {
  connection.onInitialized(() => {
    if (canWatch())
      void connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: `**/${PROJECT_FILE}` }],
      });
  });
  connection.onDidChangeWatchedFiles(changed);
}

/** Whether an editor can watch files for a server. */
export function canWatchFiles({ workspace }: ClientCapabilities): boolean {
  return workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
}
