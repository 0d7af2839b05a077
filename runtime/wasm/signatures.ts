/**
 * What simple instructions take from the stack and leave there: those of which the types depend on nothing but the memory that
 * they access. Source: WebAssembly core specification, 3.4 "Instructions"; threads proposal.
 */

/** Each letter is a type: `i` is an i32, `l` an i64, `f` an f32, `d` an f64, `v` a v128, and `a` an address in the memory. */
export interface Signature {
  /** The deepest in the stack is the first. */
  readonly operands: string;
  readonly results: string;
}

/** The first opcode, and the signatures in order of opcode: operands, `>`, results, for how many; `-` for gaps. */
const ROWS: readonly (readonly [first: number, signatures: string])[] = [
  // Loads, stores, memory.size and memory.grow, constants
  [0x28, 'a>i a>l a>f a>d a>i*4 a>l*6 ai> al> af> ad> ai>*2 al>*3 >a a>a >i >l >f >d'],
  // Comparisons
  [0x45, 'i>i ii>i*10 l>i ll>i*10 ff>i*6 dd>i*6'],
  // Arithmetic
  [0x67, 'i>i*3 ii>i*15 l>l*3 ll>l*15 f>f*7 ff>f*7 d>d*7 dd>d*7'],
  // Conversions
  [0xa7, 'l>i f>i*2 d>i*2 i>l*2 f>l*2 d>l*2 i>f*2 l>f*2 d>f i>d*2 l>d*2 f>d f>i d>l i>f l>d i>i*2 l>l*3'],
  [0xfc000, 'f>i*2 d>i*2 f>l*2 d>l*2'],

  // Vectors: memory, constants, shuffling, splats, lanes
  [
    0xfd000,
    'a>v*11 av> >v vv>v*2 i>v*3 l>v f>v d>v v>i*2 vi>v v>i*2 vi>v v>i vi>v v>l vl>v v>f vf>v v>d vd>v',
  ],
  // Comparisons, logic, lanes in memory
  [0xfd023, 'vv>v*42 v>v vv>v*4 vvv>v v>i av>v*4 av>*4 a>v*2 v>v*2'],
  // i8x16, and what the specification puts in between
  [0xfd060, 'v>v*3 v>i*2 vv>v*2 v>v*4 vi>v*3 vv>v*6 v>v*2 vv>v*4 v>v vv>v v>v*4'],
  // i16x8
  [0xfd080, 'v>v*2 vv>v v>i*2 vv>v*2 v>v*4 vi>v*3 vv>v*6 v>v vv>v*5 - vv>v*5'],
  // i32x4
  [0xfd0a0, 'v>v*2 - v>i*2 -*2 v>v*4 vi>v*3 vv>v -*2 vv>v -*3 vv>v*6 - vv>v*4'],
  // i64x2
  [0xfd0c0, 'v>v*2 - v>i*2 -*2 v>v*4 vi>v*3 vv>v -*2 vv>v -*3 vv>v*11'],
  // f32x4, f64x2
  [0xfd0e0, 'v>v*2 - v>v vv>v*8 v>v*2 - v>v vv>v*8 v>v*8'],
  // Relaxed
  [0xfd100, 'vv>v v>v*4 vvv>v*8 vv>v*6 vvv>v'],

  // Atomics: waiting, loads, stores, and read-modify-write in seven widths each
  [0xfe000, 'ai>i ail>i all>i >'],
  [0xfe010, 'a>i a>l a>i*2 a>l*3 ai> al> ai>*2 al>*3'],
  ...[0x1e, 0x25, 0x2c, 0x33, 0x3a, 0x41].map(
    (first) => [0xfe000 + first, 'ai>i al>l ai>i*2 al>l*3'] as const,
  ),
  [0xfe048, 'aii>i all>l aii>i*2 all>l*3'],
];

let byOpcode: ReadonlyMap<number, Signature> | undefined;

/** What an instruction takes and leaves; undefined for those of control, variables, tables, references, objects and bulk memory. */
export function signatureOf(opcode: number): Signature | undefined {
  byOpcode ??= new Map(ROWS.flatMap(([first, signatures]) => [...row(first, signatures)]));
  return byOpcode.get(opcode);
}

function* row(first: number, signatures: string): Generator<[opcode: number, signature: Signature]> {
  let opcode = first;
  for (const run of signatures.split(' ')) {
    const [text = '', count = '1'] = run.split('*');
    const [operands = '', results] = text.split('>');
    const signature = results === undefined ? undefined : { operands, results };
    for (let i = 0; i < Number(count); i++, opcode++) if (signature !== undefined) yield [opcode, signature];
  }
}
