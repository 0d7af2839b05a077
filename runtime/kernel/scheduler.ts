import type { ActorWatcher } from './actor-watcher.ts';
import { Capacity, type Machine } from './capacity.ts';
import { clockTime } from './clock.ts';
import { DeferredWait } from './deferred-wait.ts';
import { Delivery } from './delivery.ts';
import { DroppedMemories } from './dropped-memories.ts';
import { releaseEndedStacks } from './ended-stacks.ts';
import { ExpectedTurn } from './expected-turn.ts';
import { collectGarbage } from './garbage.ts';
import { Holding } from './holding.ts';
import type { SchedulerIndex } from './ids.ts';
import { InstancePool } from './instance-pool.ts';
import type { KernelMetrics } from './kernel-metrics.ts';
import { Lifecycle } from './lifecycle.ts';
import { MemoryGuard } from './memory-guard.ts';
import { type Message, MessageKind } from './message.ts';
import { Observers } from './observers.ts';
import type { Operation } from './operation.ts';
import type { Placement } from './placement.ts';
import type { Probes } from './probes.ts';
import { type Process, Receiving, Wait } from './process.ts';
import { ReadyQueue } from './ready-queue.ts';
import type { Respawner } from './restart.ts';
import { runningProcess } from './running-process.ts';
import { ScratchArea } from './scratch-area.ts';
import { KILL } from './signal.ts';
import { stalls } from './stalls.ts';
import { SuspendedStacks } from './suspended-stacks.ts';
import type { TagFilter } from './tag-filter.ts';
import { type TickFunctions, tickFunctions } from './tick-functions.ts';
import { Timer } from './timer.ts';
import { fuelTrap, KILLED, limitTrap } from './trap.ts';
import { TurnWork, UNIT_OF_FUEL } from './turn-work.ts';
import type { Turns } from './turns.ts';
import { YoungGeneration } from './young-generation.ts';

/** `receive` and other waits return this when their time is up (abi 3.5). */
export const TIMED_OUT = 9027;

/** Milliseconds for which processes run before timers and sockets are served. */
const TURN_TIME = 1;
/** The same while a process waits that has written to another scheduler, and for an answer. */
const SHORT_TURN_TIME = 0.1;
/** Milliseconds after something has gone to another scheduler, for which an answer is expected. */
const ANSWER_TIME = 2;
/**
 * Milliseconds after which a process that computes gives way to the next ready one at its next tick: after less than twice as
 * much, since ticks are some 10 to 100 us apart.
 */
const SLICE_TIME = 0.1;
/** The number of slices between two looks at the clock. */
const SLICES_PER_CLOCK = 32;
/** Milliseconds without a pause after which a scheduler is busy. */
const BUSY_TIME = 2;
/** Milliseconds for which it is remembered that processes compute while others wait. */
const CONTENTION_TIME = 2;
const ROOT_CONTENTION_TIME = 100;
/** The number of messages that a receive looks at before it asks whether the turn is over. */
const MOST_LOOKS = 1024;
/** The most bytes of instances and memories that are kept for the next processes. */
const POOL_CAPACITY = 2 ** 30;

/** What a process may have to wait for after it has sent something: see `OutputStream`. */
interface Pressure {
  whenWritable(ready: () => void): () => void;
}

/** A host call that is resumed with this throws. A `reject` of its own would be one more field to write at each suspension. */
const UNWIND: Promise<never> = Promise.reject(KILLED);
UNWIND.catch(() => {});

/**
 * Runs the processes of one thread. One process has the turn at a time: `current`. When it suspends or ends, the
 * next ready one is resumed from that very point by settling the promise its stack waits on, and V8 continues it
 * in the following microtask. Nothing else settles such a promise, so within a slice `current` is always the
 * process whose code runs, also while a chain of microtasks carries a result through nested stacks.
 *
 * Every few milliseconds the chain is cut and goes through the event loop, so that timers and sockets are served.
 */
export class Scheduler implements Turns {
  readonly index: SchedulerIndex;
  readonly capacity: Capacity;
  readonly #dropped = new DroppedMemories((bytes, pieces) => this.capacity.addGarbage(bytes, pieces));
  readonly pool = new InstancePool(POOL_CAPACITY, (owned) => this.#dropped.add(owned));
  readonly observers = new Observers();
  /** Keeps the memories of processes within what the machine has. */
  readonly memory: MemoryGuard;
  /** The messages that processes are writing or reading. */
  readonly scratch = new ScratchArea(this);
  /** What the current process may still do in host calls. */
  readonly work = new TurnWork(this.scratch.memory, this);
  /** The promises that host calls wait for. */
  readonly deferred = new DeferredWait(this.scratch.memory);
  /** Applies signals to processes. Only routers use it. */
  readonly delivery = new Delivery(this, this.scratch);
  /** The stacks of suspended processes. */
  readonly stacks = new SuspendedStacks(this);
  /** Pauses processes, and holds those that have trapped. */
  readonly holding = new Holding(this, this.observers);
  /** Begins and ends processes. */
  readonly lifecycle: Lifecycle;
  /** Set before the first program if processes can be stopped by a debugger. */
  probes: Probes | null = null;
  /** Set by what makes processes. */
  respawner: Respawner | null = null;
  /** Set before the first program if metrics are exported. */
  metrics: KernelMetrics | null = null;
  /** Set between turns, if there may be other schedulers. */
  placement: Placement | null = null;
  /** Set between turns, as long as somebody wants to stop processes at what they do to each other. */
  watcher: ActorWatcher | null = null;
  /** The process that has the turn: the caller of host functions. */
  current!: Process;

  readonly #ready = new ReadyQueue();
  readonly #young = new YoungGeneration();
  readonly #expected = new ExpectedTurn(this.scratch.memory);
  /** The process that has handed its turn to the current one and waits; null if the current one has it from the ready queue. */
  #handedBy: Process | null = null;
  #running = false;
  #turnPending = false;
  /** Whether a turn begins as soon as something has made processes ready: see `wakeDuring`. */
  #wakesAtOnce = false;
  /** What is called when the turn of the event loop ends. */
  readonly #atTurnEnd: (() => void)[] = [];
  /** Who had the turn when the first of them was added. */
  #writer: Process | null = null;
  #halted = false;
  #turnStart = 0;
  /** Until when what has gone to another scheduler may be answered. */
  #answeredUntil = Number.NEGATIVE_INFINITY;
  #slices = 0;
  /** The process that called `tick` last in the present slice. */
  #ticking: Process | null = null;
  /** When that slice began or, if nobody looked at the clock then, a few short slices earlier. */
  #sliceStart = 0;
  /** When somebody last looked at the clock. */
  #clock = 0;
  /** Since when some process has been ready all the time. */
  #awakeSince = 0;
  /** When a process was last preempted while others were ready. */
  #preempted = Number.NEGATIVE_INFINITY;
  /** What the process that has the turn has written to, and has to wait for; null for nothing. */
  #pressure: Pressure | null = null;

  /** @param machine what limits the number of processes; default: this one */
  constructor(index: SchedulerIndex, machine?: Machine) {
    this.index = index;
    const collect = () => {
      collectGarbage();
      releaseEndedStacks();
    };
    const empty = () => {
      this.pool.clear();
      this.#dropped.clear();
    };
    this.capacity = new Capacity(collect, empty, machine);
    this.lifecycle = new Lifecycle(this, this);
    this.memory = new MemoryGuard(this, this.capacity, this.observers);
  }

  // -- turns -----------------------------------------------------------------------------------------

  /** Lets a process go on, or begin, when its turn comes; its pending host call returns `value`. */
  makeReady(process: Process, value: number): void {
    process.wait = Wait.None;
    process.receiving = Receiving.No;
    process.filter = null;
    if (process.waitTimer !== null) {
      process.waitTimer.cancel();
      process.waitTimer = null;
    }
    process.cancelWait = null;
    this.enqueue(process, value);
  }

  enqueue(process: Process, value: number): void {
    process.resumeValue = value;
    if (!process.queued) {
      this.#ready.push(process);
      process.queued = true;
    }
    this.wakeUp();
  }

  takeOut(isWanted: (process: Process) => boolean): Process[] {
    const taken = this.#ready.takeOut(isWanted);
    for (const process of taken) process.queued = false;
    return taken;
  }

  /** Gives a process the next turn if it is ready. Takes a time that grows with the number of ready processes. */
  hurry(process: Process): void {
    if (process.queued) this.#ready.hurry(process);
  }

  /** Whether all processes wait for something. */
  get isIdle(): boolean {
    return !this.#running && !this.#turnPending;
  }

  wakeUp(): void {
    if (!this.isIdle) return;
    this.#awakeSince = clockTime();
    stalls.begin(this.#awakeSince);
    this.#requestTurn();
  }

  /**
   * Suspends the current process and hands the turn on. The host function must return the promise at once.
   * Settled by `makeReady`, or rejected with `KILLED`.
   */
  suspend(process: Process, wait: Wait): Promise<number> {
    if (this.scratch.isLent) this.scratch.takeBack();
    process.wait = process.suspendedIn = wait;
    if (this.stacks.kept !== 'none') this.stacks.keep(process, wait);
    const resumed = this.#resumption(process);
    this.handOn();
    return resumed;
  }

  resumeOutOfTurn(process: Process, value: number): void {
    this.current = process;
    this.#running = true;
    process.resume(value);
  }

  suspendAgain(): number | Promise<number> {
    const result = this.#expected.takeResult();
    if (result !== null) return result;
    const unanswered = this.#expected.giveUp();
    // Somebody else has the turn.
    if (unanswered !== null) return this.#resumption(unanswered);
    const process = this.current;
    const resumed = this.#resumption(process);
    this.handOn();
    return resumed;
  }

  /** In a function of its own the engine inlines what it is given, so that nothing is made but the promise and `resolve`. */
  #resumption(process: Process): Promise<number> {
    return new Promise<number>((resolve) => {
      process.resume = resolve;
    });
  }

  /** Suspends the current process as if it were paused, until `holding.resume`. */
  standStill(process: Process): Promise<number> {
    if (process.signals !== null) this.drainSignals(process);
    process.paused = process.parked = true;
    return this.suspend(process, Wait.Turn);
  }

  /** Gives the turn to the others and stays ready. */
  yieldTurn(process: Process): Promise<number> {
    this.enqueue(process, 0);
    return this.suspend(process, Wait.Turn);
  }

  #requestTurn(): void {
    this.#turnPending = true;
    if (!this.#wakesAtOnce) setImmediate(this.#turn);
  }

  /**
   * Does what makes processes ready, between turns. If none was, the first of them has its turn right afterwards, without a way through
   * the event loop.
   */
  wakeDuring(wake: () => void): void {
    if (!this.isIdle) {
      wake();
      return;
    }
    this.#wakesAtOnce = true;
    try {
      wake();
    } finally {
      this.#wakesAtOnce = false;
      if (this.#turnPending) this.#turn();
    }
  }

  /** Calls back once, when the processes that are ready have had their turns, or others must be served. Returns false if none has one. */
  atTurnEnd(callback: () => void): boolean {
    if (!this.#running) return false;
    if (this.#atTurnEnd.length === 0) this.#writer = this.current;
    this.#atTurnEnd.push(callback);
    return true;
  }

  #endTurn(): void {
    this.#running = false;
    if (this.#atTurnEnd.length === 0) return;
    if (this.#isAwaited) this.#answeredUntil = this.#clock + ANSWER_TIME;
    this.#writer = null;
    for (const callback of this.#atTurnEnd) callback();
    this.#atTurnEnd.length = 0;
  }

  /** Lets no process run from now on: for a program whose root process has ended. */
  halt(): void {
    if (!this.#halted && !this.isIdle) stalls.end(clockTime());
    this.#turnPending = true;
    this.#halted = true;
  }

  readonly #turn = (): void => {
    if (this.#halted) return;
    this.#turnPending = false;
    this.#turnStart = this.#clock = clockTime();
    stalls.look(this.#clock);
    if (this.#turnStart >= this.capacity.nextWatch && this.memory.watch()) {
      // As long as hardly any memory is left, a turn has one slice, so that the process is known that takes more.
      this.#slices = SLICES_PER_CLOCK - 2;
      this.#turnStart = Number.NEGATIVE_INFINITY;
    }
    this.#young.fit(this.capacity.stacks);
    this.handOn();
  };

  #turnIsOver(): boolean {
    if (++this.#slices < SLICES_PER_CLOCK) return false;
    this.#slices = 0;
    this.#clock = clockTime();
    stalls.look(this.#clock);
    return this.#clock >= this.#turnEnd;
  }

  /** Whether what is to be done at the end of the turn is that of a process that no longer has it. Who goes on writing loses nothing. */
  get #isAwaited(): boolean {
    return this.#atTurnEnd.length > 0 && this.#writer !== this.current;
  }

  /** When the present turn is over. */
  get #turnEnd(): number {
    const isShort = this.#isAwaited || this.#turnStart < this.#answeredUntil;
    return this.#turnStart + (isShort ? SHORT_TURN_TIME : TURN_TIME);
  }

  handOn(): void {
    this.#ticking = this.#handedBy = null;
    if (this.stacks.areWanted && this.stacks.look()) return;
    for (;;) {
      if (this.#ready.isEmpty) this.placement?.giveBack();
      if (this.#ready.isEmpty || this.#turnPending) {
        this.#endTurn();
        if (!this.#turnPending) {
          stalls.end(clockTime());
          this.placement?.idle();
        }
        return;
      }
      if (this.#turnIsOver()) {
        this.#endTurn();
        this.#requestTurn();
        return;
      }
      const process = this.#ready.shift();
      process.queued = false;
      if (process.paused && !process.killed) {
        this.holding.park(process);
        continue;
      }
      if (!process.started && process.initialized && this.placement?.keeps(process)) continue;
      this.#run(process);
      return;
    }
  }

  #run(process: Process): void {
    process.wait = Wait.None;
    process.receiving = Receiving.No;
    process.turns++;
    this.work.renew();
    this.#pressure = null;
    this.current = process;
    runningProcess[0] = process.id;
    this.#running = true;
    if (!process.started) {
      this.lifecycle.begin(process);
    } else if (process.killed) {
      process.resume(UNWIND);
    } else {
      // No host function that receives goes on in JavaScript.
      if (process.suspendedIn === Wait.Receive) this.scratch.lend(process);
      process.resume(process.resumeValue);
    }
  }

  // -- preemption and fuel -----------------------------------------------------------------------------

  /**
   * Called by rewritten loops and recursions after some tens of microseconds of guest work, and after a host call if nothing is
   * left of the work that host calls may do in a turn.
   */
  readonly tick = (): Promise<number> | undefined => {
    const process = this.current;
    if (this.scratch.isSent) this.scratch.takeBack();
    if (process.signals !== null) this.drainSignals(process);
    // Host calls have taken more than there was.
    if (process.fuelLeft < 0) throw fuelTrap();
    if (this.#pressure !== null) return this.#waitForRoom(process, this.#pressure);
    const now = clockTime();
    stalls.look(now);
    if (this.#ticking !== process) {
      this.#ticking = process;
      this.#sliceStart = this.#clock;
    }
    this.#clock = now;
    const turnIsOver = now >= this.#turnEnd;
    const sliceIsOver = this.work.isDone || now - this.#sliceStart >= SLICE_TIME;
    if (!turnIsOver && (this.#ready.isEmpty || !sliceIsOver)) {
      if (sliceIsOver) this.work.prolong();
      return undefined;
    }
    if (turnIsOver) this.#slices = SLICES_PER_CLOCK;
    if (!this.#ready.isEmpty) this.#preempted = process.environment.preempted = now;
    return this.yieldTurn(process);
  };

  /** Whether processes that compute have kept others from their turns of late. */
  get isContended(): boolean {
    return this.#clock - this.#preempted < CONTENTION_TIME;
  }

  /**
   * The same for a process that is about to begin. Only those of its own program count, unless it is the first one of that: others know
   * nothing of it, so that it may wait.
   */
  isContendedFor({ parent, environment }: Process): boolean {
    if (parent === null) return this.#clock - this.#preempted < ROOT_CONTENTION_TIME;
    return this.isContended && this.#clock - environment.preempted < CONTENTION_TIME;
  }

  /** Whether there has always been a process that was ready, for a while. */
  get isBusy(): boolean {
    return !this.isIdle && this.#clock - this.#awakeSince > BUSY_TIME;
  }

  /** Lets the process that has the turn wait, as soon as it can, until what it has written to has room. */
  press(pressure: Pressure): void {
    if (!this.#running) return;
    this.#pressure = pressure;
    this.work.exhaust();
  }

  #waitForRoom(process: Process, pressure: Pressure): Promise<number> {
    this.#pressure = null;
    return this.waitForEvent(process, (wake) => pressure.whenWritable(() => wake(0)));
  }

  /** Called by metered code that has used up its fuel: takes another unit and gives way. */
  readonly refuel = (): number | Promise<number> => {
    const process = this.current;
    if (process.fuelLeft <= 0) throw fuelTrap();
    process.fuelLeft--;
    const suspended = this.tick();
    return suspended === undefined ? UNIT_OF_FUEL : suspended.then(() => UNIT_OF_FUEL);
  };

  /** `tick` and `refuel` as guests import them. */
  readonly ticks: TickFunctions = tickFunctions(this);

  // -- waiting -----------------------------------------------------------------------------------------

  /**
   * Receives a message into the scratch area.
   * @param filter the tags that are accepted, or null for any message
   * @param timeout milliseconds, Infinity for none
   * @param search whether messages in the mailbox count. For a request they do not, and the death of a link is an answer
   * @returns the message's kind or `TIMED_OUT`; no promise if the message is there
   */
  receive(process: Process, filter: TagFilter, timeout: number, search: boolean): number | Promise<number> {
    if (search) {
      const message = process.takeMessage(filter, MOST_LOOKS);
      if (filter !== null) this.work.chargeLooks(process.messagesLooked);
      if (message !== null) return this.#accept(process, message);
      if (process.messagesLooked === MOST_LOOKS) return this.#searchFurther(process, filter, timeout);
    }
    return this.#waitForMessage(process, filter, timeout, search);
  }

  #accept(process: Process, message: Message): number {
    const { kind } = message;
    this.watcher?.received(process, message);
    if (process.awaitsArgument) process.keepArgument(message);
    this.scratch.put(process, message);
    this.scratch.lend(process);
    return kind;
  }

  /** Looks for a message among many, and gives way in between. What arrives meanwhile counts. */
  #searchFurther(process: Process, filter: TagFilter, timeout: number): number | Promise<number> {
    const { mailbox } = process;
    while (mailbox.isInterrupted) {
      // By work and not by the clock: otherwise those who flood a mailbox would have a turn for each of these pieces.
      const suspended = this.work.isDone ? this.tick() : undefined;
      if (suspended !== undefined) return suspended.then(() => this.#searchFurther(process, filter, timeout));
      const message = mailbox.takeFurther(filter, MOST_LOOKS);
      this.work.chargeLooks(mailbox.looked);
      if (message !== null) return this.#accept(process, message);
    }
    return this.#waitForMessage(process, filter, timeout, true);
  }

  #waitForMessage(
    process: Process,
    filter: TagFilter,
    timeout: number,
    search: boolean,
  ): number | Promise<number> {
    process.receiving = search ? Receiving.Yes : Receiving.Request;
    process.filter = filter;
    if (process.signals !== null) {
      this.drainSignals(process);
      if (process.queued) {
        // One of its own signals was the message. It gives way, so that its own flood cannot starve others.
        return this.suspend(process, Wait.Turn);
      }
    }
    if (timeout <= 0) {
      // It gives way once, and a message that arrives meanwhile still counts.
      this.enqueue(process, TIMED_OUT);
    } else if (timeout !== Number.POSITIVE_INFINITY) {
      process.waitTimer = new Timer(timeout, () => this.makeReady(process, TIMED_OUT));
    }
    return this.suspend(process, Wait.Receive);
  }

  /**
   * `receive` for any message, without a timeout, while the scratch area may still be lent. Most processes call this right after
   * they have sent a draft to one that waits. If nobody else is ready, that one has the turn at once: the ready queue and all
   * that belongs to it take up to a tenth of the time of a message.
   */
  readonly receiveAny = (): number | Promise<number> => {
    const process = this.current;
    const next = this.#mayHandOn(process) ? this.scratch.handOver() : null;
    if (next === null) {
      if (this.scratch.isLent) this.scratch.takeBack();
      return this.receive(process, null, Number.POSITIVE_INFINITY, true);
    }
    process.receiving = Receiving.Yes;
    process.filter = null;
    process.wait = process.suspendedIn = Wait.Receive;
    if (this.stacks.kept === 'all') this.stacks.keep(process, Wait.Receive);
    if (next === this.#handedBy) {
      // They talk to each other.
      this.#handOnTo(next, process);
      return this.#expected.await(process);
    }
    const resumed = this.#resumption(process);
    this.#handOnTo(next, process);
    return resumed;
  };

  /** Whether a process may wait for any message and hand the turn on to the only one that is ready then. */
  #mayHandOn(process: Process): boolean {
    return (
      this.#ready.isEmpty &&
      process.signals === null &&
      !process.hasMessages &&
      !this.#turnPending &&
      ++this.#slices < SLICES_PER_CLOCK &&
      !this.stacks.areWanted
    );
  }

  /** Does what `makeReady` and `#run` do, for a process that waits for messages and has got one. */
  #handOnTo(process: Process, by: Process): void {
    this.#handedBy = by;
    process.wait = Wait.None;
    process.receiving = Receiving.No;
    if (process.waitTimer !== null) {
      process.waitTimer.cancel();
      process.waitTimer = null;
    }
    process.turns++;
    this.#ticking = null;
    this.#pressure = null;
    this.work.renew();
    this.current = process;
    runningProcess[0] = process.id;
    process.resume(MessageKind.Data);
  }

  /** Suspends the process for a time in milliseconds. */
  sleep(process: Process, delay: number): Promise<number> {
    if (process.signals !== null) this.drainSignals(process);
    if (delay <= 0) return this.yieldTurn(process);
    process.waitTimer = new Timer(delay, () => this.makeReady(process, 0));
    return this.suspend(process, Wait.Sleep);
  }

  /**
   * Suspends the process until something outside calls the function that `start` is given, with the value the
   * host call returns. Later calls have no effect.
   * @param start begins the operation and returns a function that gives it up; it must not call back synchronously
   */
  waitForEvent(process: Process, start: (wake: (value: number) => void) => () => void): Promise<number> {
    if (process.signals !== null) this.drainSignals(process);
    let pending = true;
    const cancel = start((value) => {
      if (!pending) return;
      pending = false;
      this.makeReady(process, value);
    });
    process.cancelWait = () => {
      pending = false;
      cancel();
    };
    return this.suspend(process, Wait.Event);
  }

  /** Suspends the process until a promise settles, and returns what it resolves with, or throws what it rejects with. */
  waitForAnswer<T>(process: Process, answer: Promise<T>): Promise<T> {
    const waiting = this.waitForEvent(process, (wake) => {
      answer.then(
        () => wake(0),
        () => wake(0),
      );
      return () => {};
    });
    return waiting.then(() => answer);
  }

  /** The same for an operation that a process has again and again: it makes the process ready itself, so nothing is allocated. */
  waitFor(process: Process, operation: Operation): Promise<number> {
    if (process.signals !== null) this.drainSignals(process);
    operation.begin();
    process.cancelWait = operation.giveUp;
    return this.suspend(process, Wait.Event);
  }

  // -- signals -----------------------------------------------------------------------------------------

  get running(): Process | null {
    return this.#running ? this.current : null;
  }

  /** Whether the process has the turn, and what reaches it must wait. */
  runs(process: Process): boolean {
    return process === this.current && this.#running;
  }

  /**
   * Kills a process of this scheduler. While its start section runs, its environment does not know it, and no signal
   * reaches it but this one.
   */
  kill(process: Process): void {
    const { environment, id } = process;
    if (environment.get(id) === process) environment.router.deliver(id, KILL);
    else this.delivery.deliver(process, KILL);
  }

  /**
   * Applies the signals that reached the current process while it ran. Throws if it has to die; but if one of the signals
   * was a message that it receives, it is in the ready queue and dies when its turn comes.
   */
  drainSignals(process: Process): void {
    const signals = process.signals ?? [];
    process.signals = null;
    for (const signal of signals) this.delivery.apply(process, signal);
    if (process.killed && !process.queued)
      throw process.killReason === null ? KILLED : limitTrap(process.killReason);
  }
}
