/** How modules are built: fast to compile and easy to debug, or fast to run. */
export type Profile = 'debug' | 'release';

/** A folder, or a single source, out of which compilers make modules. */
export interface Project {
  /** What it is called: the name that its own file gives it, or that of its folder. */
  readonly name: string;
  /** The file that makes it a project, as `Cargo.toml` or a single source. */
  readonly file: string;
  readonly folder: string;
  /** Whether it is one for WebAssembly. A crate that does not say so may be a native program. */
  readonly isForWasm: boolean;
  /** Finds its programs. Throws a `ProjectError` if a tool is missing that must be asked for them, or cannot read the project. */
  readonly targets: () => Promise<readonly Target[]>;
  /** Says how the modules with its tests are built. Missing where its programs have the tests in them. Throws as `targets` does. */
  readonly testBuild?: () => Promise<Build>;
}

/** One of a project's programs. */
export interface Program {
  readonly project: Project;
  readonly target: Target;
}

/** What is built and run. */
export interface Target {
  /** Differs from those of the other targets: `server`, `example chat`. */
  readonly name: string;
  /** The source in which it begins, if that is known. */
  readonly source: string | undefined;
  /** Missing unless it is a module that is there already. */
  readonly isBuilt?: false;
  /** Says how it is built. Throws a `ProjectError` if what builds it is not installed. */
  readonly build: (profile: Profile) => Promise<Build>;
  /** What its launch configuration has besides: where it runs, and what else the project says. */
  readonly launch: LaunchSettings;
}

/** Names and values as in a launch configuration. */
export interface LaunchSettings {
  readonly cwd: string;
  readonly args?: readonly string[] | undefined;
  readonly [name: string]: unknown;
}

/** The commands that make a module. */
export interface Build {
  /** Each begins when the one before it has succeeded. None if the module is there already. */
  readonly steps: readonly Step[];
  readonly cwd: string;
  readonly output: OutputFormat;
  /** The folder to which paths in the output are relative, if that is not `cwd`. */
  readonly base?: string;
  readonly module: ModulePlace;
  /** What the module is made of, for compilers that would compile it again although nothing has changed. */
  readonly sources?: Sources;
}

/** The files in a folder whose names match. */
export interface Sources {
  readonly folder: string;
  readonly names: RegExp;
}

export interface Step {
  /** An OS program, which is looked for in `PATH`. */
  readonly command: string;
  readonly args: readonly string[];
}

/** How a compiler tells of errors: in JSON as cargo or rustc, or in the words of its own. */
export type OutputFormat = 'cargo' | 'rustc' | 'text';

/** Where the module is after a build, or the modules. */
export type ModulePlace =
  /** `namedBy` is what names the path, for messages. */
  | { readonly kind: 'file'; readonly path: string; readonly namedBy?: string }
  /** Cargo says so for each of its targets. */
  | { readonly kind: 'cargo'; readonly name: string; readonly of: 'bin' | 'example' }
  /** All that cargo has made for tests. */
  | { readonly kind: 'cargo tests' }
  /** The newest in a folder, for tools that make one and do not say where. */
  | { readonly kind: 'newest'; readonly folder: string }
  /** Any in a folder, for tools that may make several. `hint` is for messages: what makes the tool make one. */
  | { readonly kind: 'folder'; readonly folder: string; readonly hint?: string };

/** What is wrong with a project, in words for its author. */
export class ProjectError extends Error {
  override readonly name = 'ProjectError';
  readonly code = 'LUNATIC_PROJECT';
  /** A command that a terminal may run to mend it. */
  readonly remedy: Remedy | undefined;

  constructor(message: string, remedy?: Remedy, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** A command for a terminal, and what a button calls it. */
export interface Remedy {
  readonly title: string;
  readonly command: string;
  readonly cwd?: string;
}
