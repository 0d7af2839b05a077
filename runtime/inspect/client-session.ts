import { ErrorCodes, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import type { Backlog } from './backlog.ts';
import { InspectionError } from './inspection-error.ts';
import type { Inspector } from './inspector.ts';
import type { Others, OthersSession, OwnSide, StandingRequest } from './others.ts';
import { Outbox } from './outbox.ts';
import { Parameters } from './parameters.ts';
import { type Notifications, PROTOCOL_VERSION, type Requests, type Welcome } from './protocol.ts';
import { Session } from './session.ts';
import { socketConnection } from './socket.ts';

/** Requests that count until there is another one like it. */
const STANDING: ReadonlySet<string> = new Set<keyof Requests>([
  'watch',
  'processes/choose',
  'events/breakpoints',
  'process/data-breakpoints',
  'module/breakpoints',
  'module/ready',
]);

/** What a client may do besides inspecting processes. */
export interface Program {
  welcome(): Welcome;
  start(pauseRoot: boolean): void;
  /** A client was disconnected, since it has not read so many bytes. */
  lost?(unread: number): void;
}

/** The connection of one client of the inspection protocol. */
export class ClientSession implements OwnSide {
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  readonly #connection: MessageConnection;
  readonly #inspector: Inspector;
  readonly #program: Program;
  readonly #backlog: Backlog;
  readonly #session: Session;
  readonly #standing = new Map<string, StandingRequest>();
  #others: OthersSession | null = null;
  #initialized = false;
  #knowsTraps = false;

  /**
   * @param backlog of all clients of the server
   * @param onClose called once, when the client has disconnected
   */
  constructor(
    socket: WebSocket,
    inspector: Inspector,
    program: Program,
    backlog: Backlog,
    onClose: () => void,
  ) {
    const outbox = new Outbox(socket);
    this.#backlog = backlog;
    backlog.add(socket, outbox);
    this.#socket = socket;
    this.#outbox = outbox;
    this.#inspector = inspector;
    this.#program = program;
    const own = {
      notify: <Name extends keyof Notifications>(name: Name, params: Notifications[Name]) =>
        this.#others === null ? this.notify(name, params) : this.#others.told(name, params),
      get isFull() {
        return outbox.isFull;
      },
    };
    this.#session = new Session(inspector, own, (pauseRoot) => program.start(pauseRoot));
    this.#connection = socketConnection(socket, { outbox });
    this.#connection.onClose(() => {
      this.#close();
      onClose();
    });
    this.#connection.onRequest('initialize', (values: unknown) => this.#initialize(values));
    for (const name of this.#session.requests)
      this.#connection.onRequest(name, (values: unknown) => this.#request(name, values));
    this.#connection.listen();
  }

  /** Whether the client was told of a trap, so that it may ask about it in the end. */
  get knowsTraps(): boolean {
    return this.#knowsTraps;
  }

  get watchesOutput(): boolean {
    return this.#session.watchesOutput;
  }

  get isFull(): boolean {
    return this.#outbox.isFull;
  }

  get standing(): Iterable<StandingRequest> {
    return this.#standing.values();
  }

  /** Shows the client the processes of other schedulers, too. */
  join(others: Others): void {
    if (this.#initialized) this.#others ??= others.open(this);
  }

  #close(): void {
    this.#inspector.sessions.delete(this);
    this.#backlog.remove(this.#socket);
    this.#others?.close();
    this.#session.close();
    this.#connection.dispose();
  }

  /** Sends a notification to the client. */
  notify<Name extends keyof Notifications>(name: Name, params: Notifications[Name]): void {
    if (name === 'process/trapped') this.#knowsTraps = true;
    if (this.#isGivenUp()) return;
    // Rejected if the connection is closed, which calls `onClose`.
    this.#connection.sendNotification(name, params).catch(() => {});
  }

  /** Tells that the program has ended, after all that was to be told of it. */
  sayFarewell(farewell: Notifications['ended']): void {
    this.#session.flush();
    this.notify('ended', farewell);
  }

  /** Resolves when long answers that the client has asked for have been sent. */
  settled(): Promise<void> {
    return this.#outbox.settled();
  }

  /** Whether the client is disconnected, as those are that do not read. */
  #isGivenUp(): boolean {
    this.#backlog.makeRoom();
    return this.#socket.readyState !== this.#socket.OPEN;
  }

  #initialize(values: unknown): Welcome {
    const version = new Parameters(values).text('version');
    if (version.split('.')[0] !== PROTOCOL_VERSION.split('.')[0]) {
      throw new ResponseError(
        ErrorCodes.InvalidParams,
        `the client speaks version ${version.slice(0, 20)} of the inspection protocol, this runtime ${PROTOCOL_VERSION}`,
      );
    }
    this.#initialized = true;
    this.#session.begin();
    const { sessions, others } = this.#inspector;
    sessions.add(this);
    if (others !== null) this.join(others);
    return this.#program.welcome();
  }

  async #request(name: string, values: unknown): Promise<unknown> {
    // A result may be large, and the client may never read it.
    if (this.#isGivenUp()) return null;
    if (!this.#initialized)
      throw new ResponseError(ErrorCodes.InvalidRequest, '"initialize" must come first');
    try {
      return await (this.#others ?? this).answer(name, values);
    } catch (error) {
      if (error instanceof InspectionError) throw new ResponseError(error.code, error.message);
      throw error;
    }
  }

  /** Answers a request for this scheduler. */
  answer(name: string, values: unknown): unknown {
    const result = this.#session.answer(name, values);
    if (STANDING.has(name) && typeof values === 'object' && values !== null) {
      const standing = { name: name as keyof Requests, values };
      const key = 'module' in values ? `${name} ${values.module}` : name;
      this.#standing.delete(key);
      this.#standing.set(key, standing);
    }
    return result;
  }
}
