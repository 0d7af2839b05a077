import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import { InspectRequestError, type TypeId } from '../../runtime/internal.ts';
import type { Arguments } from '../arguments.ts';
import { type DataPlace, dataIdOf } from '../data-breakpoints.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { evaluated } from '../evaluated.ts';
import type { Container, FrameRef } from '../ids.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';
import { readVariables } from '../variables.ts';
import { globalNamed } from '../wasm-variables.ts';

/** Bytes at an address, where it is not said how many. */
const WORD = 4;

/** Tells whether a breakpoint can be on a variable, on what an expression means, or on memory at an address. */
export const dataBreakpointInfo = request({
  parse: (args: Arguments) => ({
    reference: args.optionalInteger('variablesReference'),
    name: args.text('name'),
    frameId: args.optionalInteger('frameId'),
    asAddress: args.optionalBoolean('asAddress') ?? false,
    bytes: args.optionalInteger('bytes'),
  }),
  async handle(
    session,
    { reference, name, frameId, asAddress, bytes },
  ): Promise<DebugProtocol.DataBreakpointInfoResponse['body']> {
    if (!session.debuggee.breakpoints.areSupported)
      return nothing('The program was started without breakpoints');
    const frame = frameId === undefined ? undefined : session.ids.frameOf(frameId);
    const container = reference ? session.ids.containerOf(reference) : undefined;
    let found: DataPlace | string;
    if (asAddress) found = atAddress(session, frame?.process, name, bytes);
    else if (container !== undefined) found = await inContainer(session, container, name);
    else if (frame !== undefined) found = await ofExpression(session, frame, name, name);
    else found = 'Data belongs to a process that has stopped: select one of its calls';
    if (typeof found === 'string') return nothing(found);
    if (bytes !== undefined && !asAddress && found.place.kind === 'memory')
      found = { ...found, type: 'bytes', place: { ...found.place, bytes } };
    const { id } = await session.debuggee.client.request('process/get', { process: found.process });
    return {
      dataId: dataIdOf(found),
      description: `${found.name} of process ${id}`,
      accessTypes: ['write'],
      canPersist: false,
    };
  },
});

function nothing(description: string): DebugProtocol.DataBreakpointInfoResponse['body'] {
  return { dataId: null, description };
}

function atAddress(
  { debuggee }: Session,
  process: ProcessKey | undefined,
  text: string,
  bytes: number | undefined,
): DataPlace | string {
  const [held, other] = debuggee.stops.held.keys();
  const owner = process ?? (other === undefined ? held : undefined);
  if (owner === undefined) return 'An address belongs to a process: select a call of one that has stopped';
  const address = /^\s*(?:0x[\da-f]{1,8}|\d{1,10})\s*$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(address)) return `'${text}' is no address`;
  const size = bytes ?? WORD;
  const type = size === 1 || size === 2 || size === 4 || size === 8 ? `i${8 * size}` : 'bytes';
  const name = `0x${address.toString(16)}`;
  return { process: owner, place: { kind: 'memory', address, bytes: size }, type, name };
}

async function inContainer(
  session: Session,
  container: Container,
  name: string,
): Promise<DataPlace | string> {
  const { kind, process } = container;
  if (kind === 'globals') return await ofGlobal(session, process, name);
  if (kind !== 'variables' && kind !== 'statics' && kind !== 'value')
    return kind === 'locals'
      ? 'The locals of WebAssembly are not in memory, where changes are found'
      : 'Only variables and memory can be watched';
  const index = /^\[(\d{1,9})\]$/.exec(name)?.[1];
  const range =
    index === undefined
      ? { start: 0, count: undefined, filter: undefined }
      : { start: Number(index), count: 1, filter: 'indexed' };
  const variables = await readVariables(session, container, range);
  const variable = variables.find((candidate) => candidate.name === name);
  const expression = variable?.evaluateName;
  if (expression === undefined) return `There is no expression that means ${name}`;
  return await ofExpression(session, container, expression, expression);
}

async function ofGlobal(
  { debuggee }: Session,
  process: ProcessKey,
  name: string,
): Promise<DataPlace | string> {
  const global = await globalNamed(debuggee, process, name);
  if (global === undefined) return `There is no global ${name}`;
  if (!global.mutable) return `${name} is a constant`;
  return { process, place: { kind: 'global', index: global.index }, type: global.type, name };
}

async function ofExpression(
  session: Session,
  call: FrameRef,
  expression: string,
  name: string,
): Promise<DataPlace | string> {
  const { debuggee } = session;
  const { process, depth, inlined } = call;
  const { frames } = await debuggee.stops.stack(process);
  const frame = frames[depth];
  if (frame === undefined) throw new AdapterError(ErrorId.NoFrame, 'The process is not there any more');
  if (
    /^\$\S+$/.test(expression.trim()) &&
    (await globalNamed(debuggee, process, expression.trim())) !== undefined
  )
    return await ofGlobal(session, process, expression.trim());
  try {
    const terms = await debuggee.names.namesFor(expression, frame.module, frame.offset, inlined);
    const { address, bytes, type } = await debuggee.client.request('process/evaluate', {
      process,
      frame: depth,
      expression,
      ...terms,
    });
    if (address === undefined) return `${name} is not in memory, where changes are found`;
    if (bytes === undefined) return `How large ${name} is is not known`;
    const place = { kind: 'memory', address, bytes } as const;
    const found = { process, place, type: type.replaceAll(/\s/g, ''), name };
    const inSource = await sourceTypeOf(session, call, expression);
    if (inSource !== null) debuggee.dataBreakpoints.know(found, inSource);
    return found;
  } catch (error) {
    if (error instanceof InspectRequestError) return error.message;
    throw error;
  }
}

/** The type of what an expression names, as the debug information has it; null if it has none of its own. */
async function sourceTypeOf(session: Session, call: FrameRef, expression: string): Promise<TypeId | null> {
  try {
    const { found } = await evaluated(session, call, expression);
    const isWhole =
      found.kind === 'value' && found.value.bits === undefined && found.value.dimension === undefined;
    return isWhole ? found.value.type : null;
  } catch (error) {
    if (error instanceof AdapterError) return null;
    throw error;
  }
}
