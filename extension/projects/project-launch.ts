import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../programs/debug-type.ts';
import { type Builder, tellProjectError } from './builder.ts';
import { type ProgramChoice, programsOf } from './program-choice.ts';
import { type Profile, type Project, ProjectError } from './project.ts';
import type { Program, Projects } from './projects.ts';

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
   * The program that a source belongs to: the one that begins in it, the chosen one of its project, or the one that the user picks.
   * @returns undefined if the source belongs to no project; null if the user picks none or was told what is wrong
   */
  async programOf(source: vscode.Uri): Promise<Program | undefined | null> {
    const project = await this.#read(() => this.#projects.of(source));
    if (project === undefined || project === null) return project;
    if (project.targets.length === 0) return undefined;
    const target = project.targets.find((one) => one.source === source.fsPath);
    return target === undefined ? await this.#pick(programsOf([project])) : { project, target };
  }

  /** All programs of the workspace that are meant to run here. */
  async programs(): Promise<readonly Program[]> {
    return programsOf((await this.#projects.all()).filter(({ isMeant }) => isMeant));
  }

  /** The program of the workspace that is meant. Null if the user picks none. */
  async #pick(programs: readonly Program[]): Promise<Program | null> {
    return this.#choice.among(programs) ?? (await this.#choice.ask(programs)) ?? null;
  }

  /** The program that F5 runs if nothing in the editor says otherwise; see `programOf`. */
  async chosen(): Promise<Program | undefined | null> {
    const programs = await this.programs();
    return programs.length === 0 ? undefined : await this.#pick(programs);
  }

  /** A configuration that builds a program and launches it. */
  configurationOf(program: Program): vscode.DebugConfiguration {
    const { project, target } = program;
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(project.file));
    const args = this.#choice.argsOf(program);
    return {
      type: DEBUG_TYPE,
      request: 'launch',
      name: target.name,
      project:
        folder === undefined
          ? project.file
          : `\${workspaceFolder}/${vscode.workspace.asRelativePath(project.file, false)}`,
      target: target.name,
      profile: this.#choice.profile,
      ...(args.length === 0 ? {} : { args }),
    };
  }

  /**
   * Builds what a configuration names.
   * @param config its variables are substituted already
   * @returns the configuration with the module as its program. Undefined if there is none, after telling the user.
   */
  async build(config: vscode.DebugConfiguration): Promise<vscode.DebugConfiguration | undefined> {
    const { project: file, target: wanted, profile = this.#choice.profile } = config;
    const project = await this.#read(() => this.#projects.read(String(file)));
    if (project === null) return undefined;
    const program = project === undefined ? undefined : targetOf(project, wanted);
    if (program === undefined) {
      vscode.window.showErrorMessage(unknownProgram(config, project));
      return undefined;
    }
    const module = await this.#builder.build(program.project, program.target, profileOf(profile));
    return module === undefined ? undefined : { ...program.target.launch, ...config, program: module };
  }

  /** Null if the project cannot be read, after telling the user. */
  async #read(read: () => Promise<Project | undefined>): Promise<Project | undefined | null> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      void tellProjectError(error);
      return null;
    }
  }
}

function targetOf(project: Project, wanted: unknown): Program | undefined {
  const { targets } = project;
  const [only] = targets;
  const target =
    wanted === undefined && targets.length === 1 ? only : targets.find(({ name }) => name === wanted);
  return target === undefined ? undefined : { project, target };
}

function profileOf(value: unknown): Profile {
  return value === 'release' ? 'release' : 'debug';
}

function unknownProgram(
  { name, project: file, target }: vscode.DebugConfiguration,
  project: Project | undefined,
): string {
  const whose = `The configuration "${name}"`;
  if (project === undefined) return `${whose} names the project ${file}, which is no file that makes one.`;
  const names = project.targets.map((one) => one.name).join(', ');
  return target === undefined
    ? `${whose} does not say which program of ${project.name} it means. Set "target" to one of these: ${names}.`
    : `${whose} names the program ${target}, which ${project.name} does not have. It has these: ${names}.`;
}
