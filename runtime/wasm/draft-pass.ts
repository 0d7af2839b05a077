import { DRAFT_BODIES } from './draft-bodies.ts';
import { DraftBodyWriter } from './draft-body-writer.ts';
import type { Added } from './index-space.ts';
import type { WasmModule } from './module.ts';
import type { ModulePlan } from './module-plan.ts';
import { Op } from './opcodes.ts';
import type { Pass } from './pass.ts';

/** The draft's memory has one page. */
const DRAFT_LIMITS = { initial: 1, maximum: 1, shared: false, is64: false };

/**
 * Redirects direct calls of host functions that work on a message to functions in the module, which use the draft, the
 * import `lunatic:kernel`.`draft`. A call from a guest to JavaScript takes some 25 ns, since it leaves the guest's
 * stack, and a message takes five such calls.
 */
export const draftPass: Pass = {
  name: 'draft',
  declare(plan) {
    const { module } = plan;
    const memory = guestMemory(module);
    if (memory === undefined || module.functions.length === 0) return;
    const added = new Map<string, Added>();
    let draft: Added | undefined;
    let index = 0;
    for (const entry of module.imports) {
      if (entry.kind !== 'function') continue;
      const host = index++;
      const { name, typeIndex } = entry;
      const known = entry.module === 'lunatic::message' ? DRAFT_BODIES.get(name) : undefined;
      const type = module.types[typeIndex];
      if (known === undefined || `${type?.params} -> ${type?.results}` !== known.type) continue;
      draft ??= plan.importMemory('draft', DRAFT_LIMITS);
      // A module may import the same host function many times.
      const target = added.get(name) ?? addFunction(plan, typeIndex, host, draft, memory, known.write);
      added.set(name, target);
      plan.redirectCalls(host, target);
    }
  },
};

function addFunction(
  plan: ModulePlan,
  typeIndex: number,
  host: number,
  draft: Added,
  memory: number,
  write: (body: DraftBodyWriter, host: number) => void,
): Added {
  return plan.addFunction(typeIndex, (out) => {
    write(new DraftBodyWriter(out, draft.index, plan.spaces.memory.move(memory)), host);
    out.u8(Op.end);
  });
}

/** The index of the memory that host functions use, if it is one of the module's own, 32-bit and not shared. */
function guestMemory({ memories, importedMemories, exports }: WasmModule): number | undefined {
  const index = exports.find(({ kind, name }) => kind === 'memory' && name === 'memory')?.index;
  const own = memories[(index ?? -1) - importedMemories];
  return own === undefined || own.shared || own.is64 ? undefined : index;
}
