import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleKey } from '../runtime/inspect/protocol.ts';
import type { Breakpoint } from './breakpoints.ts';

/** How a client counts lines and columns. */
export interface ClientCounts {
  /** A line or column as the client counts it. */
  toClientLine(lineFromZero: number): number;
  toClientColumn(columnFromZero: number): number;
}

/** A breakpoint as the client is told of it. */
export function breakpointInfo(counts: ClientCounts, breakpoint: Breakpoint): DebugProtocol.Breakpoint {
  const { id, target, found, sites, why, fault, problem } = breakpoint;
  const verified = sites.size > 0 && fault === null;
  const lines = [...found.values()].flatMap(({ line }) => line ?? []);
  const asked = 'line' in target ? target.line : undefined;
  const line = lines.length > 0 ? Math.min(...lines) : asked;
  const [site] = sites;
  return {
    id,
    verified,
    ...(verified ? {} : { message: fault ?? why, reason: fault === null ? 'pending' : 'failed' }),
    ...(verified && target.kind === 'function' && sites.size > 1
      ? { message: `It stops at ${sites.size} places, which all have this name` }
      : {}),
    ...(verified && problem !== null ? { message: problem } : {}),
    ...(line === undefined ? {} : { line: counts.toClientLine(line - 1) }),
    ...(target.kind === 'line' ? { source: { path: target.path } } : {}),
    ...(target.kind === 'instruction' && site !== undefined
      ? { instructionReference: referenceOf(...placeOf(site)) }
      : {}),
  };
}

/** How the protocol names an instruction. */
export function referenceOf(module: ModuleKey, offset: number): string {
  return `${module}:0x${offset.toString(16)}`;
}

/** Reads it back; null if it is none. */
export function readReference(reference: string): { module: ModuleKey; offset: number } | null {
  const [, module, digits] = /^(m\d{1,9}):0x([\da-f]{1,12})$/.exec(reference) ?? [];
  return module === undefined || digits === undefined
    ? null
    : { module, offset: Number.parseInt(digits, 16) };
}

function placeOf(site: string): [module: ModuleKey, offset: number] {
  const [module = '', offset = '0'] = site.split(' ');
  return [module, Number(offset)];
}
