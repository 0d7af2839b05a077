import { basename, dirname, relative } from 'node:path';
import * as vscode from 'vscode';
import { joinArguments, splitArguments } from './arguments.ts';
import type { Profile, Program, Project } from './project.ts';
import { isRunOnSave, TOGGLE_RUN_ON_SAVE } from './run-on-save-setting.ts';

/** Under these names a workspace remembers what F5 runs, how it is built, and what was set for single programs. */
const CHOSEN = 'lunatic.chosenProgram';
const PROFILE = 'lunatic.profile';
const SETTINGS = 'lunatic.programSettings';

/** What F5 runs. */
interface Chosen {
  /** The file of the project. */
  readonly project: string;
  readonly target: string;
}

/** How a program is run. */
interface Settings {
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
  readonly #changed = new vscode.EventEmitter<Program>();
  /** Fires with a program when it was chosen, or how it is run. */
  readonly onDidChange = this.#changed.event;

  /** @param memory of the workspace */
  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  get profile(): Profile {
    return this.#memory.get<Profile>(PROFILE, 'debug');
  }

  /** Arguments that the user has given a program. */
  argsOf(program: Program): readonly string[] | undefined {
    return this.#settingsOf(program).args;
  }

  /** The module that the user has picked of those of a program's build. */
  moduleOf(program: Program): string | undefined {
    return this.#settingsOf(program).module;
  }

  get #settings(): Readonly<Record<string, Settings>> {
    return this.#memory.get(SETTINGS, {});
  }

  #settingsOf(program: Program): Settings {
    return this.#settings[keyOf(program)] ?? {};
  }

  #isChosen({ project, target }: Program): boolean {
    const chosen = this.#memory.get<Chosen>(CHOSEN);
    return chosen?.project === project.file && chosen.target === target.name;
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
    if (picked?.program !== undefined) await this.#choose(picked.program);
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
    if (picked !== undefined) await this.#set(program, { module: picked.module });
    return picked?.module;
  }

  /**
   * Lets the user change what F5 runs, how it is built, and its arguments.
   * @param current what it runs now. It need not be one of the programs
   * @returns the program that was picked, if one was
   */
  async change(programs: readonly Program[], current: Program | undefined): Promise<Program | undefined> {
    const isAlone = current !== undefined && !programs.some((program) => isSame(program, current));
    const choices = isAlone ? [current, ...programs] : programs;
    if (choices.length === 0) {
      vscode.window.showInformationMessage('This workspace contains no project that Lunatic can build.');
      return undefined;
    }
    const items: ProgramItem[] = choices.map((program) => itemOf(program, current));
    if (current !== undefined) {
      const scope = vscode.Uri.file(current.project.file);
      items.push(
        { label: '', kind: vscode.QuickPickItemKind.Separator },
        ...(current.target.isBuilt === false ? [] : [this.#profileItem()]),
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
    if (current !== undefined && picked?.change !== undefined) await picked.change(current);
    // What is in no project is run while it is in the editor: it is not chosen instead of another one.
    else if (picked?.program !== undefined && !(isAlone && picked.program === current))
      await this.#choose(picked.program);
    return picked?.program;
  }

  #profileItem(): ProgramItem {
    const change = (program: Program) => this.#changeProfile(program);
    return { label: '$(gear) Build for', description: this.profile, change };
  }

  async #changeProfile(program: Program): Promise<void> {
    const items: (vscode.QuickPickItem & { readonly profile: Profile })[] = [
      { label: 'debug', description: 'compiles fast, and can be debugged', profile: 'debug' },
      { label: 'release', description: 'runs fast', profile: 'release' },
    ];
    const picked = await vscode.window.showQuickPick(items, { placeHolder: 'How F5 builds' });
    if (picked === undefined) return;
    await this.#memory.update(PROFILE, picked.profile);
    this.#changed.fire(program);
  }

  async #changeArgs(program: Program): Promise<void> {
    const line = await vscode.window.showInputBox({
      title: `Arguments of ${program.target.name}`,
      prompt: 'Separate arguments by spaces. Quotation marks keep one with spaces together.',
      placeHolder: 'Such as --port 8080 "Ada Lovelace"',
      value: joinArguments(this.#shownArgs(program)),
    });
    if (line !== undefined) await this.#set(program, { args: splitArguments(line) });
  }

  /** The arguments with which a program runs: the user's, or those that its project says. */
  #shownArgs(program: Program): readonly string[] {
    const { args = [] } = program.target.launch;
    return this.argsOf(program) ?? args;
  }

  async #choose(program: Program): Promise<void> {
    const chosen: Chosen = { project: program.project.file, target: program.target.name };
    await this.#memory.update(CHOSEN, chosen);
    // Of several modules, the user may want another one.
    await this.#set(program, { module: undefined });
  }

  async #set(program: Program, changed: Settings): Promise<void> {
    const settings = { ...this.#settingsOf(program), ...changed };
    await this.#memory.update(SETTINGS, { ...this.#settings, [keyOf(program)]: settings });
    this.#changed.fire(program);
  }
}

/** Under this name its settings are remembered. */
function keyOf({ project, target }: Program): string {
  return `${project.file} ${target.name}`;
}

export function isSame(a: Program, b: Program): boolean {
  return a.project.file === b.project.file && a.target.name === b.target.name;
}

function itemOf(program: Program, current: Program | undefined): ProgramItem {
  const { project, target } = program;
  const isCurrent = current !== undefined && isSame(program, current);
  return {
    label: `${isCurrent ? '$(check)' : '$(blank)'} ${target.name}`,
    description: labelOf(project),
    program,
  };
}

/** The name of a project, with the folder that it is in. A single source has that of its program: only the folder. */
export function labelOf({ name, file }: Project): string {
  const folder = vscode.workspace.asRelativePath(file).replace(/[\\/]?[^\\/]*$/, '');
  if (name === basename(file)) return folder;
  return folder === '' || name === basename(folder) ? name : `${name} (${folder})`;
}
