/**
 * Runs cases of a fuzzer, one after the other, until it is time. Cases are isolated from whoever asked for them: one of them may
 * block this OS process for ever, or end it.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Finding } from './finding.ts';
import type { Place } from './fuzzer.ts';
import { fuzzerOf } from './fuzzers.ts';
import { Random } from './random.ts';
import type { Report, Task } from './report.ts';

const task: Task = JSON.parse(process.argv[2] ?? '');
const fuzzer = fuzzerOf(task.fuzzer);
process.chdir(task.folder);

/** At once, as a stream would not write: the case that follows may never give way. */
function tell(report: Report): void {
  writeSync(1, `${JSON.stringify(report)}\n`);
}

const trace = task.traces ? (text: string) => void writeSync(2, `${text}\n`) : null;
const place: Place = {
  folder: task.folder,
  gap: task.gap,
  trace,
  keep(module) {
    if (trace === null) return;
    const file = join(tmpdir(), `lunatic-${task.fuzzer}-${task.seed}-${task.first}.wasm`);
    writeFileSync(file, module);
    trace(`the module of ${module.length} bytes is in ${file}`);
  },
};
await fuzzer.prepare?.(place);
const end = task.first + task.most;
for (let number = task.first; number < end && Date.now() < task.until; number++) {
  tell({ kind: 'begun', number });
  try {
    const figures = await fuzzer.run(new Random(task.seed, number), place);
    tell({ kind: 'passed', number, figures });
  } catch (error) {
    const text =
      error instanceof Finding ? error.message : String(error instanceof Error ? error.stack : error);
    tell({ kind: 'found', number, text });
  }
}
tell({ kind: 'ended' });
process.exit(0);
