import { expect, test } from 'vitest';
import { CodeBreakpoints } from '../../../runtime/inspect/code-breakpoints.ts';
import type { Holder, Holding } from '../../../runtime/inspect/holding.ts';
import type { ProcessIndex } from '../../../runtime/inspect/process-index.ts';
import type { ModuleKey } from '../../../runtime/inspect/protocol.ts';
import type { LoadedModule } from '../../../runtime/kernel/module.ts';
import type { Process } from '../../../runtime/kernel/process.ts';
import { ProbeMap } from '../../../runtime/wasm/probe-map.ts';

const FRAME = 64;

/** A process of a module with functions at 10 and at 30, and a breakpoint of a line that has code at some of its sites. */
function stopping(sites: readonly number[], line: readonly number[]) {
  const ranges = {
    bodyStart: Int32Array.of(9, 29),
    codeStart: Int32Array.of(10, 30),
    bodyEnd: Int32Array.of(29, 49),
  };
  const probes = { map: new ProbeMap(ranges, [], Uint32Array.from(sites), true), arm() {}, disarm() {} };
  const module = { probes } as unknown as LoadedModule;
  const process = { module } as Process;
  const holding = { choices: { admits: () => true } } as unknown as Holding;
  const breakpoints = new CodeBreakpoints({} as ProcessIndex, holding);
  const client = {} as Holder;
  const terms = line.map(() => ({ id: 1, isOfLine: true }));
  breakpoints.set(client, 'm1' as ModuleKey, module, line, terms, []);
  const frames = new DataView(new ArrayBuffer(128));
  return (site: number) => breakpoints.hitAt(process, frames, FRAME, site)?.get(client)?.length ?? 0;
}

test('a line with code in several places is hit once in a call', () => {
  const hits = stopping([10, 14, 18], [14, 18]);
  expect([10, 14, 18, 10, 14, 18].map(hits)).toEqual([0, 1, 0, 0, 1, 0]);
});

test('it is hit in another instance of a generic function whose frame is at the same address', () => {
  const hits = stopping([10, 14, 30, 34], [10, 14, 30, 34]);
  expect([10, 14, 30, 34].map(hits)).toEqual([1, 0, 1, 0]);
});

test('it is hit in each call of a function that may come to any of its places first', () => {
  const hits = stopping([14, 18], [14, 18]);
  expect([14, 18].map(hits)).toEqual([1, 1]);
});
