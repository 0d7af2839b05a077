import * as vscode from 'vscode';
import type { ModuleSourceParams, SourcePlaces } from '../language-server/protocol.ts';
import { sourceFile } from '../testing/source-file.ts';
import { topFolder } from '../testing/top-folder.ts';

/** Gets the places of the sources of which an instruction of a module was made, the innermost of inlined calls first. */
export type AskForSource = (params: ModuleSourceParams) => Promise<SourcePlaces>;

/** The head of a function that has code. */
const HEAD = /^ *(?<link>\(func(?: \$(?:"[^"]*"|[^\s()]+))?)(?!.*\(import)/d;

/** Names of the text, which lead to what they stand for. */
const NAME = /\$(?:"[^"]*"|[^\s()"]+)|\(;\d+;\)/;

/** Lines that the head of a function has at most, as long as nobody looks at them. */
const LONGEST_HEAD = 100;

/** Where the code of binary modules was written, by their debug information. */
export class ModuleSources {
  readonly #ask: AskForSource;
  /** Links without targets, until somebody follows them. */
  readonly #links = new WeakMap<
    vscode.DocumentLink,
    { readonly file: vscode.Uri; readonly offset: number }
  >();

  constructor(ask: AskForSource) {
    this.#ask = ask;
  }

  /** Links at the heads of functions. */
  linksOf(
    document: vscode.TextDocument,
    file: vscode.Uri,
    offsets: readonly number[],
  ): vscode.DocumentLink[] {
    const links: vscode.DocumentLink[] = [];
    for (let line = 0; line < document.lineCount; line++) {
      const [start, end] = HEAD.exec(document.lineAt(line).text)?.indices?.groups?.['link'] ?? [];
      if (start === undefined || end === undefined) continue;
      const offset = offsetFrom(offsets, line);
      if (offset === undefined) continue;
      const link = new vscode.DocumentLink(new vscode.Range(line, start, line, end));
      link.tooltip = 'Show the source';
      this.#links.set(link, { file, offset });
      links.push(link);
    }
    return links;
  }

  /** The same link with its target, if the source is here. */
  async resolve(link: vscode.DocumentLink): Promise<vscode.DocumentLink> {
    const { file, offset } = this.#links.get(link) ?? {};
    if (file === undefined || offset === undefined) return link;
    const found = await this.#locationOf(file, offset);
    if (found === undefined) return link;
    const { line, character } = found.range.start;
    link.target = found.uri.with({ fragment: `L${line + 1},${character + 1}` });
    return link;
  }

  /** The source of the instruction on a line; nothing where a name is. */
  async definitionAt(
    document: vscode.TextDocument,
    position: vscode.Position,
    file: vscode.Uri,
    offsets: readonly number[],
  ): Promise<vscode.Location | undefined> {
    if (document.getWordRangeAtPosition(position, NAME) !== undefined) return undefined;
    const offset = offsets[position.line] ?? -1;
    return offset < 0 ? undefined : await this.#locationOf(file, offset);
  }

  async #locationOf(file: vscode.Uri, offset: number): Promise<vscode.Location | undefined> {
    const top = topFolder(file);
    for (const { file: named, line, column } of await this.#ask({ path: file.fsPath, offset })) {
      const source = sourceFile(named, file.fsPath, top);
      if (source === undefined) continue;
      const at = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
      return new vscode.Location(vscode.Uri.file(source), at);
    }
    return undefined;
  }
}

/** The offset of the first instruction on a line or below it. */
function offsetFrom(offsets: readonly number[], line: number): number | undefined {
  return offsets.slice(line, line + LONGEST_HEAD).find((offset) => offset >= 0);
}
