/**
 * What tests ask of the control extension, which runs beside ours in the extension host of a window: to do at once and for
 * certain what people do with many clicks. A request and its answer are a line of JSON each.
 */

export type ControlRequest =
  /** Ends all that runs and closes all that is open, as in a window that has just been opened. */
  | { readonly name: 'reset' }
  /** Sets settings of the workspace, until the next reset. */
  | { readonly name: 'configure'; readonly settings: Readonly<Record<string, unknown>> }
  /** Uses a tool for language models as one would, and answers with its text. */
  | { readonly name: 'useTool'; readonly tool: string; readonly input: object };

/** An error's stack where it could not be done. */
export interface ControlAnswer {
  readonly error?: string;
  readonly text?: string;
}

/** The socket at which the control extension of a window listens. */
export function controlSocket(workspaceFolder: string): string {
  return `${workspaceFolder}.sock`;
}
