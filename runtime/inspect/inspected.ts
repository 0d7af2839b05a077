import type { Disposable } from 'vscode-jsonrpc/node';
import type { Notifications, Requests, Welcome } from './protocol.ts';

/**
 * A program that answers the requests of the inspection protocol: one that runs, to which there is a connection, or what a core
 * dump has kept of one.
 */
export interface Inspected {
  /** How it has introduced itself. */
  readonly welcome: Welcome;
  /** Whether it runs. Otherwise it can be looked at only. */
  readonly isRunning: boolean;
  /** Resolves when the connection has been closed, by either side. */
  readonly closed: Promise<void>;
  /** @throws InspectRequestError if it is refused, InspectClosedError if the connection closes first */
  request<Method extends keyof Requests>(
    method: Method,
    params: Requests[Method]['params'],
  ): Promise<Requests[Method]['result']>;
  /** Passes on a request of somebody else; its parameters are checked there. Throws as `request` does. */
  requestUnchecked(method: keyof Requests, params: object): Promise<unknown>;
  /** Calls a listener for every notification of a name. A name has one listener. */
  on<Method extends keyof Notifications>(
    method: Method,
    listener: (params: Notifications[Method]) => void,
  ): Disposable;
  close(): Promise<void>;
}
