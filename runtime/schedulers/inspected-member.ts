import { Inspector } from '../inspect/inspector.ts';
import type { Notifications, ProcessKey } from '../inspect/protocol.ts';
import { Session } from '../inspect/session.ts';
import type { SessionClient } from '../inspect/session-client.ts';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { FIRST_SCHEDULER } from '../kernel/ids.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { decodeMessage, encodeAnswer, encodeMessage, InspectRequest } from './inspect-wire.ts';
import { readNames } from './name-mirror.ts';
import { numberBytes, numberIn } from './requests.ts';
import type { SchedulerSystem } from './system.ts';

/** Bytes of notifications that the first scheduler has not taken, from which on changes wait. */
const MUCH = 2 ** 20;

const DONE = new Uint8Array(0);

/** Lets the clients of the first scheduler inspect the processes of this one. */
export class InspectedMember {
  readonly #system: SchedulerSystem;
  readonly #scheduler: Scheduler;
  readonly #inspector: Inspector;
  readonly #sessions = new Map<number, FarClient>();

  /** @param system without a link so far */
  constructor(system: SchedulerSystem, scheduler: Scheduler) {
    this.#system = system;
    this.#scheduler = scheduler;
    this.#inspector = new Inspector(scheduler, '');
    const { index, modules } = this.#inspector;
    modules.tellApart((module) => system.keyOf(module));
    system.watchOutput((bytes) => this.#inspector.printed(bytes));
    system.watchers.push({
      opened: ({ key, environment }) => {
        index.addEnvironment(key, environment);
        system.requests.request(FIRST_SCHEDULER, InspectRequest.Opened, numberBytes(key)).catch(() => {});
      },
    });
    this.#answer();
  }

  #answer(): void {
    const { requests, programs } = this.#system;
    const inspector = this.#inspector;
    const { holding, modules, index } = inspector;
    requests.answer(InspectRequest.Open, (_, body) => {
      // What waits for anything but a message cannot be looked at later.
      this.#scheduler.stacks.keepRare();
      const number = numberIn(body);
      this.#sessions.set(number, new FarClient(number, inspector, this.#system));
      return DONE;
    });
    requests.answer(InspectRequest.Close, (_, body) => {
      const number = numberIn(body);
      this.#sessions.get(number)?.session.close();
      this.#sessions.delete(number);
      return DONE;
    });
    requests.answer(InspectRequest.Ask, (_, body) => {
      const { session, name, values } = decodeMessage(body, modules);
      return encodeAnswer(() => this.#sessions.get(session)?.session.answer(name, values), modules);
    });
    requests.answer(InspectRequest.Missing, (_, body) => {
      const keys = JSON.parse(new ByteReader(body, 'keys').text()) as ProcessKey[];
      return encodeAnswer(() => keys.filter((key) => index.find(key) === undefined), modules);
    });
    requests.answer(InspectRequest.Still, (_, body) => {
      if (numberIn(body) === 1) {
        holding.close(true);
        return DONE;
      }
      return untilArrived(this.#system).then(() => {
        holding.close(false);
        return DONE;
      });
    });
    answerArrived(this.#system);
    requests.answer(InspectRequest.LookedAt, () => numberBytes(inspector.isLookedAt ? 1 : 0));
    requests.answer(InspectRequest.Flush, () => {
      for (const { session } of this.#sessions.values()) session.flush();
      return DONE;
    });
    requests.answer(InspectRequest.Names, (_, body) => {
      readNames(body, (key) => programs.get(key)?.registry);
      return DONE;
    });
  }
}

/** A client that is connected to the first scheduler. */
class FarClient implements SessionClient {
  readonly session: Session;
  readonly #number: number;
  readonly #inspector: Inspector;
  readonly #system: SchedulerSystem;
  #untaken = 0;

  constructor(number: number, inspector: Inspector, system: SchedulerSystem) {
    this.#number = number;
    this.#inspector = inspector;
    this.#system = system;
    this.session = new Session(inspector, this, () => {});
    this.session.begin();
  }

  get isFull(): boolean {
    return this.#untaken > MUCH;
  }

  notify<Name extends keyof Notifications>(name: Name, params: Notifications[Name]): void {
    const message = { session: this.#number, name, values: params };
    const body = encodeMessage(message, this.#inspector.modules);
    this.#untaken += body.length;
    const taken = () => {
      this.#untaken -= body.length;
    };
    this.#system.requests.request(FIRST_SCHEDULER, InspectRequest.Tell, body).then(taken, taken);
  }
}

/** Lets others ask whether what they have sent has come. */
export function answerArrived({ requests }: SchedulerSystem): void {
  requests.answer(InspectRequest.Arrived, () => DONE);
}

/** Resolves when all that other schedulers were sent from here has come there. */
export async function untilArrived({ mesh, requests }: SchedulerSystem): Promise<void> {
  const asked = [...mesh.peers.keys()].map((peer) => requests.request(peer, InspectRequest.Arrived, DONE));
  await Promise.allSettled(asked);
}
