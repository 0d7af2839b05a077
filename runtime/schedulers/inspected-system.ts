import type { Inspector } from '../inspect/inspector.ts';
import type { Others, OthersSession, OwnSide } from '../inspect/others.ts';
import type { ProcessKey } from '../inspect/protocol.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { AskedSystem } from './asked-system.ts';
import { decodeAnswer, decodeMessage, encodeMessage, InspectRequest } from './inspect-wire.ts';
import { answerArrived, untilArrived } from './inspected-member.ts';
import { MergedSession } from './merged-session.ts';
import { NameMirror } from './name-mirror.ts';
import { bytesOf, numberBytes, numberIn } from './requests.ts';
import type { SchedulerSystem } from './system.ts';
import type { SystemWatcher } from './system-roles.ts';

/** Milliseconds between two looks at whether a client has read what it was sent. */
const READING_INTERVAL = 20;
/** Milliseconds that others have to tell what they keep back. */
const SETTLE_TIME = 200;
/** Milliseconds in which others must say whether somebody looks at their processes. */
const LOOKING_TIME = 2000;

const DONE = new Uint8Array(0);

/** Lets clients of this scheduler, the first one, inspect the processes of all. What nobody asks for costs nothing there. */
export class InspectedSystem implements AskedSystem, Others, SystemWatcher {
  readonly system: SchedulerSystem;
  readonly inspector: Inspector;
  readonly #names: NameMirror;
  readonly #sessions = new Map<number, MergedSession>();
  pausedElsewhere = 0;
  #last = 0;

  constructor(system: SchedulerSystem, inspector: Inspector) {
    this.system = system;
    this.inspector = inspector;
    this.#names = new NameMirror(system);
    const { index, modules } = inspector;
    modules.tellApart((module) => system.keyOf(module));
    system.programs.numberOf = (environment) => index.numberOf(environment);
    system.watchers.push(this);
    answerArrived(system);
    system.requests.answer(InspectRequest.Tell, (from, body) => {
      const { session: number, name, values } = decodeMessage(body, modules);
      const session = this.#sessions.get(number);
      session?.heard(from as SchedulerIndex, name, values);
      return session?.isFull === true ? untilRead(session) : DONE;
    });
    inspector.join(this);
  }

  // -- clients -----------------------------------------------------------------------------------------

  open(own: OwnSide): OthersSession {
    const number = ++this.#last;
    const session = new MergedSession(this, number, own, () => {
      this.#sessions.delete(number);
      if (this.#sessions.size === 0) this.#names.end();
    });
    this.#sessions.set(number, session);
    this.#names.begin();
    for (const index of this.peers) this.#show(index, number, session);
    return session;
  }

  #show(index: SchedulerIndex, number: number, session: MergedSession): void {
    this.send(index, InspectRequest.Open, numberBytes(number));
    session.joined(index);
  }

  joined(index: SchedulerIndex): void {
    for (const [number, session] of this.#sessions) this.#show(index, number, session);
  }

  lost(index: SchedulerIndex): void {
    this.#names.lose(index);
    for (const session of this.#sessions.values()) session.lost(index);
  }

  // -- asking ------------------------------------------------------------------------------------------

  get peers(): SchedulerIndex[] {
    return [...this.system.mesh.peers.keys()].sort((a, b) => a - b);
  }

  async ask(index: SchedulerIndex, session: number, name: string, values: unknown): Promise<unknown> {
    const { modules } = this.inspector;
    const body = encodeMessage({ session, name, values }, modules);
    return decodeAnswer(await this.system.requests.request(index, InspectRequest.Ask, body), modules);
  }

  send(index: SchedulerIndex, kind: string, body: Uint8Array): void {
    this.system.requests.request(index, kind, body).catch(() => {});
  }

  async missing(index: SchedulerIndex, keys: readonly ProcessKey[]): Promise<readonly ProcessKey[]> {
    const body = bytesOf((writer) => writer.text(JSON.stringify(keys)));
    try {
      const answer = await this.system.requests.request(index, InspectRequest.Missing, body);
      return decodeAnswer(answer, this.inspector.modules) as readonly ProcessKey[];
    } catch {
      return keys;
    }
  }

  tellNames(): void {
    this.#names.tell();
  }

  async whileClosed(pause: () => Promise<unknown>): Promise<unknown> {
    const { holding } = this.inspector;
    holding.close(true);
    for (const index of this.peers) this.send(index, InspectRequest.Still, numberBytes(1));
    try {
      return await pause();
    } finally {
      const opened = this.peers.map((index) =>
        this.system.requests.request(index, InspectRequest.Still, numberBytes(0)),
      );
      await Promise.allSettled([untilArrived(this.system), ...opened]);
      holding.close(false);
    }
  }

  async isLookedAt(): Promise<boolean> {
    // Nobody looks at one that does not answer.
    const answers = this.peers.map((index) =>
      Promise.race([
        this.system.requests.request(index, InspectRequest.LookedAt, DONE).then(numberIn, () => 0),
        new Promise<number>((done) => setTimeout(() => done(0), LOOKING_TIME).unref()),
      ]),
    );
    return (await Promise.all(answers)).includes(1);
  }

  async settle(): Promise<void> {
    const told = this.peers.map((index) => this.system.requests.request(index, InspectRequest.Flush, DONE));
    const late = new Promise((done) => setTimeout(done, SETTLE_TIME).unref());
    await Promise.race([Promise.allSettled(told), late]);
  }
}

/** Resolves when a client has read enough to be told more. */
async function untilRead(session: MergedSession): Promise<Uint8Array> {
  while (session.isFull) await new Promise((done) => setTimeout(done, READING_INTERVAL).unref());
  return DONE;
}
