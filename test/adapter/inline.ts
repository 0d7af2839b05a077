import type { DebugProtocol } from '@vscode/debugprotocol';
import { onTestFinished } from 'vitest';
import { LunaticDebugSession } from '../../debug-adapter/index.ts';
import { launcher } from '../support/command.ts';
import { within } from './adapter-client.ts';

/** A session without streams. */
export class Inline {
  readonly session = new LunaticDebugSession({ runtime: process.execPath, lunatic: launcher });
  readonly #messages: (DebugProtocol.Response & DebugProtocol.Event)[] = [];
  seq = 0;
  readonly #looks = new Set<() => void>();

  constructor() {
    onTestFinished(() => this.session.close());
    this.session.onDidSendMessage((message) => {
      this.#messages.push(message as DebugProtocol.Response & DebugProtocol.Event);
      for (const look of this.#looks) look();
    });
  }

  /** The first event or response for which that holds. */
  async #find(
    holds: (message: DebugProtocol.Response & DebugProtocol.Event) => boolean,
    what: string,
  ): Promise<DebugProtocol.Response & DebugProtocol.Event> {
    const found = new Promise<DebugProtocol.Response & DebugProtocol.Event>((done) => {
      const look = () => {
        const message = this.#messages.find(holds);
        if (message === undefined) return;
        this.#looks.delete(look);
        done(message);
      };
      this.#looks.add(look);
      look();
    });
    return await within(found, what);
  }

  /** Sends a request, whose number is `seq` then; returns the response. */
  async ask(command: string, args: object = {}): Promise<DebugProtocol.Response> {
    const request: DebugProtocol.Request = { type: 'request', seq: ++this.seq, command, arguments: args };
    this.session.handleMessage(request);
    return await this.#find((message) => message.request_seq === request.seq, `the response to ${command}`);
  }

  /** Sends a request; the number of the error, or 0 where it is answered. */
  async send(command: string, args: object = {}): Promise<number> {
    const response = await this.ask(command, args);
    return response.success ? 0 : response.body.error.id;
  }

  async event<Body>(name: string, holds: (body: Body) => boolean = () => true): Promise<Body> {
    return (await this.#find(({ event, body }) => event === name && holds(body), `the event ${name}`)).body;
  }

  eventsOf(name: string): DebugProtocol.Event[] {
    return this.#messages.filter(({ event }) => event === name);
  }

  /** The responses to a request of that number. */
  responsesTo(seq: number): DebugProtocol.Response[] {
    return this.#messages.filter(({ request_seq }) => request_seq === seq);
  }
}
