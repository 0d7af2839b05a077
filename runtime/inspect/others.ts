import type { Notifications, Requests } from './protocol.ts';
import type { SessionClient } from './session-client.ts';

/** The side of a client's session that is on this scheduler, for those that are on others. */
export interface OwnSide extends SessionClient {
  /** Answers a request as if there were no other scheduler. Throws as `Session.answer` does. */
  answer(name: string, values: unknown): unknown;
  /** What the client has said that counts until it says otherwise, the earliest first. */
  readonly standing: Iterable<StandingRequest>;
}

/** A request that counts until there is another one like it. */
export interface StandingRequest {
  readonly name: keyof Requests;
  /** Checked. */
  readonly values: object;
}

/** What one client asks of all schedulers, and is told of them. */
export interface OthersSession {
  /** Answers a request of the client. Throws as `Session.answer` does. */
  answer(name: string, values: unknown): Promise<unknown>;
  /** Called with each notification of this scheduler. What the client is to know of it is told it here. */
  told<Name extends keyof Notifications>(name: Name, params: Notifications[Name]): void;
  close(): void;
}

/** The other schedulers of a program. */
export interface Others {
  /** Begins to show them to a client. */
  open(own: OwnSide): OthersSession;
  /** Whether somebody looks at a process there that stands still, or steps one. */
  isLookedAt(): Promise<boolean>;
  /** Resolves when clients have been told of all that has happened there. */
  settle(): Promise<void>;
}
