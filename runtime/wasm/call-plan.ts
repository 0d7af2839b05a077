import { ACCESS_WEIGHT, LEAST_ACCESSES } from './access-weight.ts';
import { BodyFlag, CALL_WEIGHT, CallFlag, LoopFlag, NO_LOOP } from './code-survey.ts';
import { IntList } from './int-list.ts';
import type { WasmModule } from './module.ts';

/**
 * Work between two ticks that the preempt pass aims for, in units of about one instruction: some 10 to 200 us.
 * Measured: a tick that returns at once costs 60-150 ns.
 */
export const WORK_LIMIT = 1 << 18;

/**
 * The weight of a call of an import. Most take less time than this many instructions, but some take more, and nothing
 * can preempt them. With this weight, at most 64 of them run between two ticks.
 */
export const IMPORT_WEIGHT = WORK_LIMIT / 64;
/** What it costs to throw an exception: some microseconds. */
export const THROW_WEIGHT = WORK_LIMIT / 16;
/** What a function may have spent while it calls others that charge as well, or throw. */
export const FRAME_LIMIT = WORK_LIMIT / 64;
/** The most functions on a stack that may each have spent up to `FRAME_LIMIT`. */
export const MOST_FRAMES = 32;
/** The limit of each further one: a stack has room for some ten thousand. */
export const DEEP_FRAME_LIMIT = 32;
/** The most that a call may do without charging any of it; its caller charges for it. */
const MOST_UNCHARGED = 256;
/** What is charged is at least this part of what may have been done in the worst case. */
const LEAST_PART = 64;
const SATURATED = 2 ** 45;
/** The host function that calls the module again, as deep as the guest likes. */
const REENTRANT = { module: 'lunatic::trap', name: 'catch' };

/** What the preempt pass does with each function and loop. */
export interface CallPlan {
  /** By defined function: units to charge at its entry, at once or with what its loops spend. */
  readonly entryWeight: Int32Array;
  /**
   * By loop, counted over the module: units to charge for a turn. 0 means that every turn makes a call that asks, or that
   * the path around the loop counts all of its turns.
   */
  readonly turnWeight: Int32Array;
  /** By call, counted over the module: units to charge before it. 0 means that there is no check. */
  readonly callSiteWeight: Int32Array;
  /** By loop, counted over the module: 1 if calls right in its body may charge, or go through a table or a reference. */
  readonly asksAtHead: Uint8Array;
  /** By loop, counted over the module: 1 if each turn is taken from the budget at once, and not counted in `spent`. */
  readonly takesFromBudget: Uint8Array;
  /** By defined function: 1 if nothing is charged during its calls, and no exception ends it. */
  readonly isShallow: Uint8Array;
  /**
   * By defined function: 1 if an exception may end it and be caught. What is in `spent` would be lost then, so it is taken
   * from the budget before.
   */
  readonly mayThrow: Uint8Array;
  /** Whether an exception may end a call, counted over the module, and be caught. */
  callMayThrow(at: number): boolean;
  /** The most accesses to memory that a call, counted over the module, makes without charging for them. */
  accessesOf(at: number): number;
  /** Whether a call, counted over the module, may be one of a host function that calls the module again. */
  callReenters(at: number): boolean;
  /**
   * By defined function: 1 if it counts what it spends, and its calls may put more than `MOST_FRAMES` on the stack that do so. Such
   * functions count how many of them there are.
   */
  readonly callsDeep: Uint8Array;
}

/**
 * Plans what is charged where, so that no execution goes without a tick for long.
 *
 * | what | is charged |
 * |---|---|
 * | a turn of a loop | at its branch back or its head, in the function's `spent` |
 * | the turns of a steady loop, which are few and always as many | with the path around it |
 * | a call of an import | with the turn of the loop if every turn makes it, or else before the call |
 * | a call that closes a cycle of the call graph | before the call or at the caller's entry; if it is indirect, in the callee |
 * | a call of a function that may do more than `MOST_UNCHARGED` apart from the above | at the callee's entry |
 * | any other call | with the path of its caller, as it does at most `MOST_UNCHARGED` |
 *
 * So everything that an execution does is charged: loops and cycles are what makes it long, and calls of calls multiply
 * until a function does more than `MOST_UNCHARGED`, charges for itself, and is a single instruction to its callers.
 *
 * What is charged for a path is not what is executed, since which of a loop's or function's branches are taken is not
 * known. It is the geometric mean of the lightest path and the heaviest, which is right for code without branches, too
 * much for the short ways through an interpreter's loop and too little for the long ones, and at least one 64th
 * (`LEAST_PART`) of all that the heaviest may do, callees included. Accesses to memory may each take as long as hundreds of
 * other instructions: all of them are charged in full, where they are if a path has many (`AccessFlow`). So what runs between two ticks is at most:
 *
 * - 64 times what the budget and the function at hand's `spent` hold, each at most `WORK_LIMIT`.
 * - 64 times `FRAME_LIMIT` for each of `MOST_FRAMES` other functions on the stack, and 64 times `DEEP_FRAME_LIMIT` for each of
 *   the rest: what a function has spent is in a local of its own. An exception would lose that. So a function that one may
 *   end takes all from the budget before it throws, or calls what may throw, unless it catches what that throws. So does one
 *   that calls a host function which calls the module again (`REENTRANT`): nobody counts how deep these calls are nested.
 * - one path through one function and those it calls without charging, since it is charged at once, in the beginning.
 *
 * That is some milliseconds in the worst case, and 10 to 200 us in what compilers write.
 *
 * To find cycles, this is one depth-first search over functions and "any function of this type" nodes. A call of a
 * function that is still open closes a cycle. Callees are done before their callers, so their work is known by then. The
 * search keeps its own stack, since call graphs are as deep as guests like.
 */
export function planCalls(module: WasmModule): CallPlan {
  return new CallPlanner(module).plan();
}

const UNSEEN = 0;
const OPEN = 1;
const DONE = 2;

/** Whether a function has a loop of several turns, once that is known. */
const TURNS = 1;
const STANDS = 2;

class CallPlanner implements CallPlan {
  readonly entryWeight: Int32Array;
  readonly turnWeight: Int32Array;
  readonly callSiteWeight: Int32Array;
  readonly asksAtHead: Uint8Array;
  readonly takesFromBudget: Uint8Array;
  readonly isShallow: Uint8Array;
  readonly mayThrow: Uint8Array;
  readonly callsDeep: Uint8Array;
  readonly #module: WasmModule;
  readonly #defined: number;
  /** Whether there are exceptions that can be caught. The kernel's traps cannot. */
  readonly #catches: boolean;
  /** By type index: its node. Types of equal shape share one. */
  readonly #typeNode: Int32Array;
  /** Functions an indirect call may reach: those of type node `n` from `firstTarget[n]` on. */
  readonly #firstTarget: Int32Array;
  readonly #targets: Int32Array;
  /** By type node: 1 if an indirect call may reach an import. */
  readonly #reachesImport: Uint8Array;
  /** The index of the import that calls the module again; -1 if there is none, and -2 if there are several. */
  readonly #reentrant: number;
  readonly #state: Uint8Array;
  readonly #turning: Uint8Array;
  /** By node, once it is done: the most that one call does without charging it. It saturates. */
  readonly #work: Float64Array;
  /** By defined function: 1 if it charges at its entry. */
  readonly #asks: Uint8Array;
  /** By node, once it is done: 1 if nothing is charged during a call, and no exception ends it. */
  readonly #quiet: Uint8Array;
  /** By node, once it is done: 1 if an exception may end a call and be caught. */
  readonly #throws: Uint8Array;
  /** By node, once it is done: how many functions that keep what they have spent a call may put on the stack. It saturates. */
  readonly #frames: Uint8Array;
  /** By node, once it is done: the most accesses to memory that one call makes. */
  readonly #accesses: Uint8Array;
  /** By loop, then for the function at hand: what its calls do beyond their `CALL_WEIGHT`, and the most of one. */
  readonly #called: Float64Array;
  readonly #mostCalled: Float64Array;
  /** The same: accesses of its calls that are not charged. */
  readonly #calledAccesses: Float64Array;

  constructor(module: WasmModule) {
    this.#module = module;
    this.#defined = module.code.functionCount;
    this.#catches = module.tags.length > 0 || module.imports.some((entry) => entry.kind === 'tag');
    this.entryWeight = new Int32Array(this.#defined);
    const loops = module.code.loopFlags.length;
    this.turnWeight = new Int32Array(loops);
    this.asksAtHead = new Uint8Array(loops);
    this.takesFromBudget = new Uint8Array(loops);
    this.#called = new Float64Array(loops + 1);
    this.#mostCalled = new Float64Array(loops + 1);
    this.#calledAccesses = new Float64Array(loops + 1);
    this.callSiteWeight = new Int32Array(module.code.callTarget.length);
    this.#typeNode = new Int32Array(module.types.length);
    const nodes = this.#nameTypeNodes();
    this.#firstTarget = new Int32Array(nodes + 1);
    this.#reachesImport = new Uint8Array(nodes);
    this.#reentrant = reentrantImport(module);
    this.#targets = this.#collectTargets(nodes);
    this.#state = new Uint8Array(this.#defined + nodes);
    this.#work = new Float64Array(this.#defined + nodes);
    this.#asks = new Uint8Array(this.#defined);
    this.#turning = new Uint8Array(this.#defined);
    this.#quiet = new Uint8Array(this.#defined + nodes);
    this.#throws = new Uint8Array(this.#defined + nodes);
    this.#frames = new Uint8Array(this.#defined + nodes);
    this.#accesses = new Uint8Array(this.#defined + nodes);
    this.isShallow = new Uint8Array(this.#defined);
    this.callsDeep = new Uint8Array(this.#defined);
    this.mayThrow = this.#throws.subarray(0, this.#defined);
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
    for (let i = 0; i < module.importedFunctions; i++)
      if (reachable[i] === 1) this.#reachesImport[this.#typeNode[module.functionTypeIndex(i) ?? 0] ?? 0] = 1;
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

  callMayThrow(at: number): boolean {
    const callee = this.#calleeNode(this.#module.code.callTarget.at(at));
    // What the host throws ends the process, and is caught by no guest.
    return callee >= 0 && this.#mayThrow(callee);
  }

  accessesOf(at: number): number {
    const callee = this.#calleeNode(this.#module.code.callTarget.at(at));
    return callee < 0 ? 0 : this.#seenAccesses(callee);
  }

  callReenters(at: number): boolean {
    if (this.#reentrant === -1) return false;
    const target = this.#module.code.callTarget.at(at);
    if (target < 0) return this.#reachesImport[this.#typeNode[~target] ?? 0] === 1;
    return target < this.#module.importedFunctions && (this.#reentrant === -2 || target === this.#reentrant);
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

  /**
   * Has a cycle charged that a call closes: in the callees if it is indirect, since there may be fewer of them, or at the
   * entry of the caller if that counts turns of loops anyway, or else before the call.
   */
  #closeCycle(caller: number, callee: number, at: number): void {
    // Whoever leads here leads to a recursion.
    this.#frames[caller] = MOST_FRAMES;
    const { callFlags } = this.#module.code;
    if (caller >= this.#defined) this.#asks[callee] = 1;
    else if (this.#turns(caller) && (callFlags.at(at) & CallFlag.everyTurn) === 0) this.#asks[caller] = 1;
    else this.callSiteWeight[at] = CALL_WEIGHT;
  }

  #finish(node: number): void {
    this.#state[node] = DONE;
    if (node < this.#defined) {
      this.#weigh(node);
      return;
    }
    let isQuiet = this.#reachesImport[node - this.#defined] !== 1;
    for (let at = this.#edgeStart(node); at < this.#edgeEnd(node); at++) {
      this.#work[node] = Math.max(this.#work[node] ?? 0, this.#seenWork(this.#targets[at] ?? 0));
      this.#accesses[node] = Math.max(this.#accesses[node] ?? 0, this.#seenAccesses(this.#targets[at] ?? 0));
      if (this.#quiet[this.#targets[at] ?? 0] !== 1) isQuiet = false;
      if (this.#mayThrow(this.#targets[at] ?? 0)) this.#throws[node] = 1;
      this.#addFrames(node, this.#frames[this.#targets[at] ?? 0] ?? 0);
    }
    this.#quiet[node] = isQuiet ? 1 : 0;
  }

  /** Whether an exception may end a call of a node. While that is still open, it may: its cycle is as good as one function. */
  #mayThrow(node: number): boolean {
    return this.#catches && (this.#state[node] !== DONE || this.#throws[node] === 1);
  }

  #addFrames(node: number, frames: number): void {
    this.#frames[node] = Math.max(this.#frames[node] ?? 0, Math.min(MOST_FRAMES, frames));
  }

  /** What a call does that is charged nowhere else. */
  #seenWork(node: number): number {
    return this.#state[node] === DONE && this.#asks[node] !== 1 ? (this.#work[node] ?? 0) : 0;
  }

  /** The accesses of a call that are charged nowhere else. Those of a function that charges itself are in its weight. */
  #seenAccesses(node: number): number {
    return this.#asks[node] === 1 ? 0 : (this.#accesses[node] ?? 0);
  }

  #weigh(i: number): void {
    const { code } = this.#module;
    const first = code.firstLoop[i] ?? 0;
    const end = code.firstLoop[i + 1] ?? 0;
    const callsQuietly = this.#addCalls(i, first, end);
    for (let loop = end - 1; loop >= first; loop--) {
      const { leastOfTurn, mostOfTurn, callsOfTurn } = code.paths;
      const worst = this.#worst(mostOfTurn.at(loop), callsOfTurn.at(loop), loop);
      const isSteady = (code.loopFlags.at(loop) & LoopFlag.steady) !== 0;
      if (!isSteady || this.asksAtHead[loop] === 1) {
        const weight = weightOf(leastOfTurn.at(loop), mostOfTurn.at(loop), worst);
        const accesses = code.loopAccesses.at(loop) + (this.#calledAccesses[loop] ?? 0);
        this.turnWeight[loop] = Math.min(WORK_LIMIT, Math.max(weight, accessWeight(accesses)));
      }
      const parent = code.loopParent.at(loop);
      const turns = isSteady ? code.counted.turns.at(loop) : 1;
      this.#addCalled(
        parent === NO_LOOP ? end : parent,
        turns * (this.#called[loop] ?? 0),
        this.#mostCalled[loop] ?? 0,
        turns * (this.#calledAccesses[loop] ?? 0),
      );
    }
    const most = 1 + (code.mostWeight[i] ?? 0);
    const work = this.#worst(most, code.mostCalls[i] ?? 0, end);
    if (work > MOST_UNCHARGED) this.#asks[i] = 1;
    const accesses = (code.accesses[i] ?? 0) + (this.#calledAccesses[end] ?? 0);
    this.#accesses[i] = Math.min(255, accesses);
    if (this.#asks[i] === 1) {
      const average = weightOf(1 + (code.leastWeight[i] ?? 0), most, work);
      const weight = Math.max(average, accessWeight(accesses));
      this.entryWeight[i] = Math.min(WORK_LIMIT, Math.max(CALL_WEIGHT, weight));
    }
    this.#work[i] = work;
    this.#chargeCalls(i);
    const throws = ((code.flags[i] ?? 0) & BodyFlag.throws) !== 0;
    const isShallow = callsQuietly && !throws;
    this.isShallow[i] = isShallow ? 1 : 0;
    if (this.#catches && throws) this.#throws[i] = 1;
    if (this.#turns(i)) this.#countFrame(i);
    for (let loop = first; loop < end; loop++) {
      const isCostly = (this.turnWeight[loop] ?? 0) >= FRAME_LIMIT || this.mayThrow[i] === 1;
      this.takesFromBudget[loop] = this.asksAtHead[loop] === 1 && isCostly ? 1 : 0;
    }
    this.#quiet[i] = isShallow && this.#asks[i] !== 1 && !this.#turns(i) ? 1 : 0;
  }

  /** Notes that a function counts what it spends. */
  #countFrame(i: number): void {
    if (this.#frames[i] === MOST_FRAMES) this.callsDeep[i] = 1;
    this.#addFrames(i, 1 + (this.#frames[i] ?? 0));
  }

  /** Whether a loop of a function may take more than one turn. Each call of a recursion asks. */
  #turns(i: number): boolean {
    this.#turning[i] ||= this.#hasTurningLoop(i) ? TURNS : STANDS;
    return this.#turning[i] === TURNS;
  }

  #hasTurningLoop(i: number): boolean {
    const { loopFlags, firstLoop } = this.#module.code;
    for (let loop = firstLoop[i] ?? 0; loop < (firstLoop[i + 1] ?? 0); loop++)
      if ((loopFlags.at(loop) & LoopFlag.branched) !== 0) return true;
    return false;
  }

  /**
   * Adds up what the calls of a function do, for itself, in place of a loop `end`, and for each of its loops.
   * @returns whether they are all quiet
   */
  #addCalls(i: number, first: number, end: number): boolean {
    const { code } = this.#module;
    this.#called.fill(0, first, end + 1);
    this.#mostCalled.fill(0, first, end + 1);
    this.#calledAccesses.fill(0, first, end + 1);
    let quiet = true;
    for (let at = this.#edgeStart(i); at < this.#edgeEnd(i); at++) {
      const loop = code.callLoop.at(at);
      const callee = this.#edge(i, at);
      const ends = (code.callFlags.at(at) & CallFlag.ends) !== 0;
      if (ends && (callee < 0 || !this.#catches)) continue;
      if (callee < 0 || (callee >= this.#defined && this.#reachesImport[callee - this.#defined] === 1)) {
        this.callSiteWeight[at] = IMPORT_WEIGHT;
      }
      if (callee < 0 || this.#quiet[callee] !== 1) quiet = false;
      if (callee >= 0 && this.#mayThrow(callee)) this.#throws[i] = 1;
      if (callee >= 0) this.#addFrames(i, this.#frames[callee] ?? 0);
      if ((callee < 0 || callee >= this.#defined || this.#quiet[callee] !== 1) && loop !== NO_LOOP && !ends) {
        this.asksAtHead[loop] = 1;
      }
      const work = callee < 0 ? 0 : Math.max(0, this.#seenWork(callee) - CALL_WEIGHT);
      this.#addCalled(loop === NO_LOOP ? end : loop, work, work, callee < 0 ? 0 : this.#seenAccesses(callee));
    }
    return quiet;
  }

  #addCalled(loop: number, sum: number, most: number, accesses: number): void {
    this.#calledAccesses[loop] = Math.min(SATURATED, (this.#calledAccesses[loop] ?? 0) + accesses);
    this.#called[loop] = Math.min(SATURATED, (this.#called[loop] ?? 0) + sum);
    this.#mostCalled[loop] = Math.max(this.#mostCalled[loop] ?? 0, most);
  }

  /** What the heaviest path does at most, callees included: no path makes more calls than there are, or more than `calls`. */
  #worst(most: number, calls: number, loop: number): number {
    return most + Math.min(this.#called[loop] ?? 0, calls * (this.#mostCalled[loop] ?? 0));
  }

  /** Has what calls in every turn of a loop charge, and what the turn does, charged at once. */
  #chargeCalls(i: number): void {
    const { code } = this.#module;
    for (let at = this.#edgeStart(i); at < this.#edgeEnd(i); at++) {
      const weight = this.callSiteWeight[at] ?? 0;
      if (weight === 0 || (code.callFlags.at(at) & CallFlag.everyTurn) === 0) continue;
      const loop = code.callLoop.at(at);
      const turn = this.turnWeight[loop] ?? 0;
      if (weight >= IMPORT_WEIGHT && turn > 0) {
        // The turn pays for the host call: one check for both, and at the head, where guests expect to be preempted.
        this.callSiteWeight[at] = 0;
        this.turnWeight[loop] = Math.min(WORK_LIMIT, turn + weight);
      } else {
        this.callSiteWeight[at] = Math.max(weight, turn);
        this.turnWeight[loop] = 0;
      }
    }
  }
}

/** What a turn or a function is charged at least on account of its accesses to memory: further ones are charged where they are. */
function accessWeight(accesses: number): number {
  return ACCESS_WEIGHT * Math.min(LEAST_ACCESSES, accesses);
}

function reentrantImport({ imports }: WasmModule): number {
  let found = -1;
  let index = 0;
  for (const { module, name, kind } of imports) {
    if (kind !== 'function') continue;
    if (module === REENTRANT.module && name === REENTRANT.name) found = found === -1 ? index : -2;
    index++;
  }
  return found;
}

/** What to charge for a path between `least` and `most`, that does no more than `worst`. */
function weightOf(least: number, most: number, worst: number): number {
  return Math.max(1, Math.round(Math.sqrt(least * most)), Math.ceil(worst / LEAST_PART));
}
