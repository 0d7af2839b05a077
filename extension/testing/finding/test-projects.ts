import * as vscode from 'vscode';
import { isLibraryPath } from '../../../runtime/internal.ts';
import { readWorkspaceFile } from '../../modules/read-file.ts';
import { isInside } from '../../projects/files.ts';
import { type Project, ProjectError } from '../../projects/project.ts';
import { NOT_SEARCHED, type Projects } from '../../projects/projects.ts';
import { countPlainTests, plainTestsNote } from './plain-tests.ts';

/** What sources contain that have tests. */
const TEST = /\blunatic::test\b|lunatic_test_|^[ \t]*LUNATIC_TEST\b/m;
/** Sources of which modules with tests are built. A text module is one itself. */
const SOURCES = '**/*.{rs,ts,c,cc,cpp,cxx,h,hh,hpp,hxx}';
/** Sources of a project that are searched at most, and the bytes of the largest. */
const MAX_SOURCES = 500;
const MAX_SIZE = 2 ** 20;

/** A project whose sources have tests. */
export interface ProjectWithTests {
  readonly project: Project;
  /** What is to be said of tests that are not listed, as Markdown. */
  readonly note: string | undefined;
}

/** Tells of which projects the workspace's tests are. */
export class TestProjects {
  readonly #projects: Projects;
  /** Fires when projects have appeared, changed or gone. */
  readonly onDidChange: vscode.Event<void>;

  constructor(projects: Projects) {
    this.#projects = projects;
    this.onDidChange = projects.onDidChange;
  }

  /** The project that a module belongs to, by one of its sources or, if none is known, by the module's own path. */
  async of(module: vscode.Uri, source: string | undefined): Promise<Project | undefined> {
    const places = source === undefined ? [module] : [vscode.Uri.file(source), module];
    for (const place of places) {
      const project = await this.#projects.of(place).catch((error: unknown) => {
        if (error instanceof ProjectError) return undefined;
        throw error;
      });
      // A single source is no project of which others are.
      if (project?.isForWasm && project.file !== place.fsPath) return project;
    }
    return undefined;
  }

  /** Projects whose sources have tests. */
  async withTests(): Promise<readonly ProjectWithTests[]> {
    const found: ProjectWithTests[] = [];
    const projects = await this.#projects.all();
    const folders = projects.map(({ folder }) => folder);
    for (const project of projects) {
      const inner = folders.filter((folder) => folder !== project.folder && isInside(folder, project.folder));
      const { hasTests, plainTests } = await testsIn(project, inner);
      if (hasTests || plainTests > 0) found.push({ project, note: plainTestsNote(plainTests) });
    }
    return found;
  }
}

/** @param inner folders of other projects in its own, to which the sources there belong */
async function testsIn(project: Project, inner: readonly string[]) {
  const sources = await vscode.workspace.findFiles(
    new vscode.RelativePattern(vscode.Uri.file(project.folder), SOURCES),
    NOT_SEARCHED,
    MAX_SOURCES,
  );
  let hasTests = false;
  let plainTests = 0;
  for (const { fsPath } of sources) {
    // Libraries of ours only define what declares a test.
    if (isLibraryPath(fsPath, project.file) || inner.some((other) => isInside(fsPath, other))) continue;
    // Those of a crate that is not for Lunatic are run by others.
    const mayBePlain = project.isForWasm && fsPath.endsWith('.rs');
    if (hasTests && !mayBePlain) continue;
    const bytes = await readWorkspaceFile(fsPath, MAX_SIZE).catch(() => undefined);
    if (bytes === undefined) continue;
    const text = Buffer.from(bytes).toString();
    hasTests ||= TEST.test(text);
    if (mayBePlain) plainTests += countPlainTests(text);
  }
  return { hasTests, plainTests };
}
