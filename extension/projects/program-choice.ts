import { basename, dirname, relative } from 'node:path';
import * as vscode from 'vscode';
import { joinArguments, splitArguments } from './arguments.ts';
import type { Profile, Program, Project } from './project.ts';
import { isRunOnSave, TOGGLE_RUN_ON_SAVE } from './run-on-save-setting.ts';

/** Under this name a workspace remembers what F5 runs. */
const MEMORY = 'lunatic.chosenProgram';

/** What F5 runs, and how. */
interface Chosen {
  /** The file of the project. */
  readonly project: string;
  readonly target: string;
  readonly profile: Profile;
  /** Undefined for those that the project says. */
  readonly args?: readonly string[] | undefined;
  /** The path of the module that is run, where its build makes several and the user has picked one. */
  readonly module?: string | undefined;
}

/** A line of the list of programs. */
interface ProgramItem extends vscode.QuickPickItem {
  readonly program?: Program;
  readonly change?: (program: Program) => Promise<void>;
}

/** Keeps which program of the workspace's projects was chosen, and how it is run. */
export class ProgramChoice implements vscode.Disposable {
  readonly #memory: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Fires when something else was chosen. */
  readonly onDidChange = this.#changed.event;

  /** @param memory of the workspace */
  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  get profile(): Profile {
    return this.#chosen?.profile ?? 'debug';
  }

  /** Arguments that the user has given a program, if it is the chosen one. */
  argsOf(program: Program): readonly string[] | undefined {
    return this.#isChosen(program) ? this.#chosen?.args : undefined;
  }

  /** The module that the user has picked of those of a program's build, if the program is the chosen one. */
  moduleOf(program: Program): string | undefined {
    return this.#isChosen(program) ? this.#chosen?.module : undefined;
  }

  get #chosen(): Chosen | undefined {
    return this.#memory.get<Chosen>(MEMORY);
  }

  #isChosen({ project, target }: Program): boolean {
    return this.#chosen?.project === project.file && this.#chosen.target === target.name;
  }

  /** The program that was chosen of some, or the only one of them. Undefined if it is not clear which one is meant. */
  among(programs: readonly Program[]): Program | undefined {
    return (
      programs.find((program) => this.#isChosen(program)) ?? (programs.length === 1 ? programs[0] : undefined)
    );
  }

  /** Asks which of some programs is meant, and remembers it. Undefined if the user does not say. */
  async ask(programs: readonly Program[]): Promise<Program | undefined> {
    const items = programs.map((program) => itemOf(program, this.among(programs)));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: 'Program to run',
      matchOnDescription: true,
    });
    if (picked?.program !== undefined) await this.#keep(picked.program);
    return picked?.program;
  }

  /** Asks which of the modules of a program's build is run, and remembers it. Undefined if the user does not say. */
  async askModule(program: Program, modules: readonly string[]): Promise<string | undefined> {
    const { folder } = program.project;
    const items = modules.map((module) => {
      const path = relative(folder, module);
      return { label: basename(path), description: dirname(path) === '.' ? '' : dirname(path), module };
    });
    const placeHolder = `Module of ${program.target.name} to run`;
    const picked = await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true });
    if (picked !== undefined) await this.#keep(program, { module: picked.module });
    return picked?.module;
  }

  /**
   * Lets the user change what F5 runs, how it is built, and its arguments.
   * @param current what it runs now, if that is one of the programs
   * @returns the program that was picked, if one was
   */
  async change(programs: readonly Program[], current: Program | undefined): Promise<Program | undefined> {
    if (programs.length === 0) {
      vscode.window.showInformationMessage('This workspace contains no project that Lunatic can build.');
      return undefined;
    }
    const items: ProgramItem[] = programs.map((program) => itemOf(program, current));
    if (current !== undefined) {
      const scope = vscode.Uri.file(current.project.file);
      items.push(
        { label: '', kind: vscode.QuickPickItemKind.Separator },
        {
          label: '$(gear) Build for',
          description: this.profile,
          change: (program) => this.#changeProfile(program),
        },
        {
          label: '$(symbol-parameter) Arguments',
          description: joinArguments(this.#shownArgs(current)) || 'none',
          change: (program) => this.#changeArgs(program),
        },
        {
          label: '$(eye) Run on Save',
          description: isRunOnSave(scope) ? 'on' : 'off',
          change: async () => await vscode.commands.executeCommand(TOGGLE_RUN_ON_SAVE, scope),
        },
      );
    }
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: 'What F5 runs',
      matchOnDescription: true,
    });
    // Of several modules, the user may want another one.
    if (picked?.program !== undefined) await this.#keep(picked.program, { module: undefined });
    else if (current !== undefined) await picked?.change?.(current);
    return picked?.program;
  }

  async #changeProfile(program: Program): Promise<void> {
    const items: (vscode.QuickPickItem & { readonly profile: Profile })[] = [
      { label: 'debug', description: 'compiles fast, and can be debugged', profile: 'debug' },
      { label: 'release', description: 'runs fast', profile: 'release' },
    ];
    const picked = await vscode.window.showQuickPick(items, { placeHolder: 'How F5 builds' });
    if (picked !== undefined) await this.#keep(program, { profile: picked.profile });
  }

  async #changeArgs(program: Program): Promise<void> {
    const line = await vscode.window.showInputBox({
      title: `Arguments of ${program.target.name}`,
      prompt: 'Separate arguments by spaces. Quotation marks keep one with spaces together.',
      placeHolder: 'Such as --port 8080 "Ada Lovelace"',
      value: joinArguments(this.#shownArgs(program)),
    });
    if (line !== undefined) await this.#keep(program, { args: splitArguments(line) });
  }

  /** The arguments with which a program runs: the user's, or those that its project says. */
  #shownArgs(program: Program): readonly string[] {
    const { args = [] } = program.target.launch;
    return this.argsOf(program) ?? args;
  }

  async #keep(program: Program, changed: Partial<Chosen> = {}): Promise<void> {
    const { project, target } = program;
    const kept = { profile: this.profile, args: this.argsOf(program), module: this.moduleOf(program) };
    const chosen: Chosen = { project: project.file, target: target.name, ...kept, ...changed };
    await this.#memory.update(MEMORY, chosen);
    this.#changed.fire();
  }
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

/** The name of a project, with the folder that it is in. */
export function labelOf({ name, file }: Project): string {
  const folder = vscode.workspace.asRelativePath(file).replace(/[\\/]?[^\\/]*$/, '');
  return folder === '' || name === basename(folder) ? name : `${name} (${folder})`;
}
