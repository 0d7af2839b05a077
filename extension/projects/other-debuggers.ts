import { extname } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';

/** The languages of sources that other debuggers may run, by their extensions. */
const LANGUAGES: Readonly<Record<string, string>> = { '.rs': 'rust', '.c': 'c' };

/** The part of an extension's manifest that matters here. */
const Manifest = v.object({
  contributes: v.object({
    debuggers: v.array(v.object({ type: v.string(), languages: v.optional(v.array(v.string()), []) })),
  }),
});

/** Whether F5 in a source starts a program of ours, since no other debugger is installed for its language. */
export function isOnlyDebuggerOf({ fsPath }: vscode.Uri): boolean {
  const language = LANGUAGES[extname(fsPath)];
  return (
    language !== undefined &&
    !vscode.extensions.all.some((extension) => {
      const manifest = v.safeParse(Manifest, extension.packageJSON);
      const debuggers = manifest.success ? manifest.output.contributes.debuggers : [];
      return debuggers.some(({ type, languages }) => type !== DEBUG_TYPE && languages.includes(language));
    })
  );
}
