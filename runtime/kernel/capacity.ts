import { readFileSync } from 'node:fs';
import { availableMemory, memoryUsage, platform } from 'node:process';
import { clockTime } from './clock.ts';
import { releaseEndedStacks } from './ended-stacks.ts';
import { SEMI_SPACE } from './jspi.ts';

/**
 * The most mappings of the operating system that a process takes for its memory and for each of its stacks. Measured on
 * Linux: 2-3 for a memory with its guard regions, 2-3 for a stack.
 */
const MAPPINGS_PER_STACK = 3;
const MAPPINGS_PER_MEMORY = 3;

/** Shares of a limit that may be used before new processes are refused. */
const MAPPINGS_SHARE = 0.88;
/** The share of these that is left when other schedulers should have further processes. */
const CROWDED_SHARE = 0.15;
const HEAP_SHARE = 0.85;
/** The share of V8's heap limit from which on a process has to end, before V8 ends all of them. */
const LAST_HEAP_SHARE = 0.88;
/** The share from which on V8 may end everything, if collecting garbage helps too little. */
const FILLING_HEAP_SHARE = 0.75;

/**
 * Bytes of a heap that is not compared with its limit: to load the module that knows the limit takes longer than a small
 * program runs.
 */
const SMALL_HEAP = 32 * 1024 * 1024;

/** Bytes of V8's limit that only young objects may use: three times the largest half. */
const YOUNG_GENERATION = 3 * SEMI_SPACE * 1024 * 1024;

/** Bytes that must stay free on the machine. */
const RESERVED_MEMORY = 256 * 1024 * 1024;
/** If fewer are free, a process has to end before the operating system ends all of them. */
const LAST_MEMORY = RESERVED_MEMORY / 2;

/** Bytes that a process takes in its turn where hardly any are left, and has to end for; and where not even half of these are left. */
const LEAST_LOSS = 128 * 1024;
const LEAST_LAST_LOSS = 16 * 1024;

/**
 * Bytes of the memories of a process that are not counted as committed. Most processes begin with about one mebibyte, of which
 * they touch little, and there may be thousands of them.
 */
const USUAL_MEMORY = 2 * 1024 * 1024;

/** Milliseconds between two looks at the memory that running processes have touched: at least, and at most. */
const SHORTEST_WATCH = 5;
const LONGEST_WATCH = 1000;

/** Milliseconds between two looks at the machine's memory and at V8's heap: less if the room might be used up earlier. */
const MEMORY_CHECK_INTERVAL = 50;
/** The number of spawns between two looks at the clock. */
const SPAWNS_PER_CLOCK = 8;
/** Bytes that a program may use in a millisecond. */
const FASTEST_USE = 10 * 1024 * 1024;
/** Milliseconds in which a program may fill V8's heap of the usual 4 GiB; a smaller one is full sooner. */
const FASTEST_FILLING = 500;
const USUAL_HEAP = 2 ** 32;

/** Bytes of memories that have been given up, of which V8 knows nothing, before they are collected. */
const GARBAGE = 256 * 1024 * 1024;
/** The same for each stack, since collecting takes the longer the more of them there are. */
const GARBAGE_PER_STACK = 64 * 1024;
/** What each such memory counts for, whatever its size, and each mapping in it: so much can be taken back in the time that it takes. */
const GARBAGE_PER_MEMORY = 768 * 1024;
const GARBAGE_PER_MAPPING = 128 * 1024;

/**
 * What may be added to the mappings by dividing memories before they are collected, as a part of those that no process gets. V8 ends
 * everything if there is no room for one more.
 */
const DIVIDED_SHARE = (1 - MAPPINGS_SHARE) / 4;

/**
 * Larger memories than this count for more: a process may have touched all of its own, and the operating system takes 100 ms to
 * take a gibibyte back.
 */
const LARGE = 16 * 1024 * 1024;
const LARGE_WEIGHT = 2;

/** Milliseconds for which spawns are refused before the machine is measured again. */
const REFUSAL_TIME = 50;
/** The same as a multiple of the time that measuring took, if that is longer. */
const REFUSAL_FACTOR = 10;

/** The limit of estimated mappings if the operating system has no limit and does not count them. */
const UNMEASURED_MAPPINGS = 65_530;

/** What can be measured of a machine. Tests bring smaller ones. */
export interface Machine {
  /** Mappings the operating system allows, or null if it has no such limit. */
  readonly mappingLimit: number | null;
  countMappings(): number;
  /** Bytes that are free for this process. */
  freeMemory(): number;
  /** Bytes of real memory that it has. */
  usedMemory(): number;
  /** Share of V8's heap limit in use, 0 to 1. */
  heapUse(): number;
  /** That limit in bytes. Default: that of most machines. */
  heapLimit?(): number;
}

/**
 * What there is too little of: the heap, memory, or memory still, which has become less since the look before, or has not.
 */
export type Scarcity = 'heap' | 'memory' | 'less memory' | 'no more memory';

/** What counts as committed of memories of so many bytes. */
export function committedBy(bytes: number): number {
  return Math.max(0, bytes - USUAL_MEMORY);
}

/**
 * Refuses a spawn before the operating system refuses memory to V8. At the limit of mappings, or at the end of the heap, V8
 * ends the whole scheduler with a fatal error that nothing can catch.
 *
 * Counting mappings takes milliseconds when there are many, so what is added is estimated from above, and counted
 * only when the estimate reaches the limit.
 */
export class Capacity {
  readonly #machine: Machine;
  readonly #collect: () => void;
  readonly #empty: () => void;
  /** Mappings that may be added before the next count. */
  #budget: number;
  /** The number of mappings that are left when it is crowded, and when they are counted again. */
  readonly #crowded: number;
  #nextCount = Number.NEGATIVE_INFINITY;
  #stacks = 0;
  /** Those of them that are not there yet: their processes wait for their first turn. */
  #promised = 0;
  /** Bytes of memories that have been given up since the last collection. */
  #garbage = 0;
  /** Mappings into which these have been divided, and those that were left of them. */
  #divided = 0;
  /** Spawns that may follow before the next look at the clock. */
  #unchecked = 0;
  /** When the memory is looked at next. */
  #nextCheck = Number.NEGATIVE_INFINITY;
  /** Until when memory is not reclaimed again. */
  #reclaimedUntil = Number.NEGATIVE_INFINITY;
  /** Bytes of memories that processes may touch without asking. */
  #committed = 0;
  /** What they may become before the machine is looked at, which takes up to a millisecond: a part of the reserve. */
  #commitLimit = RESERVED_MEMORY / 4;
  /** Until when no bytes are committed, unless some are given back before. */
  #noCommitUntil = 0;
  /** When the memory that processes have touched is looked at next. */
  nextWatch = Number.NEGATIVE_INFINITY;
  /** Bytes that this OS process had in memory when it was looked at last and hardly any was free. */
  #lastUsed = 0;
  /** What was free when it was looked at last, and whether that was too little. */
  #lastFree = 0;
  #isScarce = false;
  /** Whether most of V8's heap was in use when it was looked at last. */
  isHeapFilling = false;
  #refusal: string | null = null;
  #refusedUntil = Number.NEGATIVE_INFINITY;
  /** Until when there are no fresh memories, unless one is given up before. */
  #noMemoryUntil = 0;

  /**
   * @param collect collects garbage
   * @param empty drops what is kept for later processes. Called when room gets scarce, before a collection
   */
  constructor(collect: () => void, empty: () => void, machine: Machine = hostMachine()) {
    this.#collect = collect;
    this.#empty = empty;
    this.#machine = machine;
    this.#budget = this.#count();
    this.#crowded = (machine.mappingLimit ?? UNMEASURED_MAPPINGS) * MAPPINGS_SHARE * CROWDED_SHARE;
  }

  /** The number of processes that have room for a stack. */
  get stacks(): number {
    return this.#stacks;
  }

  /**
   * Takes room for a stack and so many fresh memories.
   * @param committed see `committedBy`
   * @returns null, or why there is no room
   */
  admit(memories: number, committed = 0): string | null {
    if (this.#refusal !== null) {
      if (clockTime() < this.#refusedUntil) return this.#refusal;
      this.#refusal = null;
    }
    if (memories > 0 && this.#noMemoryUntil > 0) {
      if (clockTime() < this.#noMemoryUntil) return noRoom('address space');
      this.#noMemoryUntil = 0;
    }
    const mappings = MAPPINGS_PER_STACK + memories * MAPPINGS_PER_MEMORY;
    if (this.#budget < mappings) {
      const now = clockTime();
      this.#budget = this.#count();
      if (this.#budget < mappings) {
        this.reclaim();
        this.#budget = this.#count();
      }
      if (this.#budget < mappings) return this.#refuse('memory mappings', now);
    }
    if (this.#isMuchGarbage) this.#collectGarbage();
    if (--this.#unchecked < 0) {
      const short = this.#look(clockTime());
      if (short !== null) return short;
      this.#unchecked = SPAWNS_PER_CLOCK;
    }
    if (committed > 0 && !this.commit(committed)) return noRoom('memory');
    this.#budget -= mappings;
    this.#stacks++;
    this.#promised++;
    return null;
  }

  /** Whether so little room is left for processes that other schedulers should have the next ones. */
  get isCrowded(): boolean {
    if (this.#budget >= this.#crowded) return false;
    const now = clockTime();
    if (now >= this.#nextCount) {
      this.#budget = this.#count();
      const end = clockTime();
      this.#nextCount = end + (end - now) * REFUSAL_FACTOR;
    }
    return this.#budget < this.#crowded;
  }

  /** The number of processes for which there is room before it is crowded, about. */
  get room(): number {
    if (this.isCrowded) return 0;
    return Math.floor((this.#budget - this.#crowded) / (MAPPINGS_PER_STACK + MAPPINGS_PER_MEMORY));
  }

  /** Called when a process has its first turn: from now on, its stack is counted as the operating system does. */
  beginStack(): void {
    this.#promised--;
  }

  /** Looks at the machine's memory and V8's heap if it is time to. Returns why there is no room. */
  #look(now: number): string | null {
    if (now < this.#nextCheck) return null;
    let room = this.#room();
    if (typeof room === 'string' && now >= this.#reclaimedUntil) {
      this.#reclaimAt(now);
      room = this.#room();
    }
    if (typeof room === 'string') return this.#refuse(room, now);
    this.#nextCheck = now + Math.min(room, MEMORY_CHECK_INTERVAL);
    return null;
  }

  /**
   * Gives back the room of a stack. That of a memory is not given back: the pool or the collector keeps it for a time.
   * @param begun whether the process had a turn
   * @param committed what was committed for its memories
   */
  releaseStack(begun: boolean, committed = 0): void {
    if (committed > 0) this.commit(-committed);
    this.#budget += MAPPINGS_PER_STACK;
    this.#stacks--;
    if (!begun) this.#promised--;
  }

  /**
   * Commits memory: processes may touch so much more, whenever they like. Returns false if the machine does not have it, besides
   * what was committed before and has not been touched yet.
   * @param bytes negative for what is given back
   */
  commit(bytes: number): boolean {
    if (bytes <= 0) this.#noCommitUntil = 0;
    else if (this.#committed + bytes > this.#commitLimit && !this.#findRoom(bytes)) return false;
    this.#committed += bytes;
    return true;
  }

  #findRoom(bytes: number): boolean {
    const now = clockTime();
    if (now < this.#noCommitUntil) return false;
    let room = this.#uncommitted();
    if (room < bytes && now >= this.#reclaimedUntil) {
      this.#reclaimAt(now);
      room = this.#uncommitted();
    }
    if (room < bytes) {
      // A guest that asks again and again must not have the machine measured each time, whatever the size.
      this.#noCommitUntil = refusedUntil(now);
      return false;
    }
    // Others use the machine's memory, too: it is looked at again when half of it has been given out.
    this.#commitLimit = this.#committed + bytes + (room - bytes) / 2;
    return true;
  }

  /** Bytes that the machine can spare even if processes touch all that is committed. */
  #uncommitted(): number {
    const untouched = Math.max(0, this.#committed - this.#machine.usedMemory());
    return this.#machine.freeMemory() - RESERVED_MEMORY - untouched;
  }

  /**
   * Looks whether processes have touched so much memory that hardly any is left, or filled V8's heap, for which nobody asks. Must be
   * called at `nextWatch`, while processes run.
   * @returns null if there is enough of both
   */
  watch(): Scarcity | null {
    const now = clockTime();
    // Most programs have ended by the time of the first look.
    const isFirst = this.nextWatch === Number.NEGATIVE_INFINITY;
    const before = this.#lastFree;
    // Otherwise what the last one has taken might look as if it had been free before.
    if (this.#isScarce) releaseEndedStacks();
    let time = isFirst ? MEMORY_CHECK_INTERVAL : this.#timeLeft();
    this.#isScarce = time === 'memory';
    if (time === 'memory' && now < this.#reclaimedUntil) {
      // Until garbage can be collected again, each process is looked at that had a turn.
      this.nextWatch = now;
      const least = this.#lastFree < LAST_MEMORY / 2 ? LEAST_LAST_LOSS : LEAST_LOSS;
      // What other OS processes have taken is nobody's fault here.
      const usedBefore = this.#lastUsed;
      this.#lastUsed = this.#machine.usedMemory();
      const taken = Math.min(before - this.#lastFree, this.#lastUsed - usedBefore);
      return taken > least ? 'less memory' : 'no more memory';
    }
    if (typeof time === 'string') {
      this.#reclaimAt(now);
      time = this.#timeLeft();
    }
    const end = clockTime();
    if (time === 'memory') {
      this.nextWatch = end;
      this.#lastUsed = this.#machine.usedMemory();
      return time;
    }
    const pause = time === 'heap' ? (end - now) * REFUSAL_FACTOR : time;
    this.nextWatch = end + Math.min(Math.max(pause, SHORTEST_WATCH), LONGEST_WATCH);
    return time === 'heap' ? time : null;
  }

  /** Milliseconds for which memory and heap suffice however fast they are used, or which of them does not. */
  #timeLeft(): number | 'memory' | 'heap' {
    this.#lastFree = this.#machine.freeMemory();
    const memory = this.#lastFree - LAST_MEMORY;
    if (memory < 0) return 'memory';
    this.#commitLimit = Math.min(this.#commitLimit, this.#committed + memory);
    const use = this.#machine.heapUse();
    this.isHeapFilling = use > FILLING_HEAP_SHARE;
    const heap = LAST_HEAP_SHARE - use;
    if (heap < 0) return 'heap';
    const size = Math.min(1, (this.#machine.heapLimit?.() ?? USUAL_HEAP) / USUAL_HEAP);
    return Math.min(memory / FASTEST_USE, heap * FASTEST_FILLING * size);
  }

  /**
   * Takes note of a memory that was given up. V8 counts none of its bytes: see `Spawner`.
   * @param bytes those that may have been touched
   * @param mappings into which it is divided
   */
  addGarbage(bytes: number, mappings = 0): void {
    const touched = bytes > LARGE ? LARGE_WEIGHT * bytes : bytes;
    this.#garbage += touched + GARBAGE_PER_MEMORY + mappings * GARBAGE_PER_MAPPING;
    this.#budget -= mappings;
    this.#noMemoryUntil = 0;
    if (mappings === 0) return;
    this.#divided += mappings + 1;
    const most = (this.#machine.mappingLimit ?? UNMEASURED_MAPPINGS) * DIVIDED_SHARE;
    // Collections are otherwise made for spawns. Thousands of processes may end without one for a long time.
    if (this.#divided > most || this.#isMuchGarbage) this.#collectGarbage();
  }

  /**
   * Takes note that there was no address space for a fresh memory. To find that out V8 collects all garbage several times,
   * so it is not tried again at once: guests that go on spawning would leave no time for anything else.
   * @param since when the attempt began, by `clockTime`
   */
  refuseMemories(since: number): void {
    this.#noMemoryUntil = refusedUntil(since);
  }

  /** Releases what processes that have ended left behind. */
  reclaim(): void {
    this.#empty();
    this.#collectGarbage();
  }

  /** The same, and takes note of how long it has taken since `now`. */
  #reclaimAt(now: number): void {
    this.reclaim();
    const end = clockTime();
    this.#reclaimedUntil = end + (end - now) * REFUSAL_FACTOR;
  }

  get #isMuchGarbage(): boolean {
    return this.#garbage > GARBAGE + this.#stacks * GARBAGE_PER_STACK;
  }

  #collectGarbage(): void {
    this.#collect();
    this.#garbage = this.#divided = 0;
  }

  #count(): number {
    const limit = this.#machine.mappingLimit ?? UNMEASURED_MAPPINGS;
    const promised = this.#promised * MAPPINGS_PER_STACK;
    return Math.floor(limit * MAPPINGS_SHARE) - this.#machine.countMappings() - promised;
  }

  /** Whether the machine can spare so many bytes. */
  hasMemory(bytes: number): boolean {
    return this.#machine.freeMemory() - bytes >= RESERVED_MEMORY;
  }

  /** The same; and whether V8's heap has room, too. */
  hasRoom(bytes: number): boolean {
    return this.hasMemory(bytes) && this.#machine.heapUse() < HEAP_SHARE;
  }

  /** Milliseconds for which there is room however fast it is used, or what is short. */
  #room(): number | string {
    const memory = this.#machine.freeMemory() - RESERVED_MEMORY;
    if (memory < 0) return 'memory';
    const heap = HEAP_SHARE - this.#machine.heapUse();
    if (heap < 0) return 'heap';
    return Math.min(memory / FASTEST_USE, heap * FASTEST_FILLING);
  }

  /** @param since when measuring began, by `clockTime` */
  #refuse(what: string, since: number): string {
    this.#refusal = noRoom(what);
    this.#refusedUntil = refusedUntil(since);
    return this.#refusal;
  }
}

function noRoom(what: string): string {
  return `no room for another process on this machine (${what})`;
}

function refusedUntil(since: number): number {
  const now = clockTime();
  return now + Math.max(REFUSAL_TIME, (now - since) * REFUSAL_FACTOR);
}

/**
 * The machine that this runs on.
 * @param available measures the free memory; Node returns 0 if it cannot, as when no files can be opened any more
 */
export function hostMachine(available: () => number = availableMemory): Machine {
  let free = Number.POSITIVE_INFINITY;
  const mappingLimit = readMappingLimit();
  let v8: typeof import('node:v8') | null = null;
  // Known once the heap is not small any more.
  let heapLimit = USUAL_HEAP;
  return {
    mappingLimit,
    countMappings: mappingLimit === null ? () => 0 : countOwnMappings,
    freeMemory: () => {
      free = available() || free;
      return free;
    },
    usedMemory: () => memoryUsage.rss(),
    heapUse: () => {
      if (v8 === null && memoryUsage().heapUsed < SMALL_HEAP) return 0;
      v8 ??= process.getBuiltinModule('node:v8');
      const { used_heap_size, heap_size_limit } = v8.getHeapStatistics();
      heapLimit = Math.max(heap_size_limit - YOUNG_GENERATION, heap_size_limit / 2);
      return used_heap_size / heapLimit;
    },
    heapLimit: () => heapLimit,
  };
}

function readMappingLimit(): number | null {
  if (platform !== 'linux') return null;
  try {
    const limit = Number.parseInt(readFileSync('/proc/sys/vm/max_map_count', 'latin1'), 10);
    return limit > 0 ? limit : null;
  } catch {
    return null;
  }
}

function countOwnMappings(): number {
  let lines = 0;
  const maps = readFileSync('/proc/self/maps');
  for (let at = maps.indexOf(10); at >= 0; at = maps.indexOf(10, at + 1)) lines++;
  return lines;
}
