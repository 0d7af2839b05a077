/** What is measured, in the order of the table. `npm run bench -- --list` tells about each row. */
import { activation } from './activation.ts';
import { bench } from './bench.ts';
import { cluster } from './cluster.ts';
import { coverage } from './coverage.ts';
import { crowd } from './crowd.ts';
import { debuggedMessages, falseCondition, stepAmongMany } from './debug-session.ts';
import { breakpointElsewhere, debugging } from './debugging.ts';
import { files } from './files.ts';
import { firstStop } from './first-stop.ts';
import { flood } from './flood.ts';
import { hub } from './hub.ts';
import { inspection } from './inspection.ts';
import { kernels } from './kernels.ts';
import { languageServer } from './language-server.ts';
import { memory } from './memory.ts';
import { network } from './network.ts';
import { networkRust } from './network-rust.ts';
import { processes } from './processes.ts';
import { programs } from './programs.ts';
import { rewriting } from './rewriting.ts';
import { schedulers } from './schedulers.ts';
import { sqlite } from './sqlite.ts';
import { debugStartup, loadedMemory, olderStartup, secondStartup, startup } from './startup.ts';
import { symbols } from './symbols.ts';
import { testMode } from './test-mode.ts';
import { textSuite } from './text-suite.ts';

const benchmarks = [
  ...processes,
  ...crowd,
  ...flood,
  kernels,
  coverage,
  debugging,
  breakpointElsewhere,
  falseCondition,
  debuggedMessages,
  stepAmongMany,
  firstStop,
  activation,
  ...programs,
  ...memory,
  rewriting,
  symbols,
  sqlite,
  files,
  startup,
  olderStartup,
  debugStartup,
  secondStartup,
  loadedMemory,
  testMode,
  languageServer,
  textSuite,
  inspection,
  ...network,
  ...networkRust,
  ...schedulers,
  ...cluster,
  hub,
];
process.exit(await bench(benchmarks, process.argv.slice(2)));
