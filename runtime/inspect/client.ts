import { type Disposable, ErrorCodes, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import { WebSocket } from 'ws';
import type { Inspected } from './inspected.ts';
import { type Notifications, PROTOCOL_VERSION, type Requests, type Welcome } from './protocol.ts';
import { socketConnection } from './socket.ts';

/** Milliseconds in which a runtime must answer for the first time. */
const CONNECT_TIME = 10_000;
/** Milliseconds in which a runtime must close its end of a connection. */
const CLOSE_TIME = 1000;
/** Bytes of the largest message from the runtime: a large module, in base64. */
const MAX_MESSAGE = 2 ** 29;

export interface InspectClientOptions {
  /** Names the client for the runtime, as in `lunatic ps`. */
  readonly client: string;
  /** Milliseconds in which the runtime must answer. Default: 10,000. */
  readonly timeout?: number;
}

/** Why a connection failed. */
export type ConnectFailure =
  /** The text is not the URL of an inspector. */
  | 'bad-url'
  /** Nothing listens there, or something else does. */
  | 'unreachable'
  /** The token is not the runtime's. */
  | 'wrong-token'
  /** The runtime speaks another version of the protocol. */
  | 'version'
  | 'timeout';

/** A runtime cannot be inspected. The message says what to do. */
export class InspectConnectError extends Error {
  override readonly name = 'InspectConnectError';
  readonly code: ConnectFailure;

  constructor(code: ConnectFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The runtime refused a request; `code` is one of `InspectError`, or of JSON-RPC. */
export class InspectRequestError extends Error {
  override readonly name = 'InspectRequestError';
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The connection closed before the runtime answered. */
export class InspectClosedError extends Error {
  override readonly name = 'InspectClosedError';
  readonly code = 'closed';
}

/** A connection to a runtime that can be inspected. */
export class InspectClient implements Inspected {
  /** How the runtime has introduced itself. */
  readonly welcome: Welcome;
  readonly isRunning = true;
  /** Resolves when the connection has been closed, by either side. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #connection: MessageConnection;

  /** @internal Made by `connect`. */
  constructor(socket: WebSocket, connection: MessageConnection, welcome: Welcome, closed: Promise<void>) {
    this.#socket = socket;
    this.#connection = connection;
    this.welcome = welcome;
    this.closed = closed;
  }

  /**
   * Connects to a runtime by the URL that it announced, which contains the token.
   * @throws InspectConnectError
   */
  static async connect(url: string, options: InspectClientOptions): Promise<InspectClient> {
    const { client, timeout = CONNECT_TIME } = options;
    const socket = makeSocket(url);
    let timer: NodeJS.Timeout | undefined;
    // Not `Promise.withResolvers`: extension hosts with Node 20 do not have it.
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(() => {
        fail(new InspectConnectError('timeout', `${where(url)} did not answer in ${timeout / 1000} s`));
      }, timeout);
    });
    try {
      await Promise.race([opened(socket, url), late]);
      const connection = socketConnection(socket);
      const closed = new Promise<void>((done) => {
        connection.onClose(() => {
          // Rejects the pending requests.
          connection.dispose();
          done();
        });
      });
      connection.listen();
      const gone = lost(socket, url);
      const welcome = await Promise.race([initialize(connection, client, url, gone), late, gone]);
      return new InspectClient(socket, connection, welcome, closed);
    } catch (error) {
      socket.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends a request to the runtime.
   * @throws InspectRequestError if the runtime refuses it, InspectClosedError if the connection closes first
   */
  async request<Method extends keyof Requests>(
    method: Method,
    params: Requests[Method]['params'],
  ): Promise<Requests[Method]['result']> {
    return await this.#send<Requests[Method]['result']>(method, params);
  }

  /** Passes on a request of somebody else; the runtime checks its parameters. Throws as `request` does. */
  requestUnchecked(method: keyof Requests, params: object): Promise<unknown> {
    return this.#send<unknown>(method, params);
  }

  async #send<Result>(method: keyof Requests, params: object): Promise<Result> {
    try {
      return await this.#connection.sendRequest<Result>(method, params);
    } catch (error) {
      throw requestError(error, method);
    }
  }

  /** Calls a listener for every notification of a name. A name has one listener. */
  on<Method extends keyof Notifications>(
    method: Method,
    listener: (params: Notifications[Method]) => void,
  ): Disposable {
    return this.#connection.onNotification(method, listener);
  }

  /** Closes the connection. The runtime goes on. */
  async close(): Promise<void> {
    this.#socket.close();
    // A runtime that hangs does not say goodbye.
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_TIME);
    await this.closed;
    clearTimeout(timer);
  }
}

function makeSocket(url: string): WebSocket {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol !== 'ws:' && protocol !== 'wss:') throw badUrl(url);
  try {
    return new WebSocket(url, { maxPayload: MAX_MESSAGE, perMessageDeflate: false });
  } catch (error) {
    throw badUrl(url, error);
  }
}

function badUrl(url: string, cause?: unknown): InspectConnectError {
  return new InspectConnectError(
    'bad-url',
    `'${url}' is not the address of an inspector: expected one like ws://127.0.0.1:9229/TOKEN, as \`lunatic run --inspect\` prints it`,
    { cause },
  );
}

function opened(socket: WebSocket, url: string): Promise<void> {
  return new Promise((done, fail) => {
    socket.once('open', done);
    // Remains: an error without a listener would end this process.
    socket.on('error', (error) => fail(unreachable(url, error)));
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      const status = response.statusCode ?? 0;
      const refused = status === 401 || status === 403 || status === 404;
      fail(
        refused
          ? new InspectConnectError(
              'wrong-token',
              `The inspector at ${where(url)} does not accept this token`,
            )
          : unreachable(url, new Error(`it answered with the HTTP status ${status}`)),
      );
    });
  });
}

async function initialize(
  connection: MessageConnection,
  client: string,
  url: string,
  gone: Promise<never>,
): Promise<Welcome> {
  const own = PROTOCOL_VERSION;
  const request = { version: own, client };
  let welcome: Welcome;
  try {
    welcome = await connection.sendRequest<Welcome>('initialize', request);
  } catch (error) {
    if (error instanceof ResponseError && !CONNECTION_CODES.has(error.code)) {
      throw new InspectConnectError('version', `The runtime at ${where(url)} refuses: ${error.message}`, {
        cause: error,
      });
    }
    // The reason is known when the connection has closed.
    return await gone;
  }
  const version = typeof welcome?.version === 'string' ? welcome.version : 'none';
  if (major(version) !== major(own)) {
    throw new InspectConnectError(
      'version',
      `The runtime at ${where(url)} speaks version ${version} of the inspection protocol, and this one ${own}. ` +
        'Use the same version of Lunatic for both.',
    );
  }
  return welcome;
}

/** Rejects when the socket closes. */
function lost(socket: WebSocket, url: string): Promise<never> {
  return new Promise((_, fail) => {
    socket.once('close', (code, reason) => {
      const why = reason.length > 0 ? reason.toString() : `code ${code}`;
      fail(unreachable(url, new Error(`it closed the connection (${why})`)));
    });
  });
}

function unreachable(url: string, cause: unknown): InspectConnectError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new InspectConnectError('unreachable', `Cannot connect to an inspector at ${where(url)}: ${why}`, {
    cause,
  });
}

/** The address without its token, which is a secret. */
function where(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function major(version: string): string {
  return version.split('.', 1)[0] ?? '';
}

function requestError(error: unknown, method: string): Error {
  if (error instanceof ResponseError && !CONNECTION_CODES.has(error.code)) {
    return new InspectRequestError(error.code, error.message, { cause: error });
  }
  return new InspectClosedError(`The runtime has gone before it answered ${method}`, { cause: error });
}

/** Codes of requests that could not be sent, or whose response cannot come. */
const CONNECTION_CODES: ReadonlySet<number> = new Set([
  ErrorCodes.MessageWriteError,
  ErrorCodes.MessageReadError,
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
]);
