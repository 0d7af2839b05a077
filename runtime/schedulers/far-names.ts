import { Account } from '../kernel/account.ts';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { FIRST_SCHEDULER, type SchedulerIndex } from '../kernel/ids.ts';
import type { NameKeeper, RegistryEntry } from '../kernel/registry.ts';
import { hostTrap } from '../kernel/trap.ts';
import type { Peers } from './peers.ts';
import type { Program, Programs } from './programs.ts';
import { bytesOf, RequestError } from './requests.ts';

const EMPTY = new Uint8Array(0);
const HALF = 32n;

/** The names of a program, which the first scheduler keeps. */
export class FarNames implements NameKeeper {
  readonly #peers: Peers;
  readonly #key: number;

  constructor(peers: Peers, key: number) {
    this.#peers = peers;
    this.#key = key;
  }

  async get(name: string, waits: boolean): Promise<RegistryEntry | undefined> {
    return found(await this.#ask('name get', name, waits));
  }

  async put(name: string, entry: RegistryEntry, waits: boolean): Promise<void> {
    await this.#ask('name put', name, waits, entry);
  }

  async remove(name: string, waits: boolean): Promise<void> {
    await this.#ask('name remove', name, waits);
  }

  async reserve(name: string, waits: boolean): Promise<RegistryEntry | undefined> {
    return found(await this.#ask('name reserve', name, waits));
  }

  async release(name: string, entry: RegistryEntry | null): Promise<void> {
    await this.#ask('name release', name, false, entry);
  }

  /** @throws a trap if the request is refused: the program may have too many names */
  async #ask(
    kind: string,
    name: string,
    waits: boolean,
    entry: RegistryEntry | null = null,
  ): Promise<Uint8Array> {
    const body = bytesOf((writer) => {
      writer.varint(this.#key);
      writer.u8(waits ? 1 : 0);
      writer.text(name);
      if (entry !== null) writeEntry(writer, entry);
    });
    try {
      return await this.#peers.request(FIRST_SCHEDULER, kind, body);
    } catch (error) {
      throw error instanceof RequestError ? hostTrap(error.message) : error;
    }
  }
}

/** Keeps names for other schedulers. */
export class NameService {
  readonly #programs: Programs;
  /** Who pays for the names that processes of a scheduler have put. */
  readonly #accounts = new Map<SchedulerIndex, WeakMap<Program, Account>>();
  /** By scheduler: what it has reserved. */
  readonly #reserved = new Map<
    SchedulerIndex,
    Map<string, { readonly program: Program; readonly name: string }>
  >();

  readonly #gone = new Set<SchedulerIndex>();

  constructor(peers: Peers, programs: Programs) {
    this.#programs = programs;
    const answer = (
      kind: string,
      act: (
        from: SchedulerIndex,
        program: Program,
        name: string,
        entry: () => RegistryEntry | null,
      ) => Uint8Array,
    ) => {
      peers.answer(kind, (peer, body) => {
        const from = peer as SchedulerIndex;
        const reader = new ByteReader(body, 'a request for a name');
        const program = this.#programs.get(reader.varint());
        if (program === undefined) throw new Error('the program has ended');
        const waits = reader.u8() === 1;
        const name = reader.text();
        const done = () => act(from, program, name, () => readEntry(reader));
        return waits ? settled(program, name, done) : done();
      });
    };
    answer('name get', (_, { registry }, name) => written(registry.get(name)));
    answer('name remove', (_, { registry }, name) => {
      registry.remove(name);
      return EMPTY;
    });
    answer('name put', (from, program, name, entry) => {
      this.#put(from, program, name, entry());
      return EMPTY;
    });
    answer('name reserve', (from, program, name) => {
      // It may have gone while another one had reserved the name. Nobody would release it.
      if (this.#gone.has(from)) return EMPTY;
      const known = program.registry.get(name);
      if (known !== undefined) return written(known);
      program.registry.reserve(name);
      this.#reservedBy(from).set(`${program.key} ${name}`, { program, name });
      return EMPTY;
    });
    answer('name release', (from, program, name, entry) => {
      try {
        this.#put(from, program, name, entry());
      } finally {
        program.registry.release(name);
        this.#reservedBy(from).delete(`${program.key} ${name}`);
      }
      return EMPTY;
    });
  }

  #put(from: SchedulerIndex, program: Program, name: string, entry: RegistryEntry | null): void {
    if (entry !== null) program.registry.put(name, entry, this.#account(from, program));
  }

  #reservedBy(from: SchedulerIndex) {
    const known = this.#reserved.get(from) ?? new Map<string, { program: Program; name: string }>();
    this.#reserved.set(from, known);
    return known;
  }

  #account(from: SchedulerIndex, program: Program): Account {
    const accounts = this.#accounts.get(from) ?? new WeakMap<Program, Account>();
    this.#accounts.set(from, accounts);
    const { account: total } = program.environment;
    const account = accounts.get(program) ?? new Account(total.limit, total);
    accounts.set(program, account);
    return account;
  }

  /** A scheduler has gone: nobody waits for what it has reserved. Names stay, as those of other processes that have ended. */
  lose(index: SchedulerIndex): void {
    for (const { program, name } of this.#reserved.get(index)?.values() ?? []) program.registry.release(name);
    this.#reserved.delete(index);
    this.#gone.add(index);
  }
}

/** Acts as soon as nobody has reserved the name. */
function settled(program: Program, name: string, act: () => Uint8Array): Uint8Array | Promise<Uint8Array> {
  const { registry } = program;
  if (!registry.isReserved(name)) return act();
  return new Promise<void>((resolve) => registry.whenReleased(name, resolve)).then(() =>
    settled(program, name, act),
  );
}

function written(entry: RegistryEntry | undefined): Uint8Array {
  return entry === undefined ? EMPTY : bytesOf((writer) => writeEntry(writer, entry));
}

function found(bytes: Uint8Array): RegistryEntry | undefined {
  return readEntry(new ByteReader(bytes, 'a name')) ?? undefined;
}

function writeEntry(writer: ByteWriter, { nodeId, processId }: RegistryEntry): void {
  for (const id of [nodeId, processId]) {
    writer.u32(Number(BigInt.asUintN(32, id)));
    writer.u32(Number(BigInt.asUintN(32, id >> HALF)));
  }
}

/** Returns null where there is none. */
function readEntry(reader: ByteReader): RegistryEntry | null {
  if (reader.isAtEnd) return null;
  const read = () => {
    const low = BigInt(reader.u32());
    return (BigInt(reader.u32()) << HALF) | low;
  };
  return { nodeId: read(), processId: read() };
}
