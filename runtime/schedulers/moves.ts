import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import { Frame } from './frame.ts';
import { readIds, writeIds } from './id-list.ts';
import type { Mesh } from './mesh.ts';
import type { Program } from './programs.ts';

/** Sends a process to another scheduler, and gives it up here. */
export type Depart = (program: Program, process: Process, to: SchedulerIndex) => void;

/** Processes on their way to another scheduler. */
interface Move {
  readonly program: Program;
  readonly processes: readonly Process[];
  readonly to: SchedulerIndex;
  /** Those who have not noted yet where the processes go. */
  readonly unaware: Set<SchedulerIndex>;
}

/**
 * Moves processes that have not begun to other schedulers, so that what is sent to them arrives in order:
 *
 * 1. The scheduler that has them tells all others that they leave, and to where. They stay until all know it, and what arrives
 *    goes into their mailboxes.
 * 2. Each of the others notes that, and from then on sends to the new scheduler. Links keep the order, so its answer comes behind
 *    all that it has sent before.
 * 3. When all have answered, the processes go, with their mailboxes.
 * 4. The new scheduler keeps what comes for them earlier, and gives it to them behind what was in their mailboxes.
 *
 * Nothing goes through a third scheduler, whose death could lose it.
 */
export class Moves {
  readonly #mesh: Mesh;
  readonly #depart: Depart;
  readonly #moves = new Map<number, Move>();
  #last = 0;
  /** The number of processes that are about to leave. */
  size = 0;

  constructor(mesh: Mesh, depart: Depart) {
    this.#mesh = mesh;
    this.#depart = depart;
  }

  /**
   * Moves processes of one program.
   * @param processes taken out of the ready queue
   */
  begin(program: Program, processes: readonly Process[], to: SchedulerIndex): void {
    const number = ++this.#last;
    const ids = processes.map(({ id }) => id);
    program.far.leave(ids, to);
    this.size += ids.length;
    this.#moves.set(number, { program, processes, to, unaware: new Set(this.#mesh.peers.keys()) });
    this.#mesh.broadcast(Frame.Leaving, (writer) => {
      writer.varint(number);
      writer.varint(program.key);
      writer.varint(program.environment.id);
      writer.varint(to);
      writeIds(writer, ids);
    });
  }

  /** Another scheduler tells that processes leave it. */
  leaving(
    from: SchedulerIndex,
    reader: ByteReader,
    open: (key: number, environment: number) => Program,
  ): void {
    const number = reader.varint();
    const program = open(reader.varint(), reader.varint());
    const to = reader.varint() as SchedulerIndex;
    program.far.note(readIds(reader), to);
    this.#mesh.send(from, Frame.Noted, (writer) => writer.varint(number));
  }

  /** Another scheduler has noted a move. */
  noted(from: SchedulerIndex, reader: ByteReader): void {
    const number = reader.varint();
    const move = this.#moves.get(number);
    if (move === undefined) return;
    move.unaware.delete(from);
    if (move.unaware.size === 0) this.#finish(number, move);
  }

  #finish(number: number, { program, processes, to }: Move): void {
    this.#moves.delete(number);
    this.size -= processes.length;
    for (const process of processes) {
      // One that was killed meanwhile ends here.
      if (process.exit === null && !process.killed) this.#depart(program, process, to);
    }
  }

  /** Another scheduler has gone. What was on its way there has gone with it. */
  lose(index: SchedulerIndex, discard: (program: Program, process: Process) => void): void {
    for (const [number, move] of [...this.#moves]) {
      move.unaware.delete(index);
      if (move.to === index) {
        this.#moves.delete(number);
        this.size -= move.processes.length;
        for (const process of move.processes) if (process.exit === null) discard(move.program, process);
      } else if (move.unaware.size === 0) {
        this.#finish(number, move);
      }
    }
  }
}
