import * as vscode from 'vscode';
import { labelOf } from './builder.ts';
import type { Profile } from './project.ts';
import type { Program, Projects } from './projects.ts';

export const CHOOSE_PROGRAM = 'lunatic.chooseProgram';

/** Under this name a workspace remembers what F5 runs. */
const MEMORY = 'lunatic.chosenProgram';

/** What F5 runs, and how. */
export interface Chosen {
  /** The file of the project. */
  readonly project: string;
  readonly target: string;
  readonly profile: Profile;
  readonly args: readonly string[];
}

/** A line of the list of programs. */
interface ProgramItem extends vscode.QuickPickItem {
  readonly program?: Program;
  readonly change?: 'profile' | 'args';
}

/** Keeps which program of the workspace's projects F5 runs, and shows it in the status bar. */
export class ProgramChoice implements vscode.Disposable {
  readonly #projects: Projects;
  readonly #memory: vscode.Memento;
  readonly #item = vscode.window.createStatusBarItem('lunatic.program', vscode.StatusBarAlignment.Left, 1);
  readonly #subscriptions: vscode.Disposable;

  /** @param memory of the workspace */
  constructor(projects: Projects, memory: vscode.Memento) {
    this.#projects = projects;
    this.#memory = memory;
    this.#item.name = 'Lunatic Program';
    this.#item.command = CHOOSE_PROGRAM;
    this.#subscriptions = vscode.Disposable.from(
      this.#item,
      vscode.commands.registerCommand(CHOOSE_PROGRAM, () => this.change()),
      projects.onDidChange(() => this.#show()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#show()),
    );
    void this.#show();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  get profile(): Profile {
    return this.#chosen?.profile ?? 'debug';
  }

  /** Arguments of a program, if it is the chosen one. */
  argsOf({ project, target }: Program): readonly string[] {
    const chosen = this.#chosen;
    return chosen?.project === project.file && chosen.target === target.name ? chosen.args : [];
  }

  get #chosen(): Chosen | undefined {
    return this.#memory.get<Chosen>(MEMORY);
  }

  /** The program that was chosen of some, or the only one of them. Undefined if it is not clear which one is meant. */
  among(programs: readonly Program[]): Program | undefined {
    const chosen = this.#chosen;
    const found = programs.find(
      ({ project, target }) => project.file === chosen?.project && target.name === chosen.target,
    );
    return found ?? (programs.length === 1 ? programs[0] : undefined);
  }

  /** Asks which of some programs is meant, and remembers it. Undefined if the user does not say. */
  async ask(programs: readonly Program[]): Promise<Program | undefined> {
    const items = programs.map((program) => itemOf(program, this.among(programs)));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: 'Program to run',
      matchOnDescription: true,
    });
    if (picked?.program !== undefined) await this.#choose(picked.program);
    return picked?.program;
  }

  /** Lets the user change what F5 runs, how it is built, and its arguments. */
  async change(): Promise<void> {
    const programs = await this.#programs();
    if (programs.length === 0) {
      vscode.window.showInformationMessage(
        'The workspace has no project of which Lunatic knows how to build it.',
      );
      return;
    }
    const current = this.among(programs);
    const items: ProgramItem[] = programs.map((program) => itemOf(program, current));
    if (current !== undefined) {
      const args = this.argsOf(current);
      items.push(
        { label: '', kind: vscode.QuickPickItemKind.Separator },
        { label: '$(gear) Build for', description: this.profile, change: 'profile' },
        {
          label: '$(symbol-parameter) Arguments',
          description: args.length === 0 ? 'none' : args.join(' '),
          change: 'args',
        },
      );
    }
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: 'What F5 runs',
      matchOnDescription: true,
    });
    if (picked?.program !== undefined) await this.#choose(picked.program);
    else if (current !== undefined && picked?.change === 'profile') await this.#changeProfile(current);
    else if (current !== undefined && picked?.change === 'args') await this.#changeArgs(current);
  }

  async #choose(program: Program): Promise<void> {
    const args = this.argsOf(program);
    await this.#keep(program, { profile: this.profile, args });
  }

  async #changeProfile(program: Program): Promise<void> {
    const items: (vscode.QuickPickItem & { readonly profile: Profile })[] = [
      { label: 'debug', description: 'compiles fast, and can be debugged', profile: 'debug' },
      { label: 'release', description: 'runs fast', profile: 'release' },
    ];
    const picked = await vscode.window.showQuickPick(items, { placeHolder: 'How F5 builds' });
    if (picked === undefined) return;
    await this.#keep(program, { profile: picked.profile, args: this.argsOf(program) });
  }

  async #changeArgs(program: Program): Promise<void> {
    const text = await vscode.window.showInputBox({
      title: `Arguments of ${program.target.name}`,
      prompt: 'Separated by spaces. Quotation marks keep an argument together.',
      value: this.argsOf(program)
        .map((arg) => (/[\s"]|^$/.test(arg) ? JSON.stringify(arg) : arg))
        .join(' '),
    });
    if (text === undefined) return;
    await this.#keep(program, { profile: this.profile, args: splitArguments(text) });
  }

  async #keep({ project, target }: Program, how: Pick<Chosen, 'profile' | 'args'>): Promise<void> {
    const chosen: Chosen = { project: project.file, target: target.name, ...how };
    await this.#memory.update(MEMORY, chosen);
    await this.#show();
  }

  async #programs(): Promise<readonly Program[]> {
    return programsOf(await this.#projects.all());
  }

  async #show(): Promise<void> {
    const programs = (await this.#programs()).filter(({ project }) => project.isMeant);
    if (programs.length === 0) {
      this.#item.hide();
      return;
    }
    const current = this.among(programs);
    const profile = this.profile === 'release' ? ' (release)' : '';
    this.#item.text =
      current === undefined ? '$(play) Choose a program' : `$(play) ${current.target.name}${profile}`;
    this.#item.tooltip =
      current === undefined
        ? 'Lunatic: choose which program F5 runs'
        : `Lunatic: F5 runs ${current.target.name} of ${labelOf(current.project)}, built for ${this.profile}. Click to change that.`;
    this.#item.show();
  }
}

/** All programs of some projects. */
export function programsOf(projects: readonly Program['project'][]): Program[] {
  return projects.flatMap((project) => project.targets.map((target) => ({ project, target })));
}

function itemOf(program: Program, current: Program | undefined): ProgramItem {
  const { project, target } = program;
  const isCurrent = project.file === current?.project.file && target.name === current.target.name;
  return {
    label: `${isCurrent ? '$(check)' : '$(blank)'} ${target.name}`,
    description: labelOf(project),
    program,
  };
}

/** Splits a line into arguments at its spaces. What is between quotation marks is one. */
export function splitArguments(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, plain]) => plain ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1'),
  );
}
