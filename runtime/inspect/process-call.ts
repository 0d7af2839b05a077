import { ExpressionError, exact, type Value } from '../expressions/index.ts';
import type { ProcessId } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import { CallContext, NO_MEMORY } from './call-context.ts';
import { entryName, functionInTable } from './entry-name.ts';
import { PresentFacts } from './process-code.ts';
import { displayedNames } from './snapshot.ts';
import { endedName, processName } from './view/index.ts';

/** A call of a process that is there. One object serves all, one after the other. */
export class ProcessCall extends CallContext {
  readonly facts = new PresentFacts(this);
  process: Process | null = null;

  get memory(): DataView {
    const instance = this.process?.instance;
    const exported = instance?.memory;
    if (exported !== undefined) return exported.view;
    const owned = instance?.owned?.memory.buffer;
    return owned === undefined ? NO_MEMORY : new DataView(owned);
  }

  global(index: number): Value {
    const instance = this.process?.instance;
    const name = instance?.compiled.probeGlobals?.own.find((global) => global.index === index)?.name;
    const global = name === undefined ? undefined : instance?.exports[name];
    const value: unknown = global instanceof WebAssembly.Global ? global.value : undefined;
    if (typeof value !== 'number' && typeof value !== 'bigint')
      throw new ExpressionError('the global cannot be read');
    return typeof value === 'bigint' ? exact(value) : value;
  }

  processText(id: number): string {
    const found = this.process?.environment.get(id as ProcessId);
    if (found === undefined) return endedName(id);
    const { environment } = found;
    const names = displayedNames(found);
    return processName({ id, environment: environment.id, names, entry: entryName(found) });
  }

  functionInTable(place: number): string | null {
    return this.process === null ? null : functionInTable(this.process.module, place);
  }
}
