// Runs a guest inside this program: sends it orders, receives its answers, and starts it again when it fails.
import { readFile } from 'node:fs/promises';
import { Lunatic } from 'lunatic';

const ORDERS = [3n, 7n, 0n, 1000n];

await using lunatic = new Lunatic();
const module = await lunatic.load(await readFile(new URL('worker.wat', import.meta.url), 'utf8'));

// A process of this program. Workers send their answers to its id.
await using mailbox = await lunatic.mailbox();

/** Spawns a worker. It may use a megabyte of memory, and nothing of this machine. */
async function startWorker() {
  const worker = await lunatic.spawn(module, {
    entry: 'work',
    params: [mailbox.id],
    permissions: { spawn: false },
    limits: { memory: 2 ** 20 },
  });
  mailbox.monitor(worker);
  return worker;
}

let worker = await startWorker();
for (const number of ORDERS) {
  worker.send(BigInt64Array.of(number), { tag: number });
  const message = await mailbox.receive({ signal: AbortSignal.timeout(10_000) });
  if (message.kind === 'data') {
    const [quotient] = new BigInt64Array(message.data.buffer);
    console.log(`1000000 / ${message.tag} = ${quotient}`);
  } else {
    const { message: reason, stack } = await worker.exited;
    console.log(`1000000 / ${number}: the worker failed, ${reason}, in ${stack[0]?.functionName}; starting another one`);
    worker = await startWorker();
  }
}
