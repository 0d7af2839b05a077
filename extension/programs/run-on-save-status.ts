import * as vscode from 'vscode';

/** What *Run on Save* is doing. */
export type RunOnSaveState =
  | { readonly kind: 'waits' }
  | { readonly kind: 'builds'; readonly name: string }
  /** A program was built and runs again, so many milliseconds after the source was saved. */
  | { readonly kind: 'runs'; readonly name: string; readonly milliseconds: number }
  /** It was not built, so the one from before runs on, if it has not ended. */
  | { readonly kind: 'failed'; readonly name: string };

/** Shows in the status bar what *Run on Save* does, while there are programs that it runs again. */
export class RunOnSaveStatus implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem(
    'lunatic.runOnSave',
    vscode.StatusBarAlignment.Left,
    0.9,
  );

  constructor() {
    this.#item.name = 'Lunatic: Run on Save';
  }

  dispose(): void {
    this.#item.dispose();
  }

  hide(): void {
    this.#item.hide();
  }

  show(state: RunOnSaveState): void {
    const [text, tooltip, command] = wordsOf(state);
    this.#item.text = text;
    this.#item.tooltip = `Lunatic: ${tooltip}`;
    this.#item.accessibilityInformation = { label: `Run on Save: ${tooltip}`, role: 'button' };
    this.#item.command = command;
    this.#item.show();
  }
}

const TOGGLE = 'lunatic.toggleRunOnSave';

function wordsOf(state: RunOnSaveState): [text: string, tooltip: string, command: string] {
  switch (state.kind) {
    case 'waits':
      return [
        '$(eye) Run on Save',
        'the program runs again when a source is saved. Click to turn this off.',
        TOGGLE,
      ];
    case 'builds':
      return [`$(sync~spin) ${state.name}`, `${state.name} is built, since a source was saved.`, TOGGLE];
    case 'runs': {
      const time = timeText(state.milliseconds);
      return [
        `$(eye) ${state.name}: ${time}`,
        `${state.name} runs again, ${time} after the source was saved. Click to turn Run on Save off.`,
        TOGGLE,
      ];
    }
    case 'failed':
      return [
        `$(error) ${state.name}`,
        `${state.name} could not be built. The program from before is left as it is. Click to see the problems.`,
        'workbench.actions.view.problems',
      ];
  }
}

/** As in `412 ms` and `3.1 s`. */
export function timeText(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
