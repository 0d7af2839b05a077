import { relative } from 'node:path';
import * as vscode from 'vscode';
import { displayName } from '../../runtime/inspect/view/index.ts';
import type { ModuleReadError } from '../modules/module-error.ts';
import type { Project } from '../projects/project.ts';
import { buildName } from './finding/newest-builds.ts';
import type { FoundTest, ModuleTests } from './finding/read-module-tests.ts';
import { groupTests, onlyGroup, type TestGroup } from './test-groups.ts';

/** A module that was found. */
export interface FoundModule {
  readonly uri: vscode.Uri;
  /** The project that it belongs to. */
  readonly project?: Project | undefined;
  /** The source that cargo has made it of, if that is known. */
  readonly root?: string | undefined;
  /** The same, or the source of one of its tests. */
  readonly source?: string | undefined;
}

/** What an item of the Test Explorer stands for. */
export type ItemData =
  | ProjectData
  | ModuleData
  | { readonly kind: 'group' }
  | { readonly kind: 'test'; readonly uri: vscode.Uri; readonly test: FoundTest };

export interface ProjectData {
  readonly kind: 'project';
  readonly project: Project;
  /** Whether its sources have tests: then it stays when its modules are gone. */
  readonly hasTests: boolean;
}

/** A module, with its error if it cannot be read. */
export interface ModuleData extends FoundModule {
  readonly kind: 'module';
  /** Absolute paths of its sources. */
  readonly sources: readonly string[];
  readonly error?: ModuleReadError;
}

/** The items of the Test Explorer, which are made of the tests that were found: project, module, groups, test. */
export class TestItems {
  readonly #controller: vscode.TestController;
  readonly #data = new WeakMap<vscode.TestItem, ItemData>();
  /** The items of modules, by what is the same for all builds of one. */
  readonly #modules = new Map<string, vscode.TestItem>();
  /** How many actions keep a project busy, by its file. */
  readonly #busy = new Map<string, number>();
  /** Names of builds, by the paths of modules. */
  readonly #names = new Map<string, string>();

  /** Called when modules or their tests have changed. */
  onChange: () => void = () => {};

  constructor(controller: vscode.TestController) {
    this.#controller = controller;
  }

  dataOf(item: vscode.TestItem): ItemData | undefined {
    return this.#data.get(item);
  }

  /** The outermost items: projects, and modules that belong to none. */
  tops(): vscode.TestItem[] {
    return [...this.#controller.items].map(([, item]) => item);
  }

  /** All modules that have tests, or cannot be read. */
  *modules(): Generator<{ readonly item: vscode.TestItem; readonly data: ModuleData }> {
    for (const item of this.#modules.values()) {
      const data = this.#data.get(item);
      if (data?.kind === 'module') yield { item, data };
    }
  }

  /** The modules below an item, and the item itself if it is one. */
  modulesIn(top: vscode.TestItem): vscode.TestItem[] {
    const data = this.#data.get(top);
    if (data?.kind === 'module') return [top];
    return data?.kind === 'project' ? [...top.children].map(([, item]) => item) : [];
  }

  moduleItem(uri: vscode.Uri): vscode.TestItem | undefined {
    return this.#modules.get(this.#names.get(uri.fsPath) ?? uri.fsPath);
  }

  /** The module that a test, or a group of tests, belongs to. */
  moduleOf(item: vscode.TestItem): ModuleData | undefined {
    for (let at: vscode.TestItem | undefined = item; at !== undefined; at = at.parent) {
      const data = this.#data.get(at);
      if (data?.kind === 'module') return data;
    }
    return undefined;
  }

  /** The project that an item is, or belongs to. */
  projectOf(item: vscode.TestItem): Project | undefined {
    const data = this.#data.get(item);
    return data?.kind === 'project' ? data.project : this.moduleOf(item)?.project;
  }

  projectOfModule(uri: vscode.Uri): Project | undefined {
    const item = this.moduleItem(uri);
    return item && this.projectOf(item);
  }

  projectItem(project: Project): vscode.TestItem | undefined {
    return this.#controller.items.get(projectId(project));
  }

  /** The error of a module that cannot be read. */
  errorOf(uri: vscode.Uri): ModuleReadError | undefined {
    const item = this.moduleItem(uri);
    const data = item === undefined ? undefined : this.dataOf(item);
    return data?.kind === 'module' ? data.error : undefined;
  }

  /**
   * Adds a project whose sources have tests, which are found when it is built.
   * @param note what is said of tests that are not listed, as Markdown
   */
  addProject(project: Project, note?: string): void {
    this.#projectItem(project, true).error = note && new vscode.MarkdownString(note);
  }

  /** What is said of a project's tests that are not listed. */
  noteOf(item: vscode.TestItem): string | undefined {
    return typeof item.error === 'object' ? item.error.value : undefined;
  }

  #projectItem(project: Project, hasTests?: boolean): vscode.TestItem {
    const known = this.projectItem(project);
    const before = known && this.#data.get(known);
    const item =
      known ??
      this.#controller.createTestItem(
        projectId(project),
        displayName(project.name),
        vscode.Uri.file(project.file),
      );
    const had = before?.kind === 'project' && before.hasTests;
    this.#data.set(item, { kind: 'project', project, hasTests: hasTests ?? had });
    if (known === undefined) {
      // It may be built while it is removed and comes back.
      item.busy = this.#busy.has(project.file);
      this.#controller.items.add(item);
    }
    return item;
  }

  /** Shows that a project is busy until something is done. */
  async whileBusy<Result>(project: Project, action: () => Promise<Result>): Promise<Result> {
    const count = (by: number) => {
      const left = (this.#busy.get(project.file) ?? 0) + by;
      if (left > 0) this.#busy.set(project.file, left);
      else this.#busy.delete(project.file);
      const item = this.projectItem(project);
      if (item !== undefined) item.busy = left > 0;
    };
    count(1);
    try {
      return await action();
    } finally {
      count(-1);
    }
  }

  removeProject(item: vscode.TestItem): void {
    for (const module of this.modulesIn(item)) {
      const data = this.#data.get(module);
      if (data?.kind === 'module') this.remove(data.uri);
    }
    this.#controller.items.delete(item.id);
  }

  /** Sets the tests of a module. Tests that it had before keep their results. A module without tests is removed. */
  setTests(module: FoundModule, { tests, sources }: ModuleTests): void {
    if (tests.length === 0) {
      this.remove(module.uri);
      return;
    }
    const item = this.#moduleItem(module);
    item.error = undefined;
    this.#data.set(item, { ...module, kind: 'module', sources });
    const groups = groupTests(tests);
    // The names of tests in Rust begin with that of the crate.
    const shown = module.root === undefined ? groups : onlyGroup(groups);
    const tag = new vscode.TestTag(pathOf(module));
    this.#fill(item, { id: item.id, uri: module.uri, tag }, shown);
    this.onChange();
  }

  /** Sets the error of a module that cannot be read, which happens also while a build writes it. Its tests stay. */
  setError(module: FoundModule, error: ModuleReadError): void {
    const item = this.#moduleItem(module);
    item.error = error.message;
    this.#data.set(item, { ...module, kind: 'module', sources: [], error });
  }

  remove(uri: vscode.Uri): void {
    const name = this.#names.get(uri.fsPath) ?? uri.fsPath;
    this.#names.delete(uri.fsPath);
    const item = this.#modules.get(name);
    const data = item === undefined ? undefined : this.#data.get(item);
    // A newer build may have taken its place.
    if (item !== undefined && data?.kind === 'module' && data.uri.fsPath === uri.fsPath)
      this.#removeModule(name, item);
  }

  #removeModule(name: string, item: vscode.TestItem): void {
    this.#modules.delete(name);
    const { parent } = item;
    (parent?.children ?? this.#controller.items).delete(item.id);
    const data = parent && this.#data.get(parent);
    if (parent?.children.size === 0 && data?.kind === 'project' && !data.hasTests)
      this.#controller.items.delete(parent.id);
    this.onChange();
  }

  /** The tests below an item, and the item itself if it is a test. */
  *testsOf(item: vscode.TestItem): Generator<vscode.TestItem> {
    if (this.#data.get(item)?.kind === 'test') yield item;
    for (const [, child] of item.children) yield* this.testsOf(child);
  }

  #moduleItem(module: FoundModule): vscode.TestItem {
    const { uri, project, root } = module;
    const name = buildName({ path: uri.fsPath, root });
    const known = this.#modules.get(name);
    if (known !== undefined) {
      const data = this.#data.get(known);
      if (data?.kind === 'module' && data.project?.file === project?.file) {
        this.#names.set(uri.fsPath, name);
        return known;
      }
      this.#removeModule(name, known);
    }
    const item = this.#controller.createTestItem(vscode.Uri.file(name).toString(), labelOf(module), uri);
    item.sortText = vscode.workspace.asRelativePath(root ?? uri);
    (project === undefined ? this.#controller.items : this.#projectItem(project).children).add(item);
    this.#modules.set(name, item);
    this.#names.set(uri.fsPath, name);
    return item;
  }

  #fill(parent: vscode.TestItem, module: FilledModule, { groups, tests }: TestGroup): void {
    const items = [
      ...groups.map((group) => this.#groupItem(parent, module, group)),
      ...tests.map(({ label, test }) => this.#testItem(parent, module, label, test)),
    ];
    parent.children.replace(items);
  }

  #groupItem(parent: vscode.TestItem, module: FilledModule, group: TestGroup): vscode.TestItem {
    const id = `${module.id}#group ${group.name}`;
    const item = parent.children.get(id) ?? this.#controller.createTestItem(id, displayName(group.label));
    this.#data.set(item, { kind: 'group' });
    this.#fill(item, module, group);
    return item;
  }

  #testItem(
    parent: vscode.TestItem,
    { id: module, uri, tag }: FilledModule,
    label: string,
    test: FoundTest,
  ): vscode.TestItem {
    const id = `${module}#test ${test.exportName}`;
    const source = test.place?.file === undefined ? uri : vscode.Uri.file(test.place.file);
    const known = parent.children.get(id);
    const item =
      known?.uri?.toString() === source.toString()
        ? known
        : this.#controller.createTestItem(id, displayName(label), source);
    item.label = displayName(labelled(label, test));
    item.range = rangeOf(test);
    item.tags = [...tagsOf(test), tag];
    this.#data.set(item, { kind: 'test', uri, test });
    return item;
  }
}

/** A module whose item is filled. */
interface FilledModule {
  readonly id: string;
  readonly uri: vscode.Uri;
  /** What `@lunatic:src/lib.rs` finds in the Test Explorer's filter. */
  readonly tag: vscode.TestTag;
}

function projectId({ file }: Project): string {
  return `project ${file}`;
}

/** The path of a module, or of the source that cargo has made it of, in its project or in the workspace. */
function pathOf({ uri, project, root }: FoundModule): string {
  return project === undefined
    ? vscode.workspace.asRelativePath(root ?? uri)
    : relative(project.folder, root ?? uri.fsPath);
}

function labelOf(module: FoundModule): string {
  const path = pathOf(module);
  if (module.project !== undefined) return displayName(path);
  const slash = path.lastIndexOf('/');
  return displayName(slash < 0 ? path : `${path.slice(slash + 1)} (${path.slice(0, slash)})`);
}

/** The marks are in the label, since screen readers read an item's description in place of its label. */
function labelled(label: string, { ignored, expectedPanic }: FoundTest): string {
  const panic = expectedPanic === '' ? 'should panic' : `should panic with "${expectedPanic}"`;
  const marks = [...(ignored ? ['ignored'] : []), ...(expectedPanic === null ? [] : [panic])];
  return marks.length === 0 ? label : `${label} (${marks.join(', ')})`;
}

/** What `@lunatic:ignored` and `@lunatic:panic` find in the Test Explorer's filter. */
const IGNORED = new vscode.TestTag('ignored');
const PANIC = new vscode.TestTag('panic');

function tagsOf({ ignored, expectedPanic }: FoundTest): vscode.TestTag[] {
  return [...(ignored ? [IGNORED] : []), ...(expectedPanic === null ? [] : [PANIC])];
}

function rangeOf({ place }: FoundTest): vscode.Range | undefined {
  if (place === null) return undefined;
  return new vscode.Range(place.line, place.column, place.line, place.column + place.length);
}
