import { lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { displayName } from '../text/display-name.ts';
import { makeFolder } from './make-folder.ts';
import { ProjectFileError } from './project-file-error.ts';
import type { RustTarget } from './rust-target.ts';
import type { Language, Template } from './template.ts';

export interface NewProject {
  /** Where it is made. The folder is made, too, unless it is there. */
  readonly folder: string;
  /** By default, that of the folder. */
  readonly name?: string | undefined;
  readonly template: Template;
  readonly language: Language;
  /** The target for which Rust builds. */
  readonly target: RustTarget;
}

/** Files of the package, by the names that they have in it: packers leave out the real ones. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;
/** Names that cargo refuses for a program: words of Rust, folders of its own, and crates that the lock file of the templates names. */
const NOT_FOR_RUST = new Set(
  (
    'bincode convert_case darling darling_core darling_macro fnv ident_case lunatic-macros lunatic-sys lunatic-test paste ' +
    'proc-macro2 quote rustversion serde_derive strsim syn thiserror thiserror-impl unicode-ident unicode-segmentation ' +
    'abstract as async await become box break build const continue core crate deps do dyn else enum examples extern ' +
    'false final fn for if impl in incremental let loop lunatic macro match mod move mut override priv pub ref return ' +
    'self serde static std struct super test trait true try type typeof unsafe unsized use virtual where while yield'
  ).split(' '),
);

/**
 * What is wrong with the name of a project, in a sentence; undefined if nothing is. A name is one for cargo and npm, too.
 */
export function faultOfName(name: string, language: Language | undefined): string | undefined {
  if (!NAME.test(name)) {
    return 'A name has small letters, digits, - and _, and begins with a letter, as in my-server';
  }
  return language?.name === 'rust' && NOT_FOR_RUST.has(name)
    ? `A program in Rust cannot be called ${name}`
    : undefined;
}

/**
 * Makes a project out of a template: that of its language, with what all of this language have in common. Nothing that is there
 * is overwritten.
 * @param templates the folder with the templates
 * @returns the paths of its files, relative to its folder
 * @throws ProjectFileError. Then no file has been made
 */
export function createProject(project: NewProject, templates: string): readonly string[] {
  const { template, language, target } = project;
  const folder = resolve(project.folder);
  const name = project.name ?? basename(folder);
  const fault = faultOfName(name, language);
  if (fault !== undefined) throw new ProjectFileError(`"${displayName(name)}": ${fault}`);
  if (!template.languages.includes(language.name)) {
    throw new ProjectFileError(`There is no ${template.label.toLowerCase()} in ${language.label}`);
  }
  const about = readFileSync(join(templates, `${template.name}.md`), 'utf8').trimEnd();
  const values: Readonly<Record<string, string>> = { name, target, about };
  const fill = (text: string) =>
    text.replaceAll(/\{\{(\w+)\}\}/g, (whole, word: string) => values[word] ?? whole);
  const files = [...filesIn(join(templates, language.name, 'common'))];
  files.push(...filesIn(join(templates, language.name, template.name)));
  const made = files.map(({ path, text }) => ({ path, text: fill(text) }));
  write(folder, made);
  return made.map(({ path }) => path);
}

const OCCUPIED = 'it is there already, and nothing is overwritten. Choose another folder';

interface File {
  readonly path: string;
  readonly text: string;
}

function filesIn(folder: string): File[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => ({
      path: join(dirname(path), RENAMED[basename(path)] ?? basename(path)),
      text: readFileSync(join(folder, path), 'utf8'),
    }));
}

function write(folder: string, files: readonly File[]): void {
  const undo: string[] = [];
  let path = folder;
  try {
    for (const file of files) {
      path = join(folder, file.path);
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw new ProjectFileError(OCCUPIED);
    }
    for (const file of files) {
      path = join(folder, file.path);
      const made = makeFolder(dirname(path));
      if (made !== undefined) undo.push(made);
      // Fails for what has come in the meantime.
      writeFileSync(path, file.text, { flag: 'wx' });
      undo.push(path);
    }
  } catch (error) {
    for (const made of undo) rmSync(made, { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProjectFileError(`${displayName(path)} cannot be written: ${reason}`, { cause: error });
  }
}
