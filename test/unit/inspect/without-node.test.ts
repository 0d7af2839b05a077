import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { projectFolder } from '../../support/command.ts';

/** What every browser has, and nothing of Node. */
const BROWSER = { TextDecoder, Uint8Array, atob, Date, performance };

test('the view of processes runs where there is no Node, as in a page', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(projectFolder, 'runtime', 'inspect', 'view', 'index.ts')],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'view',
  });
  // Neither the runtime nor a package comes along.
  const files = Object.keys(metafile.inputs).map((file) => file.replace(/.*runtime\//, ''));
  expect(
    files.filter(
      (file) =>
        !/^(inspect\/(view\/|protocol)|text\/|symbols\/(stack-frame|short-path|library-code)\.)/.test(file),
    ),
  ).toEqual([]);
  const told: unknown = runInNewContext(
    `${outputFiles[0]?.text}
    const model = new view.ProcessModel();
    const info = { key: '1:5', id: 5, environment: 1, parent: null, names: ['db'], state: 'waiting', waitsFor: 'message',
      since: 0, module: 'm1', entry: 'worker', mailbox: 1, memory: 65536, links: 0, monitors: 0 };
    model.addPage({ processes: [info], total: 1 });
    model.apply({ started: [], changed: [], ended: [{ process: '1:5', end: { kind: 'exited', code: 3 }, time: 1 }], total: 0 });
    const message = { kind: 'data', tag: '7', size: 2, data: 'w7w=', resources: [] };
    JSON.stringify([view.threadName(info), view.threadName(model.get('1:5')), view.messageLine(message),
      view.mailboxText(info, { messages: [{ ...message, data: '/wA=' }], length: 1 }), view.processRows(info).length])`,
    BROWSER,
  );
  expect(JSON.parse(String(told))).toEqual([
    '#5 db (waiting for a message, 1 in mailbox)',
    '#5 db (exited with code 3, 1 in mailbox)',
    'tag 7, 2 bytes, "ü"',
    'Mailbox of #5 db: 1 message\n\n  1  tag 7, 2 bytes\n     00000000  ff 00  ..\n',
    7,
  ]);
});
