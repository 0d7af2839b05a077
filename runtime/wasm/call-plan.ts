import { CallFlag, NO_LOOP } from './code-survey.ts';
import { IntList } from './int-list.ts';
import type { WasmModule } from './module.ts';

/**
 * Work between two ticks that the preempt pass aims for, in units of about one instruction: some 10 to 200 us.
 * Measured: a tick that returns at once costs 60-150 ns.
 */
export const WORK_LIMIT = 1 << 18;

/** The most that a call may weigh. Its worst case may be more, but is nearly always in a branch that is not taken. */
const CALL_WEIGHT_CAP = 100;
/**
 * The weight of a call of an import. Most take less time than this many instructions, but some take more, and nothing
 * can preempt them. With this weight, at most 64 of them run between two ticks.
 */
const IMPORT_WEIGHT = WORK_LIMIT / 64;
/**
 * What a function takes from the budget if its nested calls may multiply to more work than the limit. The worst case is
 * rare, so the function does not ask for a tick at every call.
 */
const MULTIPLYING_WEIGHT = WORK_LIMIT / 32;
/** The weight of a call of a function that an exception may end in the middle of a loop. */
const THROWING_WEIGHT = WORK_LIMIT / 64;
const SATURATED = 2 ** 45;

/** What the preempt pass does with each function and loop. */
export interface CallPlan {
  /** By defined function: units to charge at its entry. 0 means that it has no check there. */
  readonly entryWeight: Int32Array;
  /** By loop, counted over the module: units to charge for a turn. 0 means that every turn makes a call that asks. */
  readonly turnWeight: Int32Array;
  /** By call, counted over the module: units to charge before it. 0 means that there is no check. */
  readonly callSiteWeight: Int32Array;
}

/**
 * Finds the calls and functions that must ask for a tick, so that no execution goes without one for long: at least one
 * on every cycle of the call graph, and those whose nested calls multiply to too much work.
 *
 * This is one depth-first search over functions and "any function of this type" nodes. A call of a function that is
 * still open closes a cycle. Callees are done before their callers, so their work is known by then. The search keeps
 * its own stack, since call graphs are as deep as guests like.
 */
export function planCalls(module: WasmModule): CallPlan {
  return new CallPlanner(module).plan();
}

const UNSEEN = 0;
const OPEN = 1;
const DONE = 2;

class CallPlanner implements CallPlan {
  readonly entryWeight: Int32Array;
  readonly turnWeight: Int32Array;
  readonly callSiteWeight: Int32Array;
  readonly #module: WasmModule;
  readonly #defined: number;
  /** Whether an exception may bring an execution back from where it seems to end. */
  readonly #catches: boolean;
  /** By type index: its node. Types of equal shape share one. */
  readonly #typeNode: Int32Array;
  /** Functions an indirect call may reach: those of type node `n` from `firstTarget[n]` on. */
  readonly #firstTarget: Int32Array;
  readonly #targets: Int32Array;
  readonly #state: Uint8Array;
  /** By node, once it is done: the work of one call that is counted nowhere else, in the worst case. It saturates. */
  readonly #work: Float64Array;
  /** By node, once it is done: what a call of it weighs in its caller's count. */
  readonly #weight: Int32Array;
  readonly #asks: Uint8Array;

  constructor(module: WasmModule) {
    this.#module = module;
    this.#defined = module.code.functionCount;
    this.#catches = module.tags.length > 0 || module.imports.some((entry) => entry.kind === 'tag');
    this.entryWeight = new Int32Array(this.#defined);
    this.turnWeight = new Int32Array(module.code.loopFlags.length);
    this.callSiteWeight = new Int32Array(module.code.callTarget.length);
    this.#typeNode = new Int32Array(module.types.length);
    const nodes = this.#nameTypeNodes();
    this.#firstTarget = new Int32Array(nodes + 1);
    this.#targets = this.#collectTargets(nodes);
    this.#state = new Uint8Array(this.#defined + nodes);
    this.#work = new Float64Array(this.#defined + nodes);
    this.#weight = new Int32Array(this.#defined + nodes);
    this.#asks = new Uint8Array(this.#defined);
  }

  #nameTypeNodes(): number {
    const { types, usesGcTypes } = this.#module;
    // With subtyping, a call may reach functions of other types. One node for all types is safe, and it is rare.
    if (usesGcTypes) return 1;
    const nodes = new Map<string, number>();
    for (let i = 0; i < types.length; i++) {
      const key = `${types[i]?.params.join()}>${types[i]?.results.join()}`;
      const node = nodes.get(key) ?? nodes.size;
      nodes.set(key, node);
      this.#typeNode[i] = node;
    }
    return nodes.size;
  }

  #collectTargets(nodes: number): Int32Array {
    const module = this.#module;
    const firstTarget = this.#firstTarget;
    const reachable = module.addressTaken.slice();
    const outerTable = module.importedTables > 0 || module.exports.some((entry) => entry.kind === 'table');
    if (outerTable)
      for (const entry of module.exports) if (entry.kind === 'function') reachable[entry.index] = 1;
    const nodeOf = (i: number): number => this.#typeNode[module.functions[i] ?? 0] ?? 0;
    for (let i = 0; i < this.#defined; i++) {
      if (reachable[module.importedFunctions + i] === 1)
        firstTarget[nodeOf(i) + 1] = (firstTarget[nodeOf(i) + 1] ?? 0) + 1;
    }
    for (let n = 0; n < nodes; n++) firstTarget[n + 1] = (firstTarget[n + 1] ?? 0) + (firstTarget[n] ?? 0);
    const targets = new Int32Array(firstTarget[nodes] ?? 0);
    const next = firstTarget.slice();
    for (let i = 0; i < this.#defined; i++) {
      if (reachable[module.importedFunctions + i] !== 1) continue;
      const at = next[nodeOf(i)] ?? 0;
      targets[at] = i;
      next[nodeOf(i)] = at + 1;
    }
    return targets;
  }

  plan(): CallPlan {
    for (let i = 0; i < this.#defined; i++) if (this.#state[i] === UNSEEN) this.#search(i);
    return this;
  }

  /** The node that a call leads to; -1 for an import. */
  #calleeNode(target: number): number {
    if (target < 0) return this.#defined + (this.#typeNode[~target] ?? 0);
    return target - this.#module.importedFunctions;
  }

  #edgeStart(node: number): number {
    const starts = node < this.#defined ? this.#module.code.firstCall : this.#firstTarget;
    return starts[node < this.#defined ? node : node - this.#defined] ?? 0;
  }

  #edgeEnd(node: number): number {
    const starts = node < this.#defined ? this.#module.code.firstCall : this.#firstTarget;
    return starts[(node < this.#defined ? node : node - this.#defined) + 1] ?? 0;
  }

  #edge(node: number, at: number): number {
    return node < this.#defined
      ? this.#calleeNode(this.#module.code.callTarget.at(at))
      : (this.#targets[at] ?? 0);
  }

  #search(root: number): void {
    const state = this.#state;
    const nodes = new IntList();
    const edges = new IntList();
    const push = (node: number): void => {
      state[node] = OPEN;
      nodes.push(node);
      edges.push(this.#edgeStart(node));
    };
    push(root);
    while (nodes.length > 0) {
      const top = nodes.length - 1;
      const node = nodes.at(top);
      const at = edges.at(top);
      if (at === this.#edgeEnd(node)) {
        nodes.length--;
        edges.length--;
        this.#finish(node);
        continue;
      }
      edges.values[top] = at + 1;
      const callee = this.#edge(node, at);
      if (callee < 0) continue;
      if (state[callee] === UNSEEN) push(callee);
      else if (state[callee] === OPEN) this.#closeCycle(node, callee, at);
    }
  }

  /** Adds a check to the cycle that a call closes: before the call or, if the call is indirect, in the callees. */
  #closeCycle(caller: number, callee: number, at: number): void {
    if (caller < this.#defined) this.callSiteWeight[at] = 1;
    else this.#asks[callee] = 1;
  }

  #finish(node: number): void {
    this.#state[node] = DONE;
    if (node < this.#defined) {
      this.#weigh(node);
      return;
    }
    for (let at = this.#edgeStart(node); at < this.#edgeEnd(node); at++) {
      const target = this.#targets[at] ?? 0;
      this.#work[node] = Math.max(this.#work[node] ?? 0, this.#seenWork(target));
      this.#weight[node] = Math.max(this.#weight[node] ?? 0, this.#seenWeight(target));
    }
  }

  /** A callee's work as its callers see it. A callee that asks for ticks bounds its work itself. */
  #seenWork(node: number): number {
    if (node < 0) return IMPORT_WEIGHT;
    return this.#state[node] === DONE && this.#asks[node] !== 1 ? (this.#work[node] ?? 0) : CALL_WEIGHT_CAP;
  }

  #seenWeight(node: number): number {
    if (node < 0) return IMPORT_WEIGHT;
    // What its loops have counted is lost if an exception ends the function.
    if (this.#catches && node < this.#defined && this.#hasLoops(node)) return THROWING_WEIGHT;
    return this.#state[node] === DONE && this.#asks[node] !== 1 ? (this.#weight[node] ?? 0) : 1;
  }

  #hasLoops(i: number): boolean {
    return this.#module.code.firstLoop[i] !== this.#module.code.firstLoop[i + 1];
  }

  /** Weighs a function and its loops. Loops count their work as they do it, so it weighs nothing here. */
  #weigh(i: number): void {
    const { code } = this.#module;
    for (let loop = code.firstLoop[i] ?? 0; loop < (code.firstLoop[i + 1] ?? 0); loop++) {
      this.turnWeight[loop] = Math.min(WORK_LIMIT, code.loopWeight.at(loop));
    }
    let work = 1 + (code.straightWeight[i] ?? 0);
    let weight = work;
    for (let at = this.#edgeStart(i); at < this.#edgeEnd(i); at++) {
      const callee = this.#edge(i, at);
      const loop = code.callLoop.at(at);
      if (!this.#catches && (code.callFlags.at(at) & CallFlag.ends) !== 0) continue;
      if (loop === NO_LOOP) {
        work += this.#seenWork(callee);
        weight = Math.min(CALL_WEIGHT_CAP, weight + this.#seenWeight(callee));
      } else {
        this.turnWeight[loop] = Math.min(WORK_LIMIT, (this.turnWeight[loop] ?? 0) + this.#seenWeight(callee));
      }
    }
    weight = Math.min(weight, CALL_WEIGHT_CAP);
    this.#chargeCalls(i, weight);
    if (this.#asks[i] === 1) this.entryWeight[i] = weight;
    if (work > WORK_LIMIT) {
      this.#asks[i] = 1;
      this.entryWeight[i] = MULTIPLYING_WEIGHT;
    }
    this.#work[i] = Math.min(SATURATED, work);
    this.#weight[i] = weight;
  }

  /** Has calls that close cycles charge for their work. A call in every turn of a loop pays for the turn, too. */
  #chargeCalls(i: number, weight: number): void {
    const { code } = this.#module;
    for (let at = this.#edgeStart(i); at < this.#edgeEnd(i); at++) {
      if (this.callSiteWeight[at] !== 1) continue;
      this.callSiteWeight[at] = weight;
      if ((code.callFlags.at(at) & CallFlag.everyTurn) === 0) continue;
      const loop = code.callLoop.at(at);
      this.callSiteWeight[at] = Math.max(weight, this.turnWeight[loop] ?? 0);
      this.turnWeight[loop] = 0;
    }
  }
}
