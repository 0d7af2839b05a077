import { basename } from 'node:path';
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';
import type { Builder } from './builder.ts';
import type { Fault } from './compiler-messages.ts';
import { meantModules } from './meant-modules.ts';
import type { ProgramChoice } from './program-choice.ts';
import { type Profile, type Program, ProjectError } from './project.ts';
import { type Projects, programsOf } from './projects.ts';
import { BuildFailure } from './run-build.ts';
import { moduleProgram } from './single-source.ts';
import { tellProjectError } from './tell-project-error.ts';

/** Makes launch configurations of projects, and builds what they name. */
export class ProjectLaunch {
  readonly #projects: Projects;
  readonly #choice: ProgramChoice;
  readonly #builder: Builder;

  constructor(projects: Projects, choice: ProgramChoice, builder: Builder) {
    this.#projects = projects;
    this.#choice = choice;
    this.#builder = builder;
  }

  /**
   * The program that a file belongs to: the one that begins in it, the chosen one of its project, or the one that the user picks.
   * @returns undefined if the file belongs to no project; null if the user picks none, or was told what is wrong
   */
  async programOf(file: vscode.Uri): Promise<Program | undefined | null> {
    const programs = await this.#read(() => this.programsAt(file));
    if (programs === null) return null;
    if (programs.length === 0) return undefined;
    return this.meant(programs, file) ?? (await this.ask(programs)) ?? null;
  }

  /** Whether the project to which a file belongs is one for WebAssembly. */
  async isForWasm(file: vscode.Uri): Promise<boolean> {
    return await this.#projects.isForWasm(file);
  }

  /** All programs of the workspace that are for WebAssembly. */
  async programs(): Promise<readonly Program[]> {
    return await this.#projects.programs();
  }

  /** The program that a source makes which belongs to no project, if it is for WebAssembly. */
  async alone(source: vscode.Uri): Promise<readonly Program[]> {
    return await this.#projects.alone(source);
  }

  /**
   * The programs of the project that a file belongs to.
   * @throws ProjectError
   */
  async programsAt(file: vscode.Uri): Promise<readonly Program[]> {
    const project = await this.#projects.of(file);
    return project === undefined ? [] : await programsOf(project);
  }

  /** The one of some programs that is meant: the one that begins in a file, the chosen one, or the only one. */
  meant(programs: readonly Program[], file?: vscode.Uri): Program | undefined {
    return (
      programs.find(({ target }) => file !== undefined && target.source === file.fsPath) ??
      this.#choice.among(programs)
    );
  }

  /** Asks the user for one of some programs. */
  async ask(programs: readonly Program[]): Promise<Program | undefined> {
    return await this.#choice.ask(programs);
  }

  /**
   * A configuration that builds a program and launches it.
   * @param source what the user starts: it tells which module is run where a build makes several
   */
  configurationOf(program: Program, source?: vscode.Uri): vscode.DebugConfiguration {
    const { project, target } = program;
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(project.file));
    const args = this.#choice.argsOf(program);
    return {
      type: DEBUG_TYPE,
      request: 'launch',
      name: target.name,
      project: folder === undefined ? project.file : pathIn(folder, project.file),
      target: target.name,
      profile: this.#choice.profile,
      ...(args === undefined ? {} : { args }),
      ...(source === undefined || target.source !== undefined ? {} : { source: source.fsPath }),
    };
  }

  /** A configuration that launches a module. */
  configurationOfModule(module: vscode.Uri): vscode.DebugConfiguration {
    const folder = vscode.workspace.getWorkspaceFolder(module);
    const path = vscode.workspace.asRelativePath(module, false);
    const args = this.#choice.argsOf(moduleProgram(module.fsPath));
    return {
      type: DEBUG_TYPE,
      request: 'launch',
      name: path === module.fsPath ? basename(path) : path,
      program: folder === undefined ? module.fsPath : pathIn(folder, module.fsPath),
      ...(args === undefined ? {} : { args }),
    };
  }

  /**
   * Builds what a configuration names.
   * @param config its variables are substituted already
   * @returns the configuration with the module as its program. Undefined if there is none, after telling the user.
   */
  async build(
    config: vscode.DebugConfiguration,
    folder: vscode.WorkspaceFolder | undefined,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const found = await this.#read(() => this.#named(config, folder));
    if (found === null) return undefined;
    const { source = vscode.window.activeTextEditor?.document.uri.fsPath, entry } = config;
    const choose = async (modules: readonly string[]) => {
      const meant = await meantModules(modules, { source, chosen: this.#choice.moduleOf(found), entry });
      return meant.length === 1 ? meant[0] : await this.#choice.askModule(found, meant);
    };
    const module = await this.#builder.build(found, this.#profileOf(config), choose);
    return module === undefined ? undefined : { ...found.target.launch, ...config, program: module };
  }

  /**
   * Builds what a configuration names once more, while the program that was made of it runs.
   * @returns the path of the module
   * @throws RebuildError if the compilers report errors; ProjectError; the signal's reason
   */
  async rebuild(
    config: vscode.DebugConfiguration,
    folder: vscode.WorkspaceFolder | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const program = await this.#named(config, folder);
    const { program: chosen, entry } = config;
    const choose = async (modules: readonly string[]) => (await meantModules(modules, { chosen, entry }))[0];
    try {
      return await this.#builder.rebuild(program, this.#profileOf(config), choose, signal);
    } catch (error) {
      if (!(error instanceof BuildFailure)) throw error;
      throw new RebuildError(error, this.#builder.firstError(program));
    }
  }

  #profileOf({ profile = this.#choice.profile }: vscode.DebugConfiguration): Profile {
    return profile === 'release' ? 'release' : 'debug';
  }

  /**
   * The program that a configuration names.
   * @throws ProjectError if there is none
   */
  async #named(
    config: vscode.DebugConfiguration,
    folder: vscode.WorkspaceFolder | undefined,
  ): Promise<Program> {
    const { project: file, target: wanted } = config;
    const project = await this.#projects.read(String(file), folder);
    const programs = project && (await programsOf(project));
    const found = programs?.find(
      ({ target }) => target.name === wanted || (wanted === undefined && programs.length === 1),
    );
    if (found === undefined) throw new ProjectError(unknownProgram(config, programs));
    return found;
  }

  /** Null if a project cannot be read, after telling the user. */
  async #read<Result>(read: () => Promise<Result>): Promise<Result | null> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      void tellProjectError(error);
      return null;
    }
  }
}

/** A program was not built again. The message is the first error of its compilers, or says how they ended. */
export class RebuildError extends Error {
  override readonly name = 'RebuildError';
  readonly code = 'LUNATIC_REBUILD';
  /** Where that error is. */
  readonly fault: Fault | undefined;

  constructor(cause: BuildFailure, fault: Fault | undefined) {
    super(fault?.message ?? cause.message, { cause });
    this.fault = fault;
  }
}

/** A path in a workspace folder, as a launch configuration has it. Where there are several, the one of the active editor counts there. */
export function pathIn(folder: vscode.WorkspaceFolder, path: string): string {
  const isOnly = vscode.workspace.workspaceFolders?.length === 1;
  const variable = isOnly ? 'workspaceFolder' : `workspaceFolder:${folder.name}`;
  return `\${${variable}}/${vscode.workspace.asRelativePath(path, false)}`;
}

function unknownProgram(
  { name, project, target }: vscode.DebugConfiguration,
  programs: readonly Program[] | undefined,
): string {
  const whose = `The configuration "${name}"`;
  if (programs === undefined)
    return `${whose} names the project ${project}, which does not exist or is no project.`;
  const names = programs.map((one) => one.target.name).join(', ');
  return target === undefined
    ? `${whose} does not say which program of ${project} to run. Set "target" to one of these: ${names}.`
    : `${whose} names the program ${target}, which ${project} does not have. It has these: ${names}.`;
}
