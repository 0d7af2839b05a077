import type { ByteWriter } from './byte-writer.ts';
import type { FrameLayout } from './frame-layout.ts';
import type { Added } from './index-space.ts';
import type { ModulePlan } from './module-plan.ts';
import { Op } from './opcodes.ts';
import type { Pass } from './pass.ts';
import { ProbeCode } from './probe-code.ts';
import type { ProbeMap } from './probe-map.ts';
import { type ProbeParts, type ShownGlobal, writeLoad, writeStore } from './probe-parts.ts';

/** Each instance makes an object of each export. */
const MOST_GLOBALS = 100;

/**
 * Lets a process be stopped before each of many instructions, and its frames be looked at: for debugging.
 *
 * Imports from `lunatic:kernel`:
 *
 * - `probe: (frame: i32) -> ()` is called at a site if the function is armed or the process steps. It may suspend, and may
 *   change the locals in the frame.
 * - `frames`, a memory. Each process has 64 KiB in it, in which the calls of its functions stand one behind the other, each
 *   written before the function calls another, or is probed. `frameLayout` tells what a frame has.
 * - `armed`, a memory with a byte for each function that the module defines: other than 0 if its sites probe.
 *
 * What a function has to do at a site is in a local, read when the function begins, when a loop begins a turn, and after each
 * call. So a site costs a branch on a local that is hardly ever taken.
 *
 * The address of the next frame is set before each call, and not when a function returns or throws: a function knows its own.
 */
export function probePass(map: ProbeMap): Pass {
  return {
    name: 'probe',
    declare(plan) {
      const { module } = plan;
      if (module.functions.length === 0) return;
      const parts = declareParts(plan, map);
      plan.editCode(() => new ProbeCode(parts));
    },
  };
}

function declareParts(plan: ModulePlan, { offsets, layouts }: ProbeMap): ProbeParts {
  const { module } = plan;
  const pages = Math.ceil(module.functions.length / 0x1_0000);
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
  const helpers = new Map<string, Added>();
  const helperOfLayout = new Map<FrameLayout, Added>();
  for (const layout of layouts) {
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
    helperOf(layout) {
      const helper = helperOfLayout.get(layout);
      if (helper === undefined) throw new Error('a frame of a layout that was not declared');
      return helper;
    },
  };
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
