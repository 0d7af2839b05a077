import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { START } from '../modules/start.ts';
import { type Program, type Project, ProjectError } from '../projects/project.ts';
import { isCode } from '../projects/project-keys.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { type Projects, programsOf } from '../projects/projects.ts';
import { folderOf, isModule } from './choose-module.ts';
import { type Entry, type EntryLanguage, EXTENSIONS, findEntries, languageOf } from './entries.ts';

const SETTING = 'lunatic.codeLens';
const START_ENTRY = 'lunatic.startEntry';

/** Milliseconds for which lenses believe what cargo has answered. */
const KEPT_TIME = 5000;

const SELECTOR: vscode.DocumentFilter = {
  scheme: 'file',
  pattern: `**/*{${EXTENSIONS.join(',')}}`,
};

/** The arguments of the command of a lens. */
type StartEntry = [file: string, entry: string | undefined, noDebug: boolean];

/** *Run* and *Debug* above the functions that the programs of projects, text modules, and sources that are in no project can begin with. */
export class EntryLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #projects: Projects;
  readonly #launch: ProjectLaunch;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChangeCodeLenses = this.#changed.event;
  /** The programs of the project whose lenses were asked for last. */
  #known:
    | { readonly file: string; readonly programs: readonly Program[]; readonly since: number }
    | undefined;

  constructor(projects: Projects, launch: ProjectLaunch) {
    this.#projects = projects;
    this.#launch = launch;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.languages.registerCodeLensProvider(SELECTOR, this),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.#changed.fire();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
      // What is in a source tells whether it is a program by itself.
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (isCode(uri)) this.#changed.fire();
      }),
      projects.onDidChange(() => this.#changed.fire()),
      vscode.commands.registerCommand(START_ENTRY, (...args: StartEntry) => this.#start(...args)),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async provideCodeLenses(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
  ): Promise<vscode.CodeLens[]> {
    const { uri } = document;
    const language = languageOf(uri.path);
    const isWanted = vscode.workspace.getConfiguration('lunatic', uri).get('codeLens', true);
    if (language === undefined || !isWanted || !vscode.workspace.isTrusted) return [];
    const entries = findEntries(document.getText(), language);
    // Cargo is asked only about a source that has some.
    if (entries.length === 0) return [];
    if (!isModule(uri) && !(await this.#mayBegin(uri, language))) return [];
    return token.isCancellationRequested ? [] : entries.flatMap((entry) => lensesOf(uri, entry));
  }

  /**
   * Whether a program of a project may begin in a source: it is known to, or nothing is known. An exported function of TypeScript begins
   * one only where AssemblyScript compiles it.
   */
  async #mayBegin(uri: vscode.Uri, language: EntryLanguage): Promise<boolean> {
    try {
      const project = await this.#projects.of(uri);
      if (!project?.isForWasm) return false;
      if (project.file === uri.fsPath) return true;
      if (language === 'assemblyscript' && !existsSync(join(project.folder, 'asconfig.json'))) return false;
      const programs = await this.#programsOf(project);
      return programs.some(({ target: { source } }) => source === undefined || source === uri.fsPath);
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      return false;
    }
  }

  /** Cargo takes its time, and lenses are asked for whenever somebody stops typing. */
  async #programsOf(project: Project): Promise<readonly Program[]> {
    const now = performance.now();
    if (this.#known?.file === project.file && now - this.#known.since < KEPT_TIME)
      return this.#known.programs;
    const programs = await programsOf(project);
    this.#known = { file: project.file, programs, since: now };
    return programs;
  }

  async #start(...[file, entry, noDebug]: StartEntry): Promise<void> {
    const uri = vscode.Uri.file(file);
    const program = isModule(uri) ? undefined : await this.#launch.programOf(uri);
    if (program === null) return;
    const config =
      program === undefined
        ? this.#launch.configurationOfModule(uri)
        : this.#launch.configurationOf(program, uri);
    // The project may name another entry.
    const changed = entry === undefined ? { entry: START } : { entry, name: `${config.name} ${entry}` };
    await vscode.debug.startDebugging(folderOf(uri), { ...config, ...changed }, { noDebug });
  }
}

function lensesOf(uri: vscode.Uri, { name, line }: Entry): vscode.CodeLens[] {
  const range = new vscode.Range(line, 0, line, 0);
  const lens = (title: string, tooltip: string, noDebug: boolean) => {
    const args: StartEntry = [uri.fsPath, name, noDebug];
    return new vscode.CodeLens(range, { title, tooltip, command: START_ENTRY, arguments: args });
  };
  const what = name === undefined ? 'the program' : `the program, beginning with ${name}`;
  return [
    lens('Run', `Lunatic: builds and runs ${what}`, true),
    lens('Debug', `Lunatic: builds and debugs ${what}`, false),
  ];
}
