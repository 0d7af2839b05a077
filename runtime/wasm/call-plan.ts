import { bodyFlag, noLoop } from './code-survey.ts';
import { IntList } from './int-list.ts';
import type { WasmModule } from './module.ts';

/**
 * Work between two ticks that the preempt pass aims for, in units of about one instruction: some 10 us of straight
 * code. Measured: a tick that returns at once costs 60-100 ns, so it stays below 1 %.
 */
export const workLimit = 32_768;

/** A call weighs its callee's work, but no more than this: most calls end long before their worst case. */
const callWeightCap = 1000;
/** A call of an import, whose work is the host's to bound. */
const importWeight = 200;
/** A function that may work longer than this without a tick asks at its entry. */
const heavy = 64 * workLimit;
const saturated = 2 ** 45;

/** What the preempt pass does with each function and loop. */
export interface CallPlan {
  /** By defined function: units to charge at its entry, 0 for no check there. */
  readonly entryWeight: Int32Array;
  /** By loop, counted over the module: units to charge for a turn, at least 1. */
  readonly turnWeight: Int32Array;
}

/**
 * Finds the functions that must ask for a tick at their entry, so that no execution is without one for long:
 * at least one on every cycle of the call graph, and those whose calls, nested, multiply to too much work.
 *
 * One depth-first search over functions and "any function of this type" nodes: a function that is called while it
 * is still open closes a cycle. In the order in which functions are done, the work of callees is known before that
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
  private readonly module: WasmModule;
  private readonly defined: number;
  /** Node of a type index: types of equal shape share one. */
  private readonly typeNode: Int32Array;
  /** Functions an indirect call may reach: those of type node `n` from `firstTarget[n]` on. */
  private readonly firstTarget: Int32Array;
  private readonly targets: Int32Array;
  private readonly state: Uint8Array;
  /** By node, when done: work of one call without a tick, in the worst case; saturating. */
  private readonly work: Float64Array;
  private readonly asks: Uint8Array;

  constructor(module: WasmModule) {
    this.module = module;
    this.defined = module.code.functionCount;
    this.entryWeight = new Int32Array(this.defined);
    this.turnWeight = new Int32Array(module.code.loopFlags.length);
    this.typeNode = new Int32Array(module.types.length);
    const nodes = this.nameTypeNodes();
    this.firstTarget = new Int32Array(nodes + 1);
    this.targets = this.collectTargets(nodes);
    this.state = new Uint8Array(this.defined + nodes);
    this.work = new Float64Array(this.defined + nodes);
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
      // A type node cannot ask; the caller that closes the cycle through it does.
      else if (state[callee] === open) this.asks[callee < this.defined ? callee : node] = 1;
    }
  }

  private finish(node: number): void {
    this.state[node] = done;
    if (node >= this.defined) {
      let worst = 0;
      for (let at = this.edgeStart(node); at < this.edgeEnd(node); at++) {
        worst = Math.max(worst, this.seenWork(this.targets[at] ?? 0));
      }
      this.work[node] = worst;
      return;
    }
    const work = Math.min(saturated, this.bodyWork(node));
    if (this.asks[node] === 1 || work > heavy) {
      this.asks[node] = 1;
      this.entryWeight[node] = Math.min(work, callWeightCap);
    }
    this.work[node] = work;
  }

  /** A callee's work as its callers see it: one that asks bounds its work itself. */
  private seenWork(node: number): number {
    if (node < 0) return importWeight;
    if (this.state[node] !== done || this.asks[node] === 1) return callWeightCap;
    return this.work[node] ?? 0;
  }

  /** Weighs a function's loops and gives its worst work without a tick. */
  private bodyWork(i: number): number {
    const { code } = this.module;
    let straight = 1 + (code.straightWeight[i] ?? 0);
    const loops = ((code.flags[i] ?? 0) & bodyFlag.loops) !== 0;
    const firstLoop = code.firstLoop[i] ?? 0;
    const lastLoop = code.firstLoop[i + 1] ?? 0;
    for (let l = firstLoop; l < lastLoop; l++) this.turnWeight[l] = code.loopWeight.at(l);
    const worst = loops ? new Float64Array(lastLoop - firstLoop) : undefined;
    worst?.forEach((_, l) => {
      worst[l] = code.loopWeight.at(firstLoop + l);
    });
    for (let at = this.edgeStart(i); at < this.edgeEnd(i); at++) {
      const work = this.seenWork(this.edge(i, at));
      const loop = code.callLoop.at(at);
      if (loop === noLoop) {
        straight += work;
      } else if (worst !== undefined) {
        this.turnWeight[loop] = Math.min(
          workLimit,
          (this.turnWeight[loop] ?? 0) + Math.min(work, callWeightCap),
        );
        worst[loop - firstLoop] = (worst[loop - firstLoop] ?? 0) + work;
      }
    }
    if (worst === undefined) return straight;
    let looped = 0;
    for (let l = 0; l < worst.length; l++) {
      const turn = Math.max(1, Math.min(workLimit, this.turnWeight[firstLoop + l] ?? 1));
      this.turnWeight[firstLoop + l] = turn;
      // As many turns as fit below the limit, and the one that crosses it.
      looped = Math.max(looped, (workLimit / turn + 1) * (worst[l] ?? 0));
    }
    return straight + looped;
  }
}
