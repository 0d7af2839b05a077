import { Code, type DraftBodyWriter } from './draft-body-writer.ts';
import { DRAFT_AT, DRAFT_CAPACITY, DraftState } from './draft-layout.ts';
import { Op } from './opcodes.ts';

/**
 * Writes a body: declarations of locals, and the code up to its `end`.
 * @param host index of the import to call where the draft will not do
 */
type WriteBody = (body: DraftBodyWriter, host: number) => void;

/**
 * The functions that are called in place of host functions of `lunatic::message`, by the host function's name, if it is
 * imported with this type. Each does in the draft what the host function would do. If that cannot be done there without
 * a trap, it calls the host function.
 */
export const DRAFT_BODIES: ReadonlyMap<string, { readonly type: string; readonly write: WriteBody }> =
  new Map([
    ['create_data', { type: 'i64,i64 -> ', write: writeCreate }],
    ['write_data', { type: 'i32,i32 -> i32', write: writeWrite }],
    ['read_data', { type: 'i32,i32 -> i32', write: writeRead }],
    ['seek_data', { type: 'i64 -> ', write: writeSeek }],
    ['get_tag', { type: ' -> i64', write: writeTag }],
    ['data_size', { type: ' -> i64', write: writeSize }],
    ['send', { type: 'i64 -> i32', write: writeSend }],
  ]);

function writeCreate(body: DraftBodyWriter, host: number): void {
  body.locals(0);
  // The state is open or empty, so the only message to be given up is a draft.
  body.load(Code.i32Load, DRAFT_AT.state);
  body.number(DraftState.Open & DraftState.Empty);
  body.do(Code.i32And);
  body.when(() => {
    body.store(Code.i64Store, DRAFT_AT.length, () => body.long(0));
    body.store(Code.i64Store, DRAFT_AT.tag, () => body.get(0));
    body.store(Code.i32Store, DRAFT_AT.state, () => body.number(DraftState.Open));
  });
  body.host(host, 2);
}

function writeWrite(body: DraftBodyWriter, host: number): void {
  const [pointer, size, length] = [0, 1, 2];
  body.locals(1);
  body.isOpen();
  body.get(size);
  body.number(DRAFT_CAPACITY);
  body.load(Code.i32Load, DRAFT_AT.length);
  body.tee(length);
  body.do(Op.i32Sub, Code.i32LeU, Code.i32And);
  body.isInMemory(pointer, size);
  body.do(Code.i32And);
  body.when(() => {
    const from = { memory: body.guest, local: pointer, offset: 0 };
    body.copy(from, { memory: body.draft, local: length, offset: DRAFT_AT.bytes }, size);
    body.store(Code.i32Store, DRAFT_AT.length, () => {
      body.get(length);
      body.get(size);
      body.do(Op.i32Add);
    });
    body.get(size);
  });
  body.host(host, 2);
}

function writeRead(body: DraftBodyWriter, host: number): void {
  const [pointer, size, position, count] = [0, 1, 2, 3];
  body.locals(2);
  body.isOpen();
  body.isInMemory(pointer, size);
  body.do(Code.i32And);
  body.when(() => {
    // The smaller of what is wanted and what is left.
    body.get(size);
    body.load(Code.i32Load, DRAFT_AT.length);
    body.load(Code.i32Load, DRAFT_AT.position);
    body.tee(position);
    body.do(Op.i32Sub);
    body.tee(count);
    body.get(size);
    body.get(count);
    body.do(Op.i32LtU, Op.select);
    body.set(count);
    const from = { memory: body.draft, local: position, offset: DRAFT_AT.bytes };
    body.copy(from, { memory: body.guest, local: pointer, offset: 0 }, count);
    body.store(Code.i32Store, DRAFT_AT.position, () => {
      body.get(position);
      body.get(count);
      body.do(Op.i32Add);
    });
    body.get(count);
  });
  body.host(host, 2);
}

function writeSeek(body: DraftBodyWriter, host: number): void {
  body.locals(0);
  body.isOpen();
  body.get(0);
  body.load(Code.i32Load, DRAFT_AT.length);
  body.do(Code.i64ExtendI32U, Code.i64LeU, Code.i32And);
  body.when(() =>
    body.store(Code.i32Store, DRAFT_AT.position, () => {
      body.get(0);
      body.do(Code.i32WrapI64);
    }),
  );
  body.host(host, 1);
}

function writeTag(body: DraftBodyWriter, host: number): void {
  body.locals(0);
  body.isOpen();
  body.when(() => body.load(Code.i64Load, DRAFT_AT.tag));
  body.host(host, 0);
}

function writeSize(body: DraftBodyWriter, host: number): void {
  body.locals(0);
  body.isOpen();
  body.when(() => {
    body.load(Code.i32Load, DRAFT_AT.length);
    body.do(Code.i64ExtendI32U);
  });
  body.host(host, 0);
}

function writeSend(body: DraftBodyWriter, host: number): void {
  body.locals(0);
  body.isOpen();
  body.when(() => {
    body.store(Code.i64Store, DRAFT_AT.receiver, () => body.get(0));
    body.store(Code.i32Store, DRAFT_AT.state, () => body.number(DraftState.Sent));
    body.number(0);
  });
  body.host(host, 1);
}
