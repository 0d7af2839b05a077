/**
 * What schedulers write to each other: frames, each with its length (five bytes, which do not count), its kind (a byte) and its content.
 * All of them are of one release: a scheduler starts the others from the files that it was started from.
 */
export const Frame = {
  /** Who connects: the token of the program, and its index. The first frame of the one that connects. */
  Hello: 1,
  /** A signal: environment, target, and the signal. The most frequent by far. */
  Signal: 2,
  /** A question: its number, its topic, and what the topic says. */
  Request: 3,
  /** The answer to a question: its number, whether it was answered, and the answer, or the error in words. */
  Answer: 4,
  /** Processes that go to another scheduler: number of the move, environment, new scheduler, and their ids. */
  Leaving: 5,
  /** From now on, signals to the processes of a move go to the new scheduler: number of the move. */
  Noted: 6,
  /** A process that has gone to the one who reads this: see `process-codec.ts`. */
  Process: 7,
  /** Processes that were moved once and have ended: environment, and their ids. */
  Ended: 8,
  /** Whether the one who writes this would take processes: 1 or 0. */
  Hungry: 9,
  /** A module, for processes that follow: its key and its binary. */
  Module: 10,
  /** A module of a process that was sent and of which no more is said: its digest. */
  ModuleGone: 22,
  /** How many processes of an environment there are, and how many of those that it was to have there have been counted. */
  Population: 11,
  /** Kills all processes of an environment. */
  KillAll: 12,
  /** What a process has printed: streams, descriptor, bytes. */
  Output: 13,
  /** Bytes of an output that were taken: streams, descriptor, number. */
  OutputTaken: 14,
  /** A process has been spawned that has streams of its own: theirs, and those of its parent. */
  Streams: 15,
  /** All processes of a program have ended, and nobody asks for it any more: its number. */
  Gone: 19,
  /** What a message that follows carries: its handle, its kind, and what its kind needs. */
  Carried: 17,
  /** A socket that a message carries which follows: its handle, the environment, and what `SocketCrossing` wrote. */
  CarriedSocket: 18,
  /** How many further processes have room, and how many have come from each of the others. */
  Room: 20,
  /** Tells the first scheduler that a process of a program goes to a third one: its number, and that scheduler. */
  Passed: 21,
  /** What the host keeps for the processes of a program there: its number, and bytes. */
  HostMemory: 23,
  /** All signals and moves that concern the one who reads this are known to the one who writes it. */
  Ready: 16,
} as const;
export type Frame = (typeof Frame)[keyof typeof Frame];
