import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { projectFolder } from '../support/command.ts';
import { AdapterClient, testFolder } from './adapter-client.ts';

const folder = join(projectFolder, 'test', 'guests', 'values');

/** A program of `test/guests/values` that stands still. */
export interface Stopped {
  readonly client: AdapterClient;
  readonly threadId: number;
  /** The variables of a scope of a frame, by name. */
  scope(name: string, depth?: number): Promise<Variables>;
  /** The variables in a variable, by name. */
  inside(
    variable: DebugProtocol.Variable,
    args?: Partial<DebugProtocol.VariablesArguments>,
  ): Promise<Variables>;
  /** Evaluates an expression in a frame. */
  evaluate(
    expression: string,
    depth?: number,
    context?: string,
  ): Promise<DebugProtocol.EvaluateResponse['body']>;
}

/** Variables in their order, with their references. */
export class Variables {
  readonly all: readonly DebugProtocol.Variable[];
  readonly reference: number;

  constructor(all: readonly DebugProtocol.Variable[], reference: number) {
    this.all = all;
    this.reference = reference;
  }

  /** @throws Error if there is none of this name */
  get(name: string): DebugProtocol.Variable {
    const found = this.all.find((variable) => variable.name === name);
    if (found === undefined) throw new Error(`there is no ${name} among ${this.names.join(', ')}`);
    return found;
  }

  get names(): string[] {
    return this.all.map(({ name }) => name);
  }

  /** By name: the value. */
  get values(): Record<string, string> {
    return Object.fromEntries(this.all.map(({ name, value }) => [name, value]));
  }

  /** By name: the value and the type. */
  get table(): Record<string, string> {
    return Object.fromEntries(this.all.map(({ name, value, type }) => [name, `${value}: ${type}`]));
  }
}

/** Runs a program of that folder up to the line at whose end a comment stands. */
export async function stoppedAt(program: string, source: string, comment = 'here'): Promise<Stopped> {
  const client = await AdapterClient.stdio();
  const path = join(folder, source);
  const lines = readFileSync(path, 'utf8').split('\n');
  const line = lines.findIndex((text) => text.endsWith(`// ${comment}`)) + 1;
  await client.configure('', { program: unpacked(program), sourceFileMap: { '/project': folder } });
  const { body } = await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line }] });
  if (body.breakpoints[0]?.verified !== true) throw new Error(body.breakpoints[0]?.message);
  await client.configurationDoneRequest();
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  return stoppedIn(client, threadId);
}

/** The path of a program, which is packed where it is large. */
export function unpacked(program: string): string {
  if (!program.endsWith('.gz')) return join(folder, program);
  const path = join(testFolder(), program.replace(/\.gz$/, ''));
  writeFileSync(path, gunzipSync(readFileSync(join(folder, program))));
  return path;
}

/** Opens a core dump, and waits until its process is displayed as one that has stopped. */
export async function openedDump(
  coreDump: string,
  options: { program?: string; sourceFileMap?: Readonly<Record<string, string>> } = {},
): Promise<Stopped> {
  const client = await AdapterClient.stdio();
  await client.launchRequest({ coreDump, ...options } as never);
  await client.event('initialized');
  await client.configurationDoneRequest();
  const { body } = await client.event('stopped');
  return stoppedIn(client, body.threadId ?? 0);
}

export function stoppedIn(client: AdapterClient, threadId: number): Stopped {
  const frameId = async (depth: number) => {
    const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
    return stackFrames[depth]?.id ?? 0;
  };
  const read = async (variablesReference: number, args = {}) => {
    const { variables } = (await client.variablesRequest({ variablesReference, ...args })).body;
    return new Variables(variables, variablesReference);
  };
  return {
    client,
    threadId,
    async scope(name, depth = 0) {
      const { scopes } = (await client.scopesRequest({ frameId: await frameId(depth) })).body;
      const scope = scopes.find((candidate) => candidate.name === name);
      if (scope === undefined) throw new Error(`there is no scope ${name}`);
      return await read(scope.variablesReference);
    },
    inside: (variable, args) => read(variable.variablesReference, args),
    async evaluate(expression, depth = 0, context = 'watch') {
      return (await client.evaluateRequest({ expression, context, frameId: await frameId(depth) })).body;
    },
  };
}
