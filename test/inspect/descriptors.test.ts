import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { Inspected, inspectPrograms } from '../support/inspected.ts';
import { networkGuest } from '../support/network.ts';

inspectPrograms();

/** Runs the launcher with so few descriptors that a guest can use them up. */
const FEW = { node: 'sh', nodeArgs: ['-c', 'ulimit -n 700 && exec "$0" "$@"', process.execPath] };

const open = (right: number) =>
  `(call $path_open (i32.const 3) (i32.const 0) (text ".") (i32.const 2) (i64.const ${right}) (i64.const 0)
     (i32.const 0) (i32.const 16))`;
/** Repeats a call until it does not return 0, and shows what it returned instead. */
const until = (name: string, call: string) =>
  `(loop $again (local.set $code ${call}) (br_if $again (i32.eqz (local.get $code))))
   (call $show32 (text "${name}") (local.get $code))`;
const LOOPBACK = '(i32.store (i32.const 32) (i32.const 0x0100007f))';
const bind = (protocol: string) =>
  `(call $networking.${protocol}_bind (i32.const 4) (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16))`;

test.skipIf(process.platform !== 'linux').each([
  ['directories', until('refused', open(0)), 'refused 41\n'],
  [
    'listings',
    until(
      'refused',
      `(i32.or ${open(0x4000)}
        (call $fd_readdir (i32.load (i32.const 16)) (i32.const 0x100) (i32.const 100) (i64.const 0) (i32.const 24)))`,
    ),
    'refused 41\n',
  ],
  [
    'TCP listeners',
    `${LOOPBACK} ${until('refused', bind('tcp'))} (call $print_error (i64.load (i32.const 16)))`,
    'Too many open files (os error 24)\n',
  ],
  [
    'datagram sockets',
    `${LOOPBACK} ${until('refused', bind('udp'))} (call $print_error (i64.load (i32.const 16)))`,
    'Too many open files (os error 24)\n',
  ],
])('a guest that opens all the %s that it can leaves the inspector some', async (_, body, refusal) => {
  const source = guest(`(func (export "_start") (local $code i32) ${body} (drop (call $receive)))`);
  const run = await Inspected.run(source, ['--inspect', '--no-inherit-env'], FEW);
  await run.command.printed(refusal);
  for (let client = 0; client < 4; client++) {
    const { ask } = await run.connect();
    expect((await ask('process/list', {})).total).toBe(1);
  }
});

test.skipIf(process.platform !== 'linux')(
  'peers that connect without end leave the inspector some',
  async () => {
    const source = networkGuest(
      `(func (export "_start") (local $l i64)
       (local.set $l (call $listen))
       (call $show32 (text "port") (call $port_of (local.get $l)))
       (loop $again (drop (call $accept (local.get $l))) (br $again)))`,
    );
    const run = await Inspected.run(source, ['--inspect', '--no-inherit-env'], FEW);
    await run.command.printed('\n');
    const port = Number(run.command.stdout.replace('port ', ''));
    const sockets = Array.from({ length: 800 }, () => connect(port, '127.0.0.1'));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    // The last ones are closed again.
    await new Promise<void>((done) => {
      for (const socket of sockets) socket.on('error', () => {}).on('close', () => done());
    });
    const { ask } = await run.connect();
    expect((await ask('process/list', {})).total).toBe(1);
  },
);
