import * as vscode from 'vscode';
import { TOGGLE_RUN_ON_SAVE } from '../projects/run-on-save-setting.ts';

/** What *Run on Save* is doing. */
export type RunOnSaveState =
  | { readonly kind: 'waits' }
  | { readonly kind: 'builds'; readonly name: string }
  /** A program was built and runs again, so many milliseconds after the source was saved. */
  | { readonly kind: 'runs'; readonly name: string; readonly milliseconds: number }
  /** The program from before runs on, if it has not ended. */
  | { readonly kind: 'not built'; readonly name: string }
  /** The program from before has been ended. */
  | { readonly kind: 'not started'; readonly name: string };

/** Shows in the status bar what *Run on Save* does, while there are programs that it runs again. */
export class RunOnSaveStatus implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem(
    'lunatic.runOnSave',
    vscode.StatusBarAlignment.Left,
    0.9,
  );
  /** Whether launch configurations turn it on, which the setting does not change. */
  isConfigured = false;

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
    const { text, says, click = this.#off } = wordsOf(state);
    const tooltip = `${says} ${click.says}`;
    this.#item.text = text;
    this.#item.tooltip = `Lunatic: ${tooltip}`;
    this.#item.accessibilityInformation = { label: `Run on Save: ${tooltip}`, role: 'button' };
    this.#item.command = click.command;
    this.#item.show();
  }

  /** What turns it off. */
  get #off(): Click {
    return this.isConfigured
      ? {
          says: 'The launch configuration turns Run on Save on. Click to open launch.json.',
          command: 'workbench.action.debug.configure',
        }
      : { says: 'Click to turn Run on Save off.', command: TOGGLE_RUN_ON_SAVE };
  }
}

/** What a click on the status does, and the words that say so. */
interface Click {
  readonly says: string;
  readonly command: string;
}

interface Words {
  readonly text: string;
  readonly says: string;
  /** If it is not to turn it off. */
  readonly click?: Click;
}

function wordsOf(state: RunOnSaveState): Words {
  switch (state.kind) {
    case 'waits':
      return { text: '$(eye) Run on Save', says: 'The program is run again when a source is saved.' };
    case 'builds':
      return {
        text: `$(sync~spin) ${state.name}`,
        says: `Building ${state.name} because a source was saved.`,
      };
    case 'runs': {
      const time = timeText(state.milliseconds);
      const says = `${state.name} was running again ${time} after the source was saved.`;
      return { text: `$(eye) ${state.name}: ${time}`, says };
    }
    case 'not built':
      return {
        text: `$(error) ${state.name}`,
        says: `${state.name} could not be built. The program from before is left as it is.`,
        click: { says: 'Click to see the problems.', command: 'workbench.actions.view.problems' },
      };
    case 'not started':
      return {
        text: `$(error) ${state.name}`,
        says: `${state.name} was built, but does not start.`,
        click: { says: 'Click to see the output.', command: 'lunatic.showOutput' },
      };
  }
}

/** As in `412 ms` and `3.1 s`. */
export function timeText(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
