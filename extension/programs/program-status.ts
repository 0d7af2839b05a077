import { basename } from 'node:path';
import * as vscode from 'vscode';
import { isSame, labelOf, type ProgramChoice } from '../projects/program-choice.ts';
import { type Program, ProjectError } from '../projects/project.ts';
import { isCode, isConfigured } from '../projects/project-keys.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { type Projects, programsOf } from '../projects/projects.ts';
import { moduleProgram } from '../projects/single-source.ts';
import { decideLaunch } from './decide-launch.ts';
import type { LastProgram } from './last-program.ts';

const CHOOSE_PROGRAM = 'lunatic.chooseProgram';

/** What F5 runs: a program of a project or of a single source, a module, or what else ran last. */
type Meant = { readonly program: Program } | { readonly module: vscode.Uri } | { readonly again: string };

/** Shows in the status bar what F5 runs, unless a `launch.json` says that, and changes it. */
export class ProgramStatus implements vscode.Disposable {
  readonly #projects: Projects;
  readonly #choice: ProgramChoice;
  readonly #launch: ProjectLaunch;
  readonly #last: LastProgram;
  readonly #item = vscode.window.createStatusBarItem('lunatic.program', vscode.StatusBarAlignment.Left, 1);
  readonly #subscriptions: vscode.Disposable;
  /** Those of the workspace's projects, when these were read last. */
  #programs: readonly Program[] = [];
  /** The number of the last call of `#show`: what an earlier one has found out is out of date. */
  #turn = 0;

  constructor(projects: Projects, choice: ProgramChoice, launch: ProjectLaunch, last: LastProgram) {
    this.#projects = projects;
    this.#choice = choice;
    this.#launch = launch;
    this.#last = last;
    this.#item.name = 'Lunatic Program';
    this.#item.command = CHOOSE_PROGRAM;
    const show = () => this.#show();
    this.#subscriptions = vscode.Disposable.from(
      this.#item,
      vscode.commands.registerCommand(CHOOSE_PROGRAM, () => this.#change()),
      projects.onDidChange(() => this.#read()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#read()),
      choice.onDidChange((program) => this.#chosen(program)),
      last.onDidChange(show),
      vscode.window.onDidChangeActiveTextEditor(show),
      vscode.window.tabGroups.onDidChangeTabs(show),
      vscode.window.tabGroups.onDidChangeTabGroups(show),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('launch')) void show();
      }),
    );
    void this.#read();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async #read(): Promise<void> {
    this.#programs = await this.#projects.programs();
    await this.#show();
  }

  /** Called when the user has chosen, or has set how a program is run: F5 runs that instead of what ran last. */
  async #chosen(program: Program): Promise<void> {
    if (this.#last.program !== undefined) {
      const file = vscode.Uri.file(program.project.file);
      const folder = vscode.workspace.getWorkspaceFolder(file);
      const config =
        program.target.isBuilt === false
          ? { ...this.#launch.configurationOfModule(file), program: file.fsPath }
          : { ...this.#launch.configurationOf(program), project: file.fsPath };
      this.#last.keep({ folder, config });
    }
    await this.#show();
  }

  /** Lets the user choose. What begins in the editor is run there whatever was chosen. */
  async #change(): Promise<void> {
    await this.#read();
    const before = await this.#meant();
    const picked = await this.#choice.change(this.#programs, programIn(before));
    const meant = programIn(await this.#meant());
    if (picked === undefined || meant === undefined || isSame(picked, meant) || isConfigured()) return;
    const { activeTextEditor } = vscode.window;
    const file = activeTextEditor && basename(activeTextEditor.document.fileName);
    vscode.window.showInformationMessage(
      `F5 runs ${picked.target.name}, but ${meant.target.name} while ${file} is in the editor.`,
    );
  }

  async #show(): Promise<void> {
    const turn = ++this.#turn;
    if (isConfigured()) return this.#item.hide();
    const meant = await this.#meant();
    if (turn !== this.#turn) return;
    if (meant === undefined && this.#programs.length === 0) return this.#item.hide();
    const { name, detail } = this.#wordsFor(meant);
    this.#item.text = `$(play) ${name}`;
    this.#item.tooltip = `Lunatic: ${detail}`;
    // Otherwise the name of the icon would be read out.
    this.#item.accessibilityInformation = { label: this.#item.tooltip, role: 'button' };
    this.#item.show();
  }

  #wordsFor(meant: Meant | undefined): { readonly name: string; readonly detail: string } {
    if (meant === undefined) return { name: 'Choose a program', detail: 'choose which program F5 runs' };
    if ('module' in meant) {
      const path = vscode.workspace.asRelativePath(meant.module);
      const otherwise =
        this.#programs.length === 0 ? 'its arguments' : 'its arguments, or what F5 runs otherwise';
      return { name: basename(path), detail: `F5 runs ${path}. Click to change ${otherwise}.` };
    }
    if ('again' in meant) return { name: meant.again, detail: `F5 runs ${meant.again} again.` };
    const { project, target } = meant.program;
    const of = project.file === target.source ? '' : ` of ${labelOf(project)}`;
    const { profile } = this.#choice;
    return {
      name: `${target.name}${profile === 'release' ? ' (release)' : ''}`,
      detail: `F5 runs ${target.name}${of}, built for ${profile}. Click to change that.`,
    };
  }

  /** What F5 runs, or undefined if it asks or tells of an error. */
  async #meant(): Promise<Meant | undefined> {
    const workspace = {
      programs: async () => this.#programs,
      programsAt: (file: vscode.Uri) => this.#programsAt(file),
      meant: this.#launch.meant.bind(this.#launch),
    };
    try {
      const decision = await decideLaunch(workspace, this.#last.program?.config);
      if ('last' in decision) return await this.#startedBy(decision.last);
      return 'choices' in decision ? undefined : decision;
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      return undefined;
    }
  }

  /** The programs of the project that a source belongs to. Those of the workspace's projects need not be asked for again. */
  async #programsAt(source: vscode.Uri): Promise<readonly Program[]> {
    const project = await this.#projects.of(source);
    // A single source is none of the workspace's projects. F5 may run it natively.
    if (project?.file === source.fsPath) return project.isForWasm ? await programsOf(project) : [];
    return this.#programs.filter((program) => program.project.file === project?.file);
  }

  /** What a configuration of ours starts. Undefined if its project is for WebAssembly no longer. */
  async #startedBy({
    name,
    project: file,
    target,
    program: module,
  }: vscode.DebugConfiguration): Promise<Meant | undefined> {
    if (typeof file !== 'string') return { module: vscode.Uri.file(module) };
    const { fsPath } = vscode.Uri.file(file);
    const isStarted = (one: Program) =>
      one.project.file === fsPath && (target === undefined || one.target.name === target);
    const known = this.#programs.find(isStarted);
    if (known !== undefined) return { program: known };
    // A single source is in no list.
    const project = await this.#projects.read(fsPath, undefined);
    if (project?.isForWasm === false && !isCode(vscode.Uri.file(fsPath))) return undefined;
    const program = project && (await programsOf(project)).find(isStarted);
    return program === undefined ? { again: name } : { program };
  }
}

/** The program whose arguments can be set. */
function programIn(meant: Meant | undefined): Program | undefined {
  if (meant === undefined || 'again' in meant) return undefined;
  return 'program' in meant ? meant.program : moduleProgram(meant.module.fsPath);
}
