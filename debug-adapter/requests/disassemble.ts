import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleKey } from '../../runtime/inspect/protocol.ts';
import { readReference } from '../breakpoint-info.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import type { Instruction } from '../instructions.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';

/** Instructions that one request may ask for. */
const MAX_COUNT = 10_000;
/** Clients count with addresses, and compare them: those of a module begin at its number times this. */
const MODULE_SPACE = 2 ** 32;

/** Tells the instructions around one, with the lines of their sources. */
export const disassemble = request({
  parse: (args) => ({
    reference: args.text('memoryReference'),
    offset: args.optionalInteger('offset') ?? 0,
    first: args.optionalInteger('instructionOffset') ?? 0,
    count: Math.min(MAX_COUNT, Math.max(0, args.integer('instructionCount'))),
  }),
  async handle(
    session,
    { reference, offset, first, count },
  ): Promise<DebugProtocol.DisassembleResponse['body']> {
    const place = readReference(reference);
    if (place === null)
      throw new AdapterError(ErrorId.BadArguments, `There is no instruction '${reference}'`);
    const { module } = place;
    const around = place.offset + offset;
    const { debuggee } = session;
    const { missing, instructions } = await debuggee.disassemblies.instructions(module, around, first, count);
    const shown = await describe(session, module, instructions);
    // By the specification, there must be as many as were asked for.
    const base = addressOf(module, instructions[0]?.offset ?? around) - missing;
    const before = Array.from({ length: missing }, (_, i) => nothingAt(base + i));
    const after = addressOf(module, MODULE_SPACE / 2);
    const behind = Array.from({ length: count - missing - shown.length }, (_, i) => nothingAt(after + i));
    return { instructions: [...before, ...shown, ...behind] };
  },
});

async function describe(
  session: Session,
  module: ModuleKey,
  instructions: readonly Instruction[],
): Promise<DebugProtocol.DisassembledInstruction[]> {
  const { calls } = session.debuggee;
  const frames = instructions.map(({ functionIndex, offset }) => ({ module, functionIndex, offset }));
  const found = await calls.of(frames);
  // Of those that the compiler has put into each other: the line is that of the innermost, the name that of the function.
  const innermost = found.filter(({ inlined }) => inlined === 0);
  const outermost = found.filter(({ depth }, i) => found[i + 1]?.depth !== depth);
  return await Promise.all(
    innermost.map(async (call, i): Promise<DebugProtocol.DisassembledInstruction> => {
      const { offset, text, bytes, isFirst } = instructions[i] as Instruction;
      const own = isFirst ? outermost[i] : undefined;
      const source = await calls.sourceOf(call);
      const line = call.symbol?.place?.line;
      return {
        address: hex(addressOf(module, offset)),
        instructionBytes: bytes.replace(/..(?=.)/g, '$& '),
        instruction: text,
        ...(own === undefined ? {} : { symbol: await calls.nameOf(own) }),
        ...(source === null || line === undefined
          ? {}
          : { location: source, line: session.toClientLine(line - 1) }),
      };
    }),
  );
}

function nothingAt(address: number): DebugProtocol.DisassembledInstruction {
  return { address: hex(Math.max(0, address)), instruction: '', presentationHint: 'invalid' };
}

function addressOf(module: ModuleKey, offset: number): number {
  return Number(module.slice(1)) * MODULE_SPACE + offset;
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
