import { dirname, parse, resolve } from 'node:path';
import * as vscode from 'vscode';
import { countOf } from '../../runtime/inspect/view/index.ts';
import { START } from '../modules/start.ts';
import { EXTENSIONS, languageOf, mayBeginIn, placesOf } from '../programs/entries.ts';
import { isInside } from '../projects/files.ts';
import type { Program, Programs } from './program.ts';
import { Throttle } from './throttle.ts';

const SETTING = 'lunatic.processes.codeLens';

/** Milliseconds between two looks at how many there are. */
const INTERVAL = 1000;

const SELECTOR: vscode.DocumentFilter = {
  scheme: 'file',
  pattern: `**/*{${EXTENSIONS.join(',')}}`,
};

/** Above the functions with which processes have begun that are running: how many there are. */
export class ProcessLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #programs: Programs;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #throttle = new Throttle(INTERVAL, () => this.#look());
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChangeCodeLenses = this.#changed.event;
  /** The number of processes by program and entry when somebody looked last, as text. */
  #last = '';

  constructor(programs: Programs) {
    this.#programs = programs;
    const look = () => this.#throttle.request();
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      this.#throttle,
      vscode.languages.registerCodeLensProvider(SELECTOR, this),
      programs.onDidChangeList(look),
      programs.onDidChangeProcesses(look),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.#changed.fire();
      }),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const { uri } = document;
    const language = languageOf(uri.path);
    const programs = this.#programs.list.filter((program) => isOf(program, uri.fsPath));
    const isWanted = vscode.workspace.getConfiguration('lunatic.processes', uri).get('codeLens', true);
    if (language === undefined || programs.length === 0 || !isWanted) return [];
    const counts = new Map<string, number>();
    for (const program of programs)
      for (const [entry, count] of countsOf(program))
        if (entry !== START || mayBeginIn(uri.fsPath, String(program.session.configuration['program'] ?? '')))
          counts.set(entry, (counts.get(entry) ?? 0) + count);
    return placesOf(document.getText(), language, counts).map(({ entry, line }) => {
      return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
        title: countOf(counts.get(entry) ?? 0, 'process'),
        tooltip: `Lunatic: show the processes that run ${entry}`,
        command: 'lunatic.findProcess',
        arguments: [entry],
      });
    });
  }

  #look(): void {
    const counts = this.#programs.list.map((program) => [program.id, ...countsOf(program)]);
    const now = JSON.stringify(counts);
    if (now !== this.#last) this.#changed.fire();
    this.#last = now;
  }
}

/** The numbers of live processes by the functions that they run. */
function countsOf({ model }: Program): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { state, entry } of model.processes())
    if (state !== 'ended') counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return counts;
}

/** Whether a program is made of a source: it is the text module, or that of the project around it. */
function isOf({ session }: Program, source: string): boolean {
  const { project, program } = session.configuration;
  const base = session.workspaceFolder?.uri.fsPath ?? '';
  if (typeof project === 'string' && isInside(source, dirname(resolve(base, project)))) return true;
  if (typeof program !== 'string') return false;
  const { dir, name } = parse(resolve(base, program));
  const at = parse(source);
  return at.dir === dir && at.name === name;
}
