import type { Arguments } from './arguments.ts';
import type { Session, SessionState } from './session.ts';

type StateName = SessionState['kind'];

/** What handles requests of one name: in two steps, so that each can be read and tested alone. */
export interface RequestHandler<Parsed, Body> {
  /** The states of a session in which it answers; default: `running`. */
  readonly states?: readonly StateName[];
  /** @throws AdapterError if the arguments are wrong */
  parse(args: Arguments): Parsed;
  /**
   * Does it, and returns the body of the response.
   * @throws AdapterError, or an error of the inspection protocol's client
   */
  handle(session: Session, args: Parsed): Promise<Body> | Body;
  /** Called when the response has been sent. */
  afterwards?(session: Session, args: Parsed): void;
}

/** A handler whose types have been checked and do not matter any more. */
export interface Request {
  readonly states: ReadonlySet<StateName>;
  run(session: Session, args: Arguments, respond: (body: unknown) => void): Promise<void>;
}

export function request<Parsed, Body>(handler: RequestHandler<Parsed, Body>): Request {
  return {
    states: new Set(handler.states ?? ['running']),
    async run(session, args, respond) {
      const parsed = handler.parse(args);
      respond(await handler.handle(session, parsed));
      handler.afterwards?.(session, parsed);
    },
  };
}

/** Parses requests without arguments that matter. */
export function nothing(): null {
  return null;
}
