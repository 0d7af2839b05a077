import { homedir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import { printable } from '../../runtime/internal.ts';
import { DEBUG_TYPE } from '../debug-type.ts';
import { type Log, messageOf } from '../log.ts';
import { type ModuleDiagnostics, rangeOf } from '../modules/module-diagnostics.ts';
import { ModuleReadError } from '../modules/module-error.ts';
import { ConsentError } from '../node/consent.ts';
import { editorVariables } from '../node/editor-variables.ts';
import type { LunaticCommands } from '../node/lunatic-command.ts';
import { NodeNotFoundError } from '../node/node-finder.ts';
import {
  launchPaths,
  type OutsideSandbox,
  outsideOfLaunch,
  outsideOfTrace,
  tracePath,
} from '../node/outside-sandbox.ts';
import type { Program } from '../projects/project.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { checkProgram, NoEntryError } from './check-program.ts';
import { chooseLaunch } from './choose-launch.ts';
import { activeModule, folderOf, workspaceModules } from './choose-module.ts';
import type { LastProgram } from './last-program.ts';
import { pickProgram } from './pick-program.ts';
import type { RunOnSave } from './run-on-save.ts';
import { FOUND, SAVED_AT } from './saved-session.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
const ACTIVE_FILE = '${file}';
/** Configurations that a new `launch.json` has at most. */
const MAX_INITIAL = 20;
/** Characters of the name of a configuration that a question shows. */
const MAX_NAME = 100;

/** Completes debug configurations, and makes one if there is no `launch.json`. */
export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  readonly #commands: LunaticCommands;
  readonly #diagnostics: ModuleDiagnostics;
  readonly #lastProgram: LastProgram;
  readonly #projects: ProjectLaunch;
  readonly #runOnSave: RunOnSave;
  readonly #log: Log;

  constructor(
    commands: LunaticCommands,
    diagnostics: ModuleDiagnostics,
    lastProgram: LastProgram,
    projects: ProjectLaunch,
    runOnSave: RunOnSave,
    log: Log,
  ) {
    this.#commands = commands;
    this.#projects = projects;
    this.#runOnSave = runOnSave;
    this.#lastProgram = lastProgram;
    this.#diagnostics = diagnostics;
    this.#log = log;
  }

  /** Returns the configurations of a new `launch.json`: one for each program of the projects in its folder. */
  async provideDebugConfigurations(
    folder: vscode.WorkspaceFolder | undefined,
  ): Promise<vscode.DebugConfiguration[]> {
    const programs = await programsIn(folder, this.#projects);
    if (programs.length === 0)
      return [{ type: DEBUG_TYPE, request: 'launch', name: 'Debug this module', program: ACTIVE_FILE }];
    return programs.slice(0, MAX_INITIAL).map((program) => this.#projects.configurationOf(program));
  }

  async resolveDebugConfiguration(
    _: vscode.WorkspaceFolder | undefined,
    config: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const last = activeModule() === undefined ? this.#lastProgram.program : undefined;
    if (config.type !== undefined && config.type !== '' && config.request !== undefined) {
      // The active file cannot be run: it is displayed by the debugger, or is no module.
      const isElsewhere = config['program'] === ACTIVE_FILE && last !== undefined;
      return isElsewhere ? { ...config, ...programIn(last.config) } : config;
    }
    const meant = await chooseLaunch(config['noDebug'] ? 'run' : 'debug', this.#projects, last?.config);
    return meant === undefined ? undefined : { ...meant, ...(config['noDebug'] ? { noDebug: true } : {}) };
  }

  /** Adds the Node and the command. This comes last since only now is it certain that a program starts. */
  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    return await this.#runOnSave.during(given, () => this.#resolve(folder, given));
  }

  async #resolve(
    folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const { noDebug: _, [SAVED_AT]: savedAt, ...kept } = given;
    const isBuilt = given['project'] === undefined || savedAt !== undefined;
    const config = isBuilt ? given : await this.#projects.build(given, folder);
    if (config === undefined) return undefined;
    if (config.request !== 'launch') {
      const { url } = isText(config['url']) ? { url: config['url'] } : ((await pickProgram()) ?? {});
      if (url === undefined) return undefined;
      return await this.#startsNothing({ ...config, url }, folder?.uri.fsPath ?? homedir());
    }
    const { coreDump } = config;
    if (typeof coreDump === 'string' && coreDump !== '') {
      const cwd = resolve(folder?.uri.fsPath ?? dirname(coreDump), config['cwd'] ?? '');
      return await this.#startsNothing({ ...config, cwd }, cwd);
    }
    if (typeof config['program'] !== 'string' || config['program'] === '') {
      await vscode.window.showErrorMessage(
        `The configuration "${config.name}" names no program. Set "program" to a .wasm or .wat file, or "project" to a file such as Cargo.toml.`,
      );
      return undefined;
    }
    const cwd = folder?.uri.fsPath ?? dirname(config['program']);
    const where = resolve(cwd, config['cwd'] ?? '');
    if (!(await this.#canBegin(resolve(where, config['program']), config['entry']))) return undefined;
    // Not what was built: it is built again.
    if (savedAt === undefined) this.#lastProgram.keep({ folder, config: kept });
    try {
      const { node, script } = await this.#commands.find();
      await this.#ask(config, outsideOfLaunch(config, where));
      const found = { runtime: node, lunatic: script };
      return {
        ...found,
        ...config,
        env: environmentOf(config),
        [FOUND]: Object.keys(found).filter((name) => config[name] === undefined),
        cwd: where,
        ...launchPaths(config, where),
        ...tracePath(config, where),
      };
    } catch (error) {
      this.#log.error(messageOf(error));
      if (error instanceof ConsentError) return undefined;
      if (!(error instanceof NodeNotFoundError)) throw error;
      // Not awaited: VS Code must learn that nothing starts before the user answers.
      tellNoNode(error);
      return undefined;
    }
  }

  /** @throws ConsentError */
  #ask({ name }: vscode.DebugConfiguration, things: readonly OutsideSandbox[]): Promise<void> {
    const who = `The configuration "${printable(name).slice(0, MAX_NAME)}"`;
    return this.#commands.consent.require(who, things);
  }

  /** A session that attaches to a program, or looks at a core dump. */
  async #startsNothing(
    config: vscode.DebugConfiguration,
    where: string,
  ): Promise<vscode.DebugConfiguration | undefined> {
    try {
      await this.#ask(config, outsideOfTrace(config, where));
      return { ...config, ...tracePath(config, where) };
    } catch (error) {
      if (!(error instanceof ConsentError)) throw error;
      this.#log.error(messageOf(error));
      return undefined;
    }
  }

  /**
   * Returns whether a program can begin with a function of a module, and otherwise tells the user what is wrong with it. If the debug adapter
   * reported the error, VS Code would offer to open a `launch.json`, which has nothing to do with it.
   */
  async #canBegin(path: string, entry: string | undefined): Promise<boolean> {
    const uri = vscode.Uri.file(path);
    try {
      await checkProgram(path, entry);
      this.#diagnostics.clear(uri);
      return true;
    } catch (error) {
      if (error instanceof NoEntryError) {
        this.#diagnostics.clear(uri);
        void tellNoEntry(uri, error);
        return false;
      }
      // The debug adapter reports all other errors.
      if (!(error instanceof ModuleReadError)) return true;
      this.#diagnostics.set(uri, error);
      tellUnreadable(uri, error);
      return false;
    }
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The variables that a configuration sets, and those of the editor, which its program does not get. */
function environmentOf({ env }: vscode.DebugConfiguration): object {
  const removed = Object.fromEntries(editorVariables().map((name) => [name, null]));
  return { ...removed, ...env };
}

/** What a configuration says of which program it runs. */
function programIn({ program, project, target, profile }: vscode.DebugConfiguration): object {
  return project === undefined ? { program } : { program: undefined, project, target, profile };
}

function cannotRun(uri: vscode.Uri): string {
  return `${basename(uri.fsPath)} cannot be run.`;
}

/** Tells the user that no program can begin with a module, and leads to what can change that. */
async function tellNoEntry(uri: vscode.Uri, { message: detail, config }: NoEntryError): Promise<void> {
  const open = config === undefined ? [] : [`Open ${basename(config)}`];
  const answer = await vscode.window.showErrorMessage(cannotRun(uri), { modal: true, detail }, ...open);
  if (answer !== undefined && config !== undefined)
    await vscode.window.showTextDocument(vscode.Uri.file(config));
}

/** Tells the user why a module cannot be run, and leads to the fault. */
async function tellUnreadable(uri: vscode.Uri, { message, faults }: ModuleReadError): Promise<void> {
  const open = 'Show';
  const answer = await vscode.window.showErrorMessage(cannotRun(uri), { modal: true, detail: message }, open);
  const [fault] = faults;
  if (answer !== open || fault === undefined) return;
  if (fault.range === undefined) await vscode.commands.executeCommand('workbench.actions.view.problems');
  else {
    const { start } = rangeOf(fault);
    await vscode.window.showTextDocument(uri, { selection: new vscode.Range(start, start) });
  }
}

/** The programs of the projects in a workspace folder, or in none, and that of a source in the editor that belongs to no project. */
async function programsIn(
  folder: vscode.WorkspaceFolder | undefined,
  projects: ProjectLaunch,
): Promise<readonly Program[]> {
  const source = vscode.window.activeTextEditor?.document.uri;
  const [all, alone] = await Promise.all([
    projects.programs(),
    source === undefined ? [] : projects.alone(source),
  ]);
  return [...all, ...alone].filter(({ project }) => folderOf(vscode.Uri.file(project.file)) === folder);
}

/** Offers a configuration for each program of a project, and for each module of the workspace, where the user picks one. */
export class DynamicConfigurations implements vscode.DebugConfigurationProvider {
  readonly #projects: ProjectLaunch;

  constructor(projects: ProjectLaunch) {
    this.#projects = projects;
  }

  async provideDebugConfigurations(
    folder: vscode.WorkspaceFolder | undefined,
  ): Promise<vscode.DebugConfiguration[]> {
    if (!vscode.workspace.isTrusted) return [];
    const [programs, modules] = await Promise.all([
      programsIn(folder, this.#projects),
      // VS Code also asks for those in no folder, and displays them besides.
      folder === undefined ? [] : workspaceModules(folder),
    ]);
    return [
      ...programs.map((program) => this.#projects.configurationOf(program)),
      ...modules.map((module) => this.#projects.configurationOfModule(module)),
    ];
  }
}

/** Tells the user that no Node can run the runtime, and leads to the setting. */
export async function tellNoNode(error: NodeNotFoundError): Promise<void> {
  const open = 'Open Setting';
  if ((await vscode.window.showErrorMessage(error.message, open)) === open) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'lunatic.node');
  }
}
