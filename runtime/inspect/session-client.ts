import type { Notifications } from './protocol.ts';

/** The client of a session, wherever it is. */
export interface SessionClient {
  notify<Name extends keyof Notifications>(name: Name, params: Notifications[Name]): void;
  /** Whether it has so much to read that changes wait. */
  readonly isFull: boolean;
}
