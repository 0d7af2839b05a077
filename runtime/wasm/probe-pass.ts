import type { ByteWriter } from './byte-writer.ts';
import { referredImports } from './call-offsets.ts';
import { type FrameLayout, NO_LOCALS } from './frame-layout.ts';
import type { Added } from './index-space.ts';
import type { ModulePlan } from './module-plan.ts';
import { Op } from './opcodes.ts';
import type { Pass } from './pass.ts';
import { ProbeCode } from './probe-code.ts';
import type { ProbeMap } from './probe-map.ts';
import {
  armedPages,
  type ProbeParts,
  type ShownGlobal,
  writeByteLoad,
  writeLoad,
  writeStore,
} from './probe-parts.ts';

/** Each instance makes an object of each export. */
const MOST_GLOBALS = 100;

/**
 * Up to how many sites times locals all locals are handed over at each site of a function. Beyond, a function of 3 KB would become one of
 * 250 KB, which takes V8 seconds to optimize: there, a site gives the frame what that does not have, and takes back what may be read.
 */
const MOST_HANDED = 512;

/** The type of a block that leaves nothing on the stack. */
const NO_RESULT = 0x40;

/**
 * Lets a process be stopped before each of many instructions, and its frames be looked at: for debugging.
 *
 * Imports from `lunatic:kernel`:
 *
 * - `probe: (frame: i32) -> ()` is called at a site if the function is armed or the process steps. It may suspend, and may
 *   change the locals in the frame.
 * - `frames`, a memory. Each process has 64 KiB in it, in which the calls of its functions stand one behind the other, each
 *   written before the function calls another, or is probed. `frameLayout` tells what a frame has.
 * - `armed`, a memory with a byte for each function that the module defines: other than 0 if its sites probe. The byte behind
 *   these is other than 0 if calls of imports through tables and references do.
 * - `probe import`. An import that is in a table, exported, or referred to is replaced there by a function which calls
 *   `(call $probe import (i32.const index of the import))` first, if these are armed.
 *
 * What a function has to do at a site is in a local, read when the function begins, when a loop begins a turn, and after each
 * call. So a site costs a branch on a local that is hardly ever taken.
 *
 * The address of the next frame is set before each call, and not when a function returns or throws: a function knows its own.
 */
export function probePass(map: ProbeMap, mostHanded = MOST_HANDED): Pass {
  return {
    name: 'probe',
    declare(plan) {
      const { module } = plan;
      if (module.functions.length === 0) return;
      const parts = declareParts(plan, map, mostHanded);
      plan.editCode(() => new ProbeCode(parts));
    },
  };
}

function declareParts(plan: ModulePlan, { offsets, layouts }: ProbeMap, mostHanded: number): ProbeParts {
  const { module } = plan;
  const pages = armedPages(module.functions.length);
  const probe = plan.importFunction('probe', { params: ['i32'], results: [] });
  const frames = plan.importMemory('frames', { initial: 1, shared: false, is64: false });
  const armed = plan.importMemory('armed', { initial: pages, maximum: pages, shared: false, is64: false });
  const frame = plan.addGlobal('i32', 0);
  const step = plan.addGlobal('i32', 0);
  plan.probeGlobals = {
    own: exportGlobals(plan),
    frame: plan.addExport('lunatic:frame', 'global', frame),
    step: plan.addExport('lunatic:step', 'global', step),
  };
  plan.exportStart();
  probeReferences(plan, armed);
  const helpers = new Map<string, Added>();
  const helperOfLayout = new Map<FrameLayout, Added>();
  for (const layout of [NO_LOCALS, ...layouts]) {
    const types = layout.locals.map(({ type }) => type);
    const key = types.join();
    let helper = helpers.get(key);
    if (helper === undefined) {
      helper = plan.addFunction({ params: ['i32', 'i32', ...types], results: types }, (out) =>
        writeHelper(out, layout, probe, frames),
      );
      helpers.set(key, helper);
    }
    helperOfLayout.set(layout, helper);
  }
  return {
    frames,
    armed,
    frame,
    step,
    offsets,
    layouts,
    mostHanded,
    helperOf(layout) {
      const helper = helperOfLayout.get(layout);
      if (helper === undefined) throw new Error('a frame of a layout that was not declared');
      return helper;
    },
  };
}

/** Lets what refers to imports call them through functions that probe. */
function probeReferences(plan: ModulePlan, armed: Added): void {
  const { module } = plan;
  const referred = referredImports(module);
  if (referred.length === 0) return;
  const probe = plan.importFunction('probe import', { params: ['i32'], results: [] });
  for (const index of referred) {
    const type = module.functionTypeIndex(index);
    if (type === undefined) continue;
    const parameters = module.types[type]?.params.length ?? 0;
    const target = plan.addFunction(type, (out) => {
      out.u32(0);
      writeByteLoad(out, armed.index, module.functions.length);
      out.u8(Op.if);
      out.u8(NO_RESULT);
      out.u8(Op.i32Const);
      out.s32(index);
      out.u8(Op.call);
      out.u32(probe.index);
      out.u8(Op.end);
      for (let i = 0; i < parameters; i++) writeLocal(out, i);
      out.u8(Op.call);
      out.u32(index);
      out.u8(Op.end);
    });
    plan.redirectReferences(index, target);
  }
}

/** Exports the globals of the module, the first ones of very many. */
function exportGlobals(plan: ModulePlan): ShownGlobal[] {
  const { globals, importedGlobals } = plan.module;
  return globals.slice(0, MOST_GLOBALS).flatMap(({ type, mutable }, i): ShownGlobal[] => {
    if (type !== 'i32' && type !== 'i64' && type !== 'f32' && type !== 'f64') return [];
    const index = importedGlobals + i;
    return [{ index, type, mutable, name: plan.addExport(`lunatic:global ${index}`, 'global', index) }];
  });
}

/** `(frame, site, locals...) -> locals...`: writes the frame, calls `probe`, and reads the locals back. */
function writeHelper(out: ByteWriter, { locals }: FrameLayout, probe: Added, frames: Added): void {
  out.u32(0);
  writeLocal(out, 0);
  writeLocal(out, 1);
  writeStore(out, 'i32', frames.index, 0);
  for (const [i, { type, at }] of locals.entries()) {
    writeLocal(out, 0);
    writeLocal(out, 2 + i);
    writeStore(out, type, frames.index, at);
  }
  writeLocal(out, 0);
  out.u8(Op.call);
  out.u32(probe.index);
  for (const { type, at } of locals) {
    writeLocal(out, 0);
    writeLoad(out, type, frames.index, at);
  }
  out.u8(Op.end);
}

function writeLocal(out: ByteWriter, index: number): void {
  out.u8(Op.localGet);
  out.u32(index);
}
