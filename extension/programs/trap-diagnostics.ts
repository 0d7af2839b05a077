import * as vscode from 'vscode';
import type { CustomEvents } from '../../debug-adapter/index.ts';
import { endText, processName } from '../../runtime/inspect/view/index.ts';
import { DEBUG_TYPE } from '../debug-type.ts';
import { OF_TESTS } from '../testing/running/test-session.ts';

/** Lines of a program that have a diagnostic at most. */
const MAX_LINES = 100;
/** Requests with which a program begins to run, or to be looked at. */
const BEGINNINGS: ReadonlySet<unknown> = new Set(['launch', 'attach', 'restart']);
/** Calls around a trap that a diagnostic leads to. */
const MAX_RELATED = 20;

type Trapped = CustomEvents['lunatic/trapped'];
type Call = Trapped['calls'][number];

/** A line at which processes have trapped for the same reason. */
interface TrapLine {
  readonly diagnostic: vscode.Diagnostic;
  readonly uri: vscode.Uri;
  count: number;
}

/** Shows at their lines, in editors and in the Problems view, where processes of programs have trapped, until these run again. */
export class TrapDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('lunatic-traps');
  /** The lines of each program, by file, line and reason. */
  readonly #lines = new Map<string, Map<string, TrapLine>>();
  readonly #subscriptions: vscode.Disposable;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      this.#collection,
      // A program may trap before VS Code tells that its session has started.
      vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
        createDebugAdapterTracker: (session) => ({
          onWillReceiveMessage: ({ command }) => {
            if (BEGINNINGS.has(command) && isOfProgram(session)) this.#forget(programOf(session));
          },
        }),
      }),
      vscode.debug.onDidReceiveDebugSessionCustomEvent(({ session, event, body }) => {
        if (event === 'lunatic/trapped' && isOfProgram(session)) this.#add(programOf(session), body);
      }),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #add(program: string, { process, end, calls }: Trapped): void {
    const placed = calls.filter(({ path }) => path !== undefined);
    // A panic traps in code that nobody would change.
    const at = placed.find(({ isForeign }) => !isForeign) ?? placed[0];
    if (at === undefined) return;
    const lines = this.#lines.get(program) ?? new Map<string, TrapLine>();
    this.#lines.set(program, lines);
    const { uri, range } = locationOf(at);
    const reason = endText(end);
    const key = [uri.fsPath, at.line, at.column, reason].join('\n');
    const known = lines.get(key);
    if (known === undefined && lines.size === MAX_LINES) return;
    const count = (known?.count ?? 0) + 1;
    const others = count === 1 ? '' : ` (and ${count - 1} more)`;
    const diagnostic = new vscode.Diagnostic(
      range,
      `${processName(process)}${others} ${reason}`,
      vscode.DiagnosticSeverity.Warning,
    );
    diagnostic.source = 'lunatic';
    diagnostic.relatedInformation = placed
      .slice(0, MAX_RELATED)
      .map((call) => new vscode.DiagnosticRelatedInformation(locationOf(call), `in ${call.functionName}`));
    lines.set(key, { diagnostic, uri, count });
    this.#show([uri]);
  }

  /** Forgets what was at lines of a program, which runs again. */
  #forget(program: string): void {
    const lines = this.#lines.get(program);
    this.#lines.delete(program);
    if (lines !== undefined) this.#show([...lines.values()].map(({ uri }) => uri));
  }

  /** Shows files as they are now. */
  #show(uris: readonly vscode.Uri[]): void {
    const all = [...this.#lines.values()].flatMap((lines) => [...lines.values()]);
    for (const path of new Set(uris.map(({ fsPath }) => fsPath))) {
      const here = all.filter(({ uri }) => uri.fsPath === path);
      this.#collection.set(
        vscode.Uri.file(path),
        here.map(({ diagnostic }) => diagnostic),
      );
    }
  }
}

/** The range is empty: the editor underlines the word there. */
function locationOf({ path = '', line, column }: Call): vscode.Location {
  return new vscode.Location(vscode.Uri.file(path), new vscode.Position(line - 1, column - 1));
}

/** What is the same when a program runs again. */
function programOf({ configuration, name }: vscode.DebugSession): string {
  const { program, url } = configuration;
  return [program, url].find((value) => typeof value === 'string') ?? name;
}

function isOfProgram({ type, configuration }: vscode.DebugSession): boolean {
  return type === DEBUG_TYPE && configuration[OF_TESTS] !== true && configuration['coreDump'] === undefined;
}
