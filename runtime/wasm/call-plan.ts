import { noLoop } from './code-survey.ts';
import { IntList } from './int-list.ts';
import type { WasmModule } from './module.ts';

/**
 * Work between two ticks that the preempt pass aims for, in units of about one instruction: some 20 us of tight
 * loops, several times as much where instructions wait for memory. Measured: a tick that returns at once costs 60-100 ns.
 */
export const workLimit = 1 << 17;

/** Most that a call may weigh. Its worst case would weigh more, but that is nearly always in a branch not taken. */
const callWeightCap = 100;
/**
 * A call of an import. Most take less time than this many instructions, but some take more, and none of them gives
 * way: with this, 64 of them pass between two ticks.
 */
const importWeight = workLimit / 64;
/**
 * A loop's worst case counts this much less than straight code: seldom does one run just until it would ask. One that
 * could work for longer than `loopDiscount * workLimit`, a millisecond or two, has to ask before it begins.
 */
const loopDiscount = 64;
/** What entering such a loop takes from the budget that function entries share. */
const heavyLoopWeight = workLimit / 32;
const saturated = 2 ** 45;

/** What the preempt pass does with each function and loop. */
export interface CallPlan {
  /** By defined function: units to charge at its entry, 0 for no check there. */
  readonly entryWeight: Int32Array;
  /** By loop, counted over the module: units to charge for a turn, at least 1. */
  readonly turnWeight: Int32Array;
  /** By loop, counted over the module: units to charge before it begins, 0 for no check there. */
  readonly loopEntryWeight: Int32Array;
  /** By call, counted over the module: units to charge before it, 0 for no check there. */
  readonly callSiteWeight: Int32Array;
}

/**
 * Finds the calls and functions that must ask for a tick, so that no execution is without one for long: at least one
 * on every cycle of the call graph, and those whose calls, nested, multiply to too much work.
 *
 * One depth-first search over functions and "any function of this type" nodes: a call of a function that is still
 * open closes a cycle. In the order in which functions are done, the work of callees is known before that
 * of their callers. The search keeps its own stack; call graphs are as deep as guests like.
 */
export function planCalls(module: WasmModule): CallPlan {
  return new CallPlanner(module).plan();
}

const unseen = 0;
const open = 1;
const done = 2;

class CallPlanner implements CallPlan {
  readonly entryWeight: Int32Array;
  readonly turnWeight: Int32Array;
  readonly loopEntryWeight: Int32Array;
  readonly callSiteWeight: Int32Array;
  private readonly module: WasmModule;
  private readonly defined: number;
  /** Whether an exception may bring an execution back from where it seems to end. */
  private readonly catches: boolean;
  /** Node of a type index: types of equal shape share one. */
  private readonly typeNode: Int32Array;
  /** Functions an indirect call may reach: those of type node `n` from `firstTarget[n]` on. */
  private readonly firstTarget: Int32Array;
  private readonly targets: Int32Array;
  private readonly state: Uint8Array;
  /** By node, when done: work of one call without a tick, in the worst case; saturating. */
  private readonly work: Float64Array;
  /** The same with loops discounted. */
  private readonly discounted: Float64Array;
  /** By node, when done: what a call of it weighs in its caller's count. */
  private readonly weight: Int32Array;
  private readonly asks: Uint8Array;

  constructor(module: WasmModule) {
    this.module = module;
    this.defined = module.code.functionCount;
    this.catches = module.tags.length > 0 || module.imports.some((entry) => entry.kind === 'tag');
    this.entryWeight = new Int32Array(this.defined);
    this.turnWeight = new Int32Array(module.code.loopFlags.length);
    this.loopEntryWeight = new Int32Array(module.code.loopFlags.length);
    this.callSiteWeight = new Int32Array(module.code.callTarget.length);
    this.typeNode = new Int32Array(module.types.length);
    const nodes = this.nameTypeNodes();
    this.firstTarget = new Int32Array(nodes + 1);
    this.targets = this.collectTargets(nodes);
    this.state = new Uint8Array(this.defined + nodes);
    this.work = new Float64Array(this.defined + nodes);
    this.discounted = new Float64Array(this.defined + nodes);
    this.weight = new Int32Array(this.defined + nodes);
    this.asks = new Uint8Array(this.defined);
  }

  private nameTypeNodes(): number {
    const { types, usesGcTypes } = this.module;
    // With subtyping a call may reach functions of other types; one node for all is right and seldom matters.
    if (usesGcTypes) return 1;
    const nodes = new Map<string, number>();
    for (let i = 0; i < types.length; i++) {
      const key = `${types[i]?.params.join()}>${types[i]?.results.join()}`;
      const node = nodes.get(key) ?? nodes.size;
      nodes.set(key, node);
      this.typeNode[i] = node;
    }
    return nodes.size;
  }

  private collectTargets(nodes: number): Int32Array {
    const { module, firstTarget } = this;
    const reachable = module.addressTaken.slice();
    const outerTable = module.importedTables > 0 || module.exports.some((entry) => entry.kind === 'table');
    if (outerTable)
      for (const entry of module.exports) if (entry.kind === 'function') reachable[entry.index] = 1;
    const nodeOf = (i: number): number => this.typeNode[module.functions[i] ?? 0] ?? 0;
    for (let i = 0; i < this.defined; i++) {
      if (reachable[module.importedFunctions + i] === 1)
        firstTarget[nodeOf(i) + 1] = (firstTarget[nodeOf(i) + 1] ?? 0) + 1;
    }
    for (let n = 0; n < nodes; n++) firstTarget[n + 1] = (firstTarget[n + 1] ?? 0) + (firstTarget[n] ?? 0);
    const targets = new Int32Array(firstTarget[nodes] ?? 0);
    const next = firstTarget.slice();
    for (let i = 0; i < this.defined; i++) {
      if (reachable[module.importedFunctions + i] !== 1) continue;
      const at = next[nodeOf(i)] ?? 0;
      targets[at] = i;
      next[nodeOf(i)] = at + 1;
    }
    return targets;
  }

  plan(): CallPlan {
    for (let i = 0; i < this.defined; i++) if (this.state[i] === unseen) this.search(i);
    return this;
  }

  /** The node a call leads to; -1 for an import. */
  private calleeNode(target: number): number {
    if (target < 0) return this.defined + (this.typeNode[~target] ?? 0);
    return target - this.module.importedFunctions;
  }

  private edgeStart(node: number): number {
    const starts = node < this.defined ? this.module.code.firstCall : this.firstTarget;
    return starts[node < this.defined ? node : node - this.defined] ?? 0;
  }

  private edgeEnd(node: number): number {
    const starts = node < this.defined ? this.module.code.firstCall : this.firstTarget;
    return starts[(node < this.defined ? node : node - this.defined) + 1] ?? 0;
  }

  private edge(node: number, at: number): number {
    return node < this.defined
      ? this.calleeNode(this.module.code.callTarget.at(at))
      : (this.targets[at] ?? 0);
  }

  private search(root: number): void {
    const { state } = this;
    const nodes = new IntList();
    const edges = new IntList();
    const push = (node: number): void => {
      state[node] = open;
      nodes.push(node);
      edges.push(this.edgeStart(node));
    };
    push(root);
    while (nodes.length > 0) {
      const top = nodes.length - 1;
      const node = nodes.at(top);
      const at = edges.at(top);
      if (at === this.edgeEnd(node)) {
        nodes.length--;
        edges.length--;
        this.finish(node);
        continue;
      }
      edges.values[top] = at + 1;
      const callee = this.edge(node, at);
      if (callee < 0) continue;
      if (state[callee] === unseen) push(callee);
      else if (state[callee] === open) this.closeCycle(node, callee, at);
    }
  }

  /** Breaks the cycle that a call closes: before the call, or, where any of a type may be called, in the callee. */
  private closeCycle(caller: number, callee: number, at: number): void {
    if (caller < this.defined) this.callSiteWeight[at] = 1;
    else this.asks[callee] = 1;
  }

  private finish(node: number): void {
    this.state[node] = done;
    if (node < this.defined) {
      this.weigh(node);
      return;
    }
    for (let at = this.edgeStart(node); at < this.edgeEnd(node); at++) {
      const target = this.targets[at] ?? 0;
      this.work[node] = Math.max(this.work[node] ?? 0, this.seenWork(target, this.work));
      this.discounted[node] = Math.max(this.discounted[node] ?? 0, this.seenWork(target, this.discounted));
      this.weight[node] = Math.max(this.weight[node] ?? 0, this.seenWeight(target));
    }
  }

  /** A callee's work as its callers see it: one that asks bounds its work itself. */
  private seenWork(node: number, work: Float64Array): number {
    if (node < 0) return importWeight;
    return this.state[node] === done && this.asks[node] !== 1 ? (work[node] ?? 0) : callWeightCap;
  }

  private seenWeight(node: number): number {
    if (node < 0) return importWeight;
    return this.state[node] === done && this.asks[node] !== 1 ? (this.weight[node] ?? 0) : 1;
  }

  /** Weighs a function and its loops. */
  private weigh(i: number): void {
    const { code } = this.module;
    const firstLoop = code.firstLoop[i] ?? 0;
    const loops = (code.firstLoop[i + 1] ?? 0) - firstLoop;
    let work = 1 + (code.straightWeight[i] ?? 0);
    let discounted = work;
    let weight = work;
    const turnWork = loops === 0 ? undefined : new Float64Array(loops);
    for (let l = 0; l < loops; l++) {
      const own = code.loopWeight.at(firstLoop + l);
      if (turnWork !== undefined) turnWork[l] = own;
      this.turnWeight[firstLoop + l] = Math.min(workLimit, own);
    }
    for (let at = this.edgeStart(i); at < this.edgeEnd(i); at++) {
      const callee = this.edge(i, at);
      const loop = code.callLoop.at(at);
      if (!this.catches && code.callEnds.at(at) === 1) continue;
      if (loop === noLoop || turnWork === undefined) {
        work += this.seenWork(callee, this.work);
        discounted += this.seenWork(callee, this.discounted);
        weight = Math.min(callWeightCap, weight + this.seenWeight(callee));
      } else {
        turnWork[loop - firstLoop] = (turnWork[loop - firstLoop] ?? 0) + this.seenWork(callee, this.work);
        this.turnWeight[loop] = Math.min(workLimit, (this.turnWeight[loop] ?? 0) + this.seenWeight(callee));
      }
    }
    if (turnWork !== undefined) {
      const looped = this.loopWork(firstLoop, turnWork);
      work += looped;
      discounted += looped / loopDiscount;
      weight = callWeightCap;
    }
    if (discounted > workLimit) this.asks[i] = 1;
    for (let at = this.edgeStart(i); at < this.edgeEnd(i); at++) {
      if (this.callSiteWeight[at] === 1)
        this.callSiteWeight[at] = Math.max(1, Math.min(weight, callWeightCap));
    }
    if (this.asks[i] === 1) {
      const share = Math.min(workLimit / 8, discounted / loopDiscount);
      this.entryWeight[i] = Math.max(1, Math.min(weight, callWeightCap), share);
    }
    this.work[i] = Math.min(saturated, work);
    this.discounted[i] = Math.min(saturated, discounted);
    this.weight[i] = Math.min(weight, callWeightCap);
  }

  /** The worst work of a function's loops, which share one count; charges the entry of those that may be heavy. */
  private loopWork(firstLoop: number, turnWork: Float64Array): number {
    let worst = 0;
    for (let l = 0; l < turnWork.length; l++) {
      // As many turns as fit below the limit, and the one that crosses it.
      const turns = workLimit / (this.turnWeight[firstLoop + l] ?? 1) + 1;
      const work = turns * (turnWork[l] ?? 0);
      if (work > loopDiscount * workLimit) this.loopEntryWeight[firstLoop + l] = heavyLoopWeight;
      else worst = Math.max(worst, work);
    }
    return worst;
  }
}
