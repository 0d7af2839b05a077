import { basename } from 'node:path';
import * as vscode from 'vscode';
import { displayName, displayText, durationOf } from '../../runtime/inspect/view/index.ts';
import { type RunningProgram, runningPrograms } from '../../runtime/internal.ts';

const TITLE = 'Attach to a Running Program';

/** Characters of a path or of arguments that the list displays. */
const MAX_TEXT = 200;

/** A line of the list; without a program it is the one to type an address. */
interface ProgramItem extends vscode.QuickPickItem {
  readonly program?: RunningProgram;
}

/** What to attach to, and what its session is called. */
export interface AttachTarget {
  readonly url: string;
  readonly name: string;
}

/**
 * Lets the user pick a program that runs on this machine with `--inspect`, or type an address.
 * @returns undefined if the user does neither
 */
export async function pickProgram(): Promise<AttachTarget | undefined> {
  const programs = await runningPrograms();
  if (programs.length === 0)
    return await askForAddress('No program runs here that was started with `--inspect`. ');
  const now = Date.now();
  const items: ProgramItem[] = [
    ...programs.map((program) => itemOf(program, now)),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(edit) Enter an Address...' },
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: TITLE,
    placeHolder: 'Pick a running program to attach to',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked === undefined) return undefined;
  const { program } = picked;
  return program === undefined ? await askForAddress() : { url: program.url, name: nameOf(program) };
}

function itemOf(program: RunningProgram, now: number): ProgramItem {
  const { arguments: args, cwd, pid, debug, started } = program;
  const since = durationOf(now - started);
  const parts = [
    displayText(cwd, MAX_TEXT),
    `PID ${pid}`,
    ...(since === '' ? [] : [`for ${since}`]),
    ...(debug ? [] : ['without breakpoints']),
  ];
  return {
    label: `$(${debug ? 'debug-alt' : 'play'}) ${nameOf(program)}`,
    description: displayText(args.join(' '), MAX_TEXT),
    detail: parts.join(' · '),
    program,
  };
}

function nameOf({ program }: RunningProgram): string {
  return displayName(basename(program));
}

async function askForAddress(before = ''): Promise<AttachTarget | undefined> {
  const given = await vscode.window.showInputBox({
    title: TITLE,
    prompt: `${before}The address that \`lunatic run --inspect\` has printed, here or on another machine`,
    placeHolder: 'ws://127.0.0.1:PORT/TOKEN',
    ignoreFocusOut: true,
    validateInput: (value) =>
      /^\s*wss?:\/\/\S+\s*$/.test(value) || value === '' ? undefined : 'An address begins with ws://',
  });
  const url = given?.trim() ?? '';
  return url === '' ? undefined : { url, name: nameOfAddress(url) };
}

/** The host and port of an address, without its token. */
export function nameOfAddress(url: string): string {
  return basename(url.replace(/\/[^/]*$/, ''));
}
