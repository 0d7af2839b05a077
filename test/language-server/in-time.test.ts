import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { type CompletionItem, LSPErrorCodes, type Range } from 'vscode-languageserver';
import { createConnection } from 'vscode-languageserver/node';
import { serve } from '../../extension/language-server/server.ts';

/** Checking all of this takes many times as long as a slice. */
const FUNCTIONS = 1500;
const BODY = 'local.get $n i32.const 1 i32.add local.set $n\n'.repeat(12);
const TEXT = `(module
(global $g (mut i32) (i32.const 0))
${Array.from({ length: FUNCTIONS }, (_, i) => `(func $f${i} (param $n i32)\n${BODY})`).join('\n')}
)`;
const URI = 'file:///large.wat';
const AT_GLOBAL = { line: 1, character: 9 };
const IN_LAST_FUNCTION = { line: TEXT.split('\n').length - 3, character: 0 };
/** The bits of its type. */
const BITS: Range = { start: { line: 1, character: 17 }, end: { line: 1, character: 19 } };

/** A client in the same thread: what comes first is decided by the turns of its event loop, however busy the machine is. */
let client: MessageConnection;
let version = 1;
/** What has come from the server, in this order. */
let order: string[] = [];
let told: () => void = () => undefined;

beforeAll(async () => {
  const toServer = new PassThrough();
  const toClient = new PassThrough();
  serve(createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient)));
  client = createMessageConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
  client.onNotification('textDocument/publishDiagnostics', () => {
    order.push('diagnostics');
    told();
  });
  client.listen();
  await client.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} });
});
afterAll(() => client.dispose());

/** Changes the type of the global, so that all functions are checked again. */
async function changeType(text: '32' | '64'): Promise<void> {
  const change = { textDocument: { uri: URI, version: version++ }, contentChanges: [{ range: BITS, text }] };
  await client.sendNotification('textDocument/didChange', change);
}

async function complete(): Promise<void> {
  const params = { textDocument: { uri: URI }, position: IN_LAST_FUNCTION };
  const items: CompletionItem[] = await client.sendRequest('textDocument/completion', params);
  order.push('completion');
  expect(items.length).toBeGreaterThan(400);
}

function diagnostics(): Promise<void> {
  return new Promise((resolve) => {
    told = resolve;
  });
}

describe('while a large text is checked', () => {
  test('completion is answered before its diagnostics come', async () => {
    const first = diagnostics();
    const textDocument = { uri: URI, languageId: 'wat', version: version++, text: TEXT };
    await client.sendNotification('textDocument/didOpen', { textDocument });
    await first;
    order = [];
    const second = diagnostics();
    await changeType('64');
    await complete();
    await second;
    expect(order).toEqual(['completion', 'diagnostics']);
  });

  test('a request that is cancelled is given up, and so is one for a text that has changed', async () => {
    await changeType('32');
    const params = {
      textDocument: { uri: URI },
      position: AT_GLOBAL,
      context: { includeDeclaration: true },
    };
    const cancelling = new CancellationTokenSource();
    const cancelled = client.sendRequest('textDocument/references', params, cancelling.token);
    const outdated = client.sendRequest('textDocument/references', params);
    cancelling.cancel();
    await changeType('64');
    await expect(cancelled).rejects.toMatchObject({ code: LSPErrorCodes.RequestCancelled });
    await expect(outdated).rejects.toMatchObject({ code: LSPErrorCodes.ContentModified });
    expect(await client.sendRequest('textDocument/references', params)).toHaveLength(1);
  });
});
