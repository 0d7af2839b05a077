import { spawnSync } from 'node:child_process';
import { join, relative, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createProject, faultOfName } from '../projects/create-project.ts';
import { RUST_TARGETS, type RustTarget, usualRustTarget } from '../projects/rust-target.ts';
import { LANGUAGES, type Language, TEMPLATES, type Template } from '../projects/template.ts';
import { displayName } from '../text/display-name.ts';
import { CommandError } from './load.ts';
import { shellQuoted } from './shell-quoted.ts';
import { isTerminal } from './terminal.ts';

/** What the command line says. */
export interface NewOptions {
  readonly template?: string;
  readonly language?: string;
  readonly name?: string;
}

/** Milliseconds that Rust's compiler may take to say where it is: rustup may install one first. */
const PATIENCE = 60_000;

/** The templates, a line for each, with their languages. */
export function listTemplates(): string {
  const width = Math.max(...TEMPLATES.map(({ name }) => name.length));
  return TEMPLATES.map(
    ({ name, description, languages }) =>
      `${name.padEnd(width)}  ${description}\n${' '.repeat(width)}  in ${languages.join(', ')}\n`,
  ).join('');
}

/**
 * Makes a project, and tells what to do next. On a terminal, asks for what is missing.
 * @returns what is missing, where nobody can be asked
 * @throws ProjectFileError, or CommandError if the user gives up
 */
export async function makeProject(
  directory: string | undefined,
  options: NewOptions,
): Promise<string | undefined> {
  const missing = missingOf(directory, options);
  if (missing !== undefined && !(isTerminal(0) && isTerminal(1))) return missing;
  const terminal = new Terminal();
  const ask: Ask = (question) => terminal.ask(question);
  try {
    const folder = directory ?? (await askName(ask));
    const wanted = LANGUAGES.find(({ name }) => name === options.language);
    const offered = TEMPLATES.filter(
      ({ languages }) => wanted === undefined || languages.includes(wanted.name),
    );
    const template =
      TEMPLATES.find(({ name }) => name === options.template) ?? (await choose(ask, 'Template', offered));
    const language =
      wanted ??
      (await choose(
        ask,
        'Language',
        LANGUAGES.filter(({ name }) => template.languages.includes(name)),
      ));
    const target = language.name === 'rust' ? findRustTarget() : RUST_TARGETS[0];
    const files = createProject(
      { folder, name: options.name, template, language, target },
      templatesFolder(),
    );
    process.stdout.write(tell(folder, template, language, files));
  } finally {
    terminal.close();
  }
  return undefined;
}

/** Asks a question, and returns the line that answers it. */
type Ask = (question: string) => Promise<string>;

/** The terminal, from the first question on. Lines that are typed ahead are answers, too. */
class Terminal {
  #opened: { readonly lines: Interface; readonly iterator: AsyncIterator<string> } | undefined;

  /** @throws CommandError if there is no answer */
  async ask(question: string): Promise<string> {
    const { lines, iterator } = this.#open();
    lines.setPrompt(question);
    lines.prompt();
    const answer = await iterator.next();
    if (answer.done === true) throw new CommandError('No project was made');
    return answer.value.trim();
  }

  close(): void {
    this.#opened?.lines.close();
  }

  #open() {
    if (this.#opened === undefined) {
      const lines = createInterface({ input: process.stdin, output: process.stdout });
      this.#opened = { lines, iterator: lines[Symbol.asyncIterator]() };
    }
    return this.#opened;
  }
}

function missingOf(directory: string | undefined, { template, language }: NewOptions): string | undefined {
  if (directory === undefined || directory === '')
    return "missing argument 'directory': the project's, or . for this one";
  if (template === undefined) {
    return `missing option '--template': ${TEMPLATES.map(({ name }) => name).join(', ')}`;
  }
  if (language !== undefined) return undefined;
  const languages = TEMPLATES.find(({ name }) => name === template)?.languages ?? [];
  return `missing option '--language': ${languages.join(', ')}`;
}

async function askName(ask: Ask): Promise<string> {
  while (true) {
    const name = await ask('Name of the project: ');
    const fault = faultOfName(name, undefined);
    if (fault === undefined) return name;
    process.stdout.write(`${fault}.\n`);
  }
}

interface Choice {
  readonly name: string;
  readonly label: string;
  readonly description?: string;
}

/** Asks for one of some, by its number or name. The first one is what Enter chooses. */
async function choose<T extends Choice>(ask: Ask, what: string, choices: readonly T[]): Promise<T> {
  const lines = choices.map(
    ({ label, description }, i) =>
      `  ${i + 1}  ${label}${description === undefined ? '' : `: ${description}`}\n`,
  );
  process.stdout.write(`${what}:\n${lines.join('')}`);
  while (true) {
    const answer = await ask('Number [1]: ');
    const chosen = choices.find((choice, i) =>
      [`${i + 1}`, choice.name, choice.label].some((name) => name.toLowerCase() === answer.toLowerCase()),
    );
    const found = answer === '' ? choices[0] : chosen;
    if (found !== undefined) return found;
    process.stdout.write(`Choose a number from 1 to ${choices.length}.\n`);
  }
}

function findRustTarget(): RustTarget {
  const { status, stdout } = spawnSync('rustc', ['--print', 'sysroot'], {
    encoding: 'utf8',
    timeout: PATIENCE,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return usualRustTarget(status === 0 ? stdout.trim() : undefined);
}

function templatesFolder(): string {
  // This is run as a script in `dist`.
  return fileURLToPath(new URL('../media/templates', import.meta.url));
}

function tell(folder: string, template: Template, language: Language, files: readonly string[]): string {
  const place = relative('', resolve(folder));
  const lines = files.map((path) => `  ${displayName(join(place, path))}\n`);
  const steps = [...(place === '' ? [] : [`cd ${quoted(place)}`]), ...language.run, language.test];
  return (
    `${template.label} in ${language.label}:\n${lines.join('')}\n` +
    'Next, run it and its tests, or open the folder in VS Code and press F5:\n' +
    steps.map((step) => `  ${step}\n`).join('')
  );
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : shellQuoted(displayName(path));
}
