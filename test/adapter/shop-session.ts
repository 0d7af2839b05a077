import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect } from 'vitest';
import type { LaunchArguments } from '../../debug-adapter/index.ts';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { AdapterClient } from './adapter-client.ts';
import { type Language, type Shop, shop } from './shops.ts';

/** A session with a shop. Its workers are processes 2 and 3. */
export class ShopSession {
  readonly client: AdapterClient;
  readonly shop: Shop;
  #stops = 0;

  constructor(client: AdapterClient, shop: Shop) {
    this.client = client;
    this.shop = shop;
  }

  static async configure(language: Language, options: Partial<LaunchArguments> = {}): Promise<ShopSession> {
    const found = await shop(language);
    const client = await AdapterClient.stdio();
    await client.configure('', { ...found.launch, ...options });
    return new ShopSession(client, found);
  }

  /** Launches it with breakpoints at the lines of these comments, until both workers wait. */
  static async run(language: Language, ...comments: string[]): Promise<ShopSession> {
    const session = await ShopSession.configure(language);
    await session.breakAt(...comments);
    await session.client.configurationDoneRequest();
    await session.client.waitingThread(2);
    await session.client.waitingThread(3);
    return session;
  }

  async breakAt(...comments: string[]): Promise<DebugProtocol.Breakpoint[]> {
    return await this.breakAtLines(comments.map((comment) => this.shop.line(comment)));
  }

  async breakAtLines(lines: number[]): Promise<DebugProtocol.Breakpoint[]> {
    const { source: path } = this.shop;
    const breakpoints = lines.map((line) => ({ line }));
    return (await this.client.setBreakpointsRequest({ source: { path }, breakpoints })).body.breakpoints;
  }

  async send(process: 2 | 3, value: number): Promise<void> {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    await this.client.custom('lunatic/send', {
      process: keyFromText(`1:${process}`),
      data: bytes.toString('base64'),
    });
  }

  /** Waits for the next stop. */
  async stopped(): Promise<DebugProtocol.StoppedEvent['body']> {
    const at = this.#stops++;
    const event = await this.client.until(() => this.client.eventsOf('stopped')[at], 'a stop');
    return event.body;
  }

  /** The comments of the lines at which the calls of a thread are, innermost first. */
  async lines(threadId: number): Promise<string[]> {
    const { stackFrames } = (await this.client.stackTraceRequest({ threadId })).body;
    return stackFrames.map(({ source, line }) =>
      source?.path === this.shop.source ? this.shop.comment(line) : `${source?.name}`,
    );
  }

  /** Steps, and returns the comment of the line at which the thread stops. */
  async step(kind: 'next' | 'stepIn' | 'stepOut', threadId: number): Promise<string> {
    const args = { threadId };
    await (kind === 'next'
      ? this.client.nextRequest(args)
      : kind === 'stepIn'
        ? this.client.stepInRequest(args)
        : this.client.stepOutRequest(args));
    expect(await this.stopped()).toMatchObject({ reason: 'step', threadId, allThreadsStopped: false });
    return (await this.lines(threadId))[0] ?? '';
  }
}
