/** The script of the thread that makes modules; see `MakerThread`. */
import { parentPort } from 'node:worker_threads';
import { limitWorkMemory, readModule, WasmFormatError, WorkMemoryError } from '../wasm/index.ts';
import { compile, distrustFlags, problemOf } from './compile.ts';
import { checkBounds, checkFunctions } from './module-bounds.ts';
import { ModuleError, ModuleLimitError } from './module-error.ts';
import { featureExcesses } from './module-excesses.ts';
import type { MadeModule, ModuleAnswer, ModuleJob } from './module-job.ts';
import { type ModuleOutline, portableOutlineOf } from './module-outline.ts';
import { type ModuleVariant, rewriteVariant } from './module-variant.ts';

/** Bytes that reading and rewriting a module may take, and what each of its bytes adds: honest code takes a tenth of it. */
const WORK_MEMORY = 2 ** 24;
const WORK_MEMORY_PER_BYTE = 4;

/** What is the module's fault, one that takes more memory than there is among them. */
const REFUSALS = [ModuleError, WasmFormatError, WorkMemoryError, RangeError];

// The thread before this one may have been ended.
distrustFlags();

parentPort?.on('message', (job: ModuleJob) => {
  const answer = answerTo(job);
  const lists = 'made' in answer ? (answer.made.variant?.offsetLists ?? []) : [];
  parentPort?.postMessage(
    answer,
    lists.map(({ buffer }) => buffer),
  );
});

function answerTo(job: ModuleJob): ModuleAnswer {
  limitWorkMemory(WORK_MEMORY + WORK_MEMORY_PER_BYTE * job.bytes.length);
  try {
    return { made: make(job) };
  } catch (error) {
    const isFault = REFUSALS.some((refusal) => error instanceof refusal);
    if (isFault && error instanceof Error) return { wrong: error.message };
    throw error;
  }
}

/** Does what `LoadedModule` does with a module that is made where it is needed, in the same order. */
function make(job: ModuleJob): MadeModule {
  const problem = job.isKnown ? null : problemOf(job.bytes);
  const source = readModule(job.bytes);
  if (problem !== null) throw problem;
  let outline: ModuleOutline | null = null;
  if (!job.isKnown) {
    checkBounds(source);
    checkFunctions(source, true);
    outline = portableOutlineOf(source, job.limits);
    const features = featureExcesses(source, job.limits);
    if (features.length > 0) throw new ModuleLimitError([...features, ...outline.excesses]);
    if (outline.excesses.length > 0) return { outline, variant: null };
  }
  return { outline, variant: variantOf(source, job) };
}

function variantOf(source: ReturnType<typeof readModule>, job: ModuleJob): ModuleVariant {
  const rewritten = rewriteVariant(source, job, undefined, Number.POSITIVE_INFINITY);
  const { bytes, offsets, functions, memories, state, startExport, isSlow = false } = rewritten;
  source.code.discard();
  return {
    module: compile(bytes, { isChecked: false, ahead: job.ahead, isSlow }),
    size: bytes.length,
    ...(job.isKept ? { bytes: new Uint8Array(bytes) } : {}),
    offsetLists: offsets.lists(),
    functions,
    memories,
    ...(state === undefined ? {} : { state }),
    ...(startExport === undefined ? {} : { startExport }),
  };
}
