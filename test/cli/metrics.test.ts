import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lunatic, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { parseScrape } from '../support/prometheus.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Three processes; one of them has two messages. The program ends when its input does. */
const program = join(folder, 'program.wat');
writeFileSync(
  program,
  guest(`
    (func (export "waits") (call $process.sleep_ms (i64.const 1000000)))
    (func (export "_start")
      (drop (call $spawn (i64.const 0) (text "waits"))) (drop (call $spawn (i64.const 0) (text "waits")))
      (call $send (i64.const 2) (i64.const 7) (i64.const 1)) (call $send (i64.const 2) (i64.const 7) (i64.const 1))
      (call $metrics.counter (text "orders.total") (i64.const 12))
      (call $print (text "ready"))
      (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 1))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))`),
);

async function withProgram(args: string[], use: (url: string) => Promise<void>): Promise<void> {
  const command = new RunningCommand(['run', '--prometheus', ...args, program], { input: null });
  try {
    await command.printed('ready');
    const url = /^Metrics are at (\S+)\n/.exec(command.stderr)?.[1];
    if (url === undefined) throw new Error(`no address: ${command.stderr}`);
    await use(url);
  } finally {
    command.child.stdin?.end();
  }
  const { exitCode, stdout, stderr } = await command.ended;
  expect([exitCode, stdout, stderr.split('\n').length]).toEqual([0, 'ready\n', 2]);
}

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((done, fail) => {
    const asked = request(url, { headers, method }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        done({ status: response.statusCode, type: response.headers['content-type'], text }),
      );
    });
    asked.on('error', fail);
    asked.end();
  });
}

describe('lunatic run --prometheus', () => {
  test('serves the metrics of program and runtime while the program runs', async () => {
    await withProgram(['--prometheus-http', '127.0.0.1:0'], async (url) => {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
      const { status, type, text } = await ask(url);
      expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
      expect(text).toContain('\norders_total{node_id="0"} 12\n');
      expect(Object.fromEntries(parseScrape(text).values)).toMatchObject({
        orders_total: 12,
        lunatic_process_environment_process_count: 3,
        lunatic_process_environment_count: 1,
        lunatic_process_messages_send: 2,
        lunatic_process_messages_outstanding: 2,
        lunatic_process_messages_data_size_sum: 16,
      });
    });
  });

  test('serves the metrics of all schedulers: those of guests as one, those of the runtime by scheduler', async () => {
    const counting = join(folder, 'counting.wat');
    writeFileSync(
      counting,
      guest(`
        (func (export "counts")
          (call $metrics.counter (text "orders.total") (i64.const 5))
          (call $metrics.increment_gauge (text "open.orders") (f64.const 2))
          (call $metrics.counter (i32.const 0) (i32.const 300) (i64.const 1))
          (call $send (i64.const 1) (i64.const 7) (i64.const 1))
          (call $process.sleep_ms (i64.const 1000000)))
        (func (export "_start")
          (call $metrics.counter (text "orders.total") (i64.const 1))
          (drop (call $spawn (i64.const 0) (text "counts"))) (drop (call $spawn (i64.const 0) (text "counts")))
          (drop (call $receive)) (drop (call $receive))
          (call $print (text "ready"))
          (call $process.sleep_ms (i64.const 1000000)))`),
    );
    const args = ['--prometheus', '--prometheus-http', '0', '--schedulers', '2', '--place-children', 'apart'];
    const command = new RunningCommand(['run', ...args, counting], { input: null });
    await command.printed('ready');
    const { text } = await ask(/^Metrics are at (\S+)\n/.exec(command.stderr)?.[1] ?? '');
    expect(text).toContain('\norders_total{node_id="0"} 11\n');
    expect(text).toContain('\nopen_orders{node_id="0"} 4\n');
    expect(text).toContain('\nlunatic_metrics_dropped{node_id="0"} 2\n');
    expect(text).not.toContain('orders_total{node_id="1"}');
    const family = text
      .split('\n\n')
      .find((one) => one.includes('# HELP lunatic_process_environment_process_count'));
    expect(family?.split('\n').slice(1)).toEqual([
      '# TYPE lunatic_process_environment_process_count gauge',
      'lunatic_process_environment_process_count{node_id="0"} 1',
      'lunatic_process_environment_process_count{node_id="1"} 2',
    ]);
    const helps = text.match(/^# HELP \S+/gm) ?? [];
    expect(new Set(helps).size).toBe(helps.length);
    command.child.kill('SIGKILL');
    await command.ended;
  });

  test('serves only the metrics, and only under the name of the address', async () => {
    await withProgram(['--prometheus-http', '0'], async (url) => {
      const other = new URL(url);
      other.pathname = '/';
      expect(await ask(other.href)).toMatchObject({ status: 404, text: 'The metrics are at /metrics.\n' });
      expect(await ask(`${url}?x=1`)).toMatchObject({ status: 200 });
      expect(await ask(url, {}, 'HEAD')).toMatchObject({ status: 200, text: '' });
      expect(await ask(url, {}, 'POST')).toMatchObject({ status: 405 });
      expect(await ask(url, { host: 'evil.example' })).toMatchObject({ status: 403 });
      expect(await ask(url, { host: 'evil.example:9927' })).toMatchObject({ status: 403 });
      expect(await ask(url, { host: 'localhost:1' })).toMatchObject({ status: 200 });
    });
  });

  test('reports a port that is taken', async () => {
    const server = createServer();
    const port = await new Promise<number>((done) =>
      server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)),
    );
    const result = await lunatic(['run', '--prometheus', '--prometheus-http', `${port}`, program]);
    server.close();
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toMatch(
      new RegExp(
        `The metrics cannot be served on 127\\.0\\.0\\.1:${port}: .*choose another with --prometheus-http`,
      ),
    );
  });

  test.each([
    [['--prometheus-http', '0'], /needs '--prometheus'/],
    [['--prometheus', '--prometheus-http', 'a b'], /HOST:PORT/],
    [['--prometheus', '--prometheus-http', '127.0.0.1:70000'], /HOST:PORT/],
  ])('%j is a wrong command line', async (args, message) => {
    const { exitCode, stderr } = await lunatic(['run', ...args, program]);
    expect([exitCode, message.test(stderr)]).toEqual([2, true]);
  });

  test('without the option nothing is served or printed', async () => {
    const { exitCode, stdout, stderr } = await lunatic(['run', program], { input: '' });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'ready\n', stderr: '' });
  });
});
