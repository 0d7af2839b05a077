import * as vscode from 'vscode';
import { type OutsideSandbox, questionText } from './outside-sandbox.ts';

/** Under this name a workspace remembers what was allowed. */
const ALLOWED = 'lunatic.allowedOutsideSandbox';
const ALLOW = 'Allow';

/** The user did not allow what a workspace wants to run. */
export class ConsentError extends Error {
  override readonly name = 'ConsentError';
  readonly code = 'LUNATIC_CONSENT';
}

/**
 * Asks the user whether a workspace may run what it brings from outside of the sandbox. Trust in a folder lets its programs
 * run in the sandbox; whatever else it names, perhaps since yesterday, is asked about once for each value.
 */
export class Consent {
  readonly #memory: vscode.Memento;
  /** Questions that nobody has answered yet: modules whose tests begin at the same time ask the same. */
  readonly #open = new Map<string, Promise<void>>();

  /** @param memory of the workspace, which is not in the workspace */
  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /**
   * Asks about those of these things that were not allowed before.
   * @param who brings them, as in `The configuration "Debug"`
   * @throws ConsentError unless all of them are allowed
   */
  async require(who: string, things: readonly OutsideSandbox[]): Promise<void> {
    const allowed = new Set(this.#memory.get<string[]>(ALLOWED, []));
    const unknown = things.filter((thing) => !allowed.has(keyOf(thing)));
    if (unknown.length === 0) return;
    const question = JSON.stringify([who, ...unknown.map(keyOf)]);
    const answer = this.#open.get(question) ?? this.#ask(who, unknown);
    this.#open.set(question, answer);
    try {
      await answer;
    } finally {
      this.#open.delete(question);
    }
  }

  async #ask(who: string, unknown: readonly OutsideSandbox[]): Promise<void> {
    const answer = await vscode.window.showWarningMessage(
      `${who} runs code outside of the sandbox.`,
      {
        modal: true,
        detail: `${questionText(unknown)}\n\nSuch code can do whatever you can do. If you allow it, you are not asked about it again in this workspace.`,
      },
      ALLOW,
    );
    if (answer !== ALLOW)
      throw new ConsentError(`${who} runs code outside of the sandbox, which was not allowed`);
    // Another question may have been answered meanwhile.
    const now = this.#memory.get<string[]>(ALLOWED, []);
    await this.#memory.update(ALLOWED, [...new Set([...now, ...unknown.map(keyOf)])]);
  }
}

function keyOf({ what, value }: OutsideSandbox): string {
  return JSON.stringify([what, value]);
}
