import { ExpressionError, exact, type Value } from '../../expressions/index.ts';
import { type FrameLayout, layoutOf } from '../../wasm/index.ts';
import { CallContext, NO_MEMORY } from '../call-context.ts';
import { numberIn } from '../globals.ts';
import type { ProcessFacts } from '../process-code.ts';
import { partsOf } from '../process-key.ts';
import type { GlobalInfo, LocalInfo, PeerInfo } from '../protocol.ts';
import { processName } from '../view/index.ts';
import type { DumpedBytes } from './dumped-bytes.ts';
import type { DumpedState } from './dumped-processes.ts';

/** Bytes of a memory that expressions see: it is read in one piece. */
const MOST_MEMORY = 2 ** 30;

/** A call of a process in a core dump. */
export class DumpedCall extends CallContext {
  readonly layout: FrameLayout;
  readonly #process: DumpedState;
  readonly #view: LastView;
  readonly #nameInTable: (place: number) => string | null;

  /**
   * @param depth place of the call in the stack, the innermost first
   * @param view serves all calls of a core dump
   * @param nameInTable the name of the function at a place of the first table; null if it is not known
   */
  constructor(
    process: DumpedState,
    depth: number,
    view: LastView,
    nameInTable: (place: number) => string | null,
  ) {
    super();
    this.#process = process;
    this.#view = view;
    this.#nameInTable = nameInTable;
    const locals = process.locals[depth]?.locals ?? [];
    this.layout = layoutOf(locals);
    this.begin(frameOf(locals, this.layout), 0);
  }

  get memory(): DataView {
    const [memory] = this.#process.memories;
    return memory === undefined ? NO_MEMORY : this.#view.of(memory);
  }

  get facts(): ProcessFacts {
    const { id, parent, entry, names } = this.#process.info;
    return { id, parent: parent === null ? 0 : partsOf(parent).id, entry, name: names[0] ?? '' };
  }

  global(index: number): Value {
    const found = this.#process.globals.find((global) => global.index === index);
    if (found === undefined) throw new ExpressionError('the global is not in the core dump');
    return numberOf(found);
  }

  processText(id: number): string {
    const { info, peers } = this.#process;
    const known: PeerInfo[] = [info, ...peers.links.map(({ peer }) => peer), ...peers.monitors];
    const found = known.find((peer) => peer.id === id && peer.environment === info.environment);
    return found === undefined ? `#${id}` : processName(found);
  }

  functionInTable(place: number): string | null {
    return this.#nameInTable(place);
  }
}

/** The memory that was looked at last. Only one is kept, as it is a copy. */
export class LastView {
  #memory: DumpedBytes | null = null;
  #view: DataView = NO_MEMORY;

  /** A memory up to the first part that was left out: nobody may take that for zeros. */
  of(memory: DumpedBytes): DataView {
    if (memory !== this.#memory) {
      // The last one is free before the next one is read.
      this.#memory = null;
      this.#view = NO_MEMORY;
      const bytes = memory.read(0, Math.min(memory.known, MOST_MEMORY)) ?? new Uint8Array();
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#memory = memory;
    }
    return this.#view;
  }
}

/** Locals as a frame keeps them. */
function frameOf(locals: readonly LocalInfo[], layout: FrameLayout): DataView {
  const frame = Buffer.alloc(layout.size);
  for (const [i, { data }] of locals.entries()) frame.write(data, layout.locals[i]?.at ?? 0, 'base64');
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
}

function numberOf({ type, data }: GlobalInfo): Value {
  const value = numberIn(type, Buffer.from(data, 'base64'));
  return typeof value === 'bigint' ? exact(value) : value;
}
