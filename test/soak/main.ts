/**
 * `npm run soak`: runs everything at the same time for a long time, and tells whether what the runtime holds has come back to its
 * level in the end. CONTRIBUTING.md explains how to use it.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run soak -- [--minutes M] [--seed S] [--only N]

  --minutes M  default 10
  --seed S     decides what is done, default: a random one, which is printed
  --only N     does only what was begun as number N`);
  process.exit(0);
}
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-soak-')));
// Also that of the runtime and of its helpers.
process.env['TMPDIR'] = folder;
process.chdir(folder);
const failures = await soak({
  seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed),
  minutes: Number(values.minutes),
  only: values.only === undefined ? null : Number(values.only),
  folder,
});
rmSync(folder, { recursive: true, force: true });
process.exit(failures === 0 ? 0 : 1);
