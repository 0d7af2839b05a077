import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  everyInstruction,
  frameLayout,
  type Pass,
  ProbeMap,
  type ProbeSites,
  probePass,
  readModule,
  statementStarts,
} from '../../../runtime/wasm/index.ts';
import { disassembleFunction, TextPlaces } from '../../../runtime/wat/index.ts';
import { probeEverywhere } from './combinations.ts';
import { modernWat, preemptive, type Running, type RunOptions, start, type Wasm, wat } from './support.ts';

/** Keeps frames, and has no sites. */
function probeNowhere(bytes: Wasm): Pass {
  return probePass(ProbeMap.of(readModule(bytes), { offsets: Uint32Array.of() }));
}

/** Where a process was probed, and what its frame had there: a line for each site. */
interface Probed {
  readonly running: Running;
  readonly lines: string[];
}

/** Runs a text that probes at each instruction; a line tells the instruction, and the locals that are not 0. */
async function probed(source: string, options: RunOptions = {}): Promise<Probed> {
  const bytes = await wat(source);
  const module = readModule(bytes);
  const places = new TextPlaces(module, source);
  const lines: string[] = [];
  const running = start(bytes, [...preemptive, probeEverywhere], {
    ...options,
    onProbe: (frame, frames) => {
      const offset = frames.getUint32(frame, true);
      const place = places.at(offset);
      const { locals } = frameLayout(module, definedAt(module.code.bodyEnd, offset));
      const values = locals.map(({ type, at }) => `${read(frames, type, frame + at)}`);
      lines.push([source.slice(place?.start, place?.end), ...values].join(' '));
      options.onProbe?.(frame, frames);
    },
  });
  return { running, lines };
}

function definedAt(bodyEnd: Int32Array, offset: number): number {
  return bodyEnd.findIndex((end) => offset < end);
}

function read(frames: DataView, type: string, at: number): number | bigint {
  switch (type) {
    case 'i32':
      return frames.getInt32(at, true);
    case 'i64':
    case 'v128':
      return frames.getBigInt64(at, true);
    case 'f32':
      return frames.getFloat32(at, true);
    default:
      return frames.getFloat64(at, true);
  }
}

const SUM = `(module
  (func (export "sum") (param $n i32) (result i32) (local $s i32)
    loop $again
      local.get $s local.get $n i32.add local.set $s
      local.get $n i32.const 1 i32.sub local.tee $n
      br_if $again
    end
    local.get $s))`;

describe('a probed function', () => {
  it('stops before each instruction, with its locals as they are there', async () => {
    const { running, lines } = await probed(SUM);
    expect(running.call('sum', 2)).toEqual({ result: 3 });
    expect(lines).toEqual([
      'loop $again 2 0',
      ...['local.get $s 2 0', 'local.get $n 2 0', 'i32.add 2 0', 'local.set $s 2 0'],
      ...['local.get $n 2 2', 'i32.const 1 2 2', 'i32.sub 2 2', 'local.tee $n 2 2', 'br_if $again 1 2'],
      ...['local.get $s 1 2', 'local.get $n 1 2', 'i32.add 1 2', 'local.set $s 1 2'],
      ...['local.get $n 1 3', 'i32.const 1 1 3', 'i32.sub 1 3', 'local.tee $n 1 3', 'br_if $again 0 3'],
      ...['end 0 3', 'local.get $s 0 3', ') 0 3'],
    ]);
  });

  it('goes on with the locals that its frame has after that', async () => {
    let count = 0;
    const { running } = await probed(SUM, {
      // The first two numbers to add are 1000, 2.
      onProbe: (frame, frames) => {
        if (count++ === 2) frames.setInt32(frame + 8, 1000, true);
        if (count === 5) frames.setInt32(frame + 8, 2, true);
      },
    });
    expect(running.call('sum', 2)).toEqual({ result: 1000 + 1 });
  });

  it('keeps every kind of number and vectors, and leaves references alone', async () => {
    const { running, lines } = await probed(`(module
      (func (export "f") (param i64 f32 externref) (result i64) (local $d f64) (local $v v128) (local funcref i32)
        (local.set $d (f64.const -0.5))
        (local.set $v (v128.const i64x2 -9 7))
        (i64.add (local.get 0) (i64x2.extract_lane 1 (local.get $v)))))`);
    expect(running.call('f', -(2n ** 62n), 1.5, {})).toEqual({ result: 7n - 2n ** 62n });
    expect(lines.at(-1)).toBe(`) ${-(2n ** 62n)} 1.5 -0.5 -9 0`);
  });

  it('runs by while it is not armed, and stops from where a call in its loop has armed it', async () => {
    const bytes = await wat(
      SUM.replace('(module', '(module (import "env" "turn" (func $turn))').replace(
        'loop $again',
        'loop $again call $turn',
      ),
    );
    let turns = 0;
    let probes = 0;
    const running = start(bytes, [...preemptive, probeEverywhere], {
      unarmed: true,
      quietImports: true,
      onProbe: () => probes++,
      onImport: (_, exports) => {
        const step = exports['lunatic:step'];
        if (++turns === 10 && step instanceof WebAssembly.Global) step.value = 1;
      },
    });
    expect(running.call('sum', 9)).toEqual({ result: 45 });
    expect(probes).toBe(0);
    expect(running.call('sum', 2)).toEqual({ result: 3 });
    // All of the two turns but the first loop and call, and what follows them.
    expect(probes).toBe(9 + 10 + 3);
  });
});

describe('frames', () => {
  /** The calls that a process is in, outermost first, read from its memory of frames. */
  function calls(frames: DataView, bytes: Wasm, end: number): string[] {
    const module = readModule(bytes);
    const map = ProbeMap.of(module, { offsets: Uint32Array.of() });
    return map.read(frames, 0, end).map(({ site, defined, at, layout }) => {
      const { offsets, text } = disassembleFunction(module, module.importedFunctions + defined);
      const values = layout.locals.map(
        (local) => `${local.index}=${read(frames, local.type, at + local.at)}`,
      );
      return [text.split('\n')[offsets.indexOf(site)]?.trim(), ...values].join(' ');
    });
  }

  /** Starts a module, and keeps the calls that it is in whenever it calls an import. */
  function seeing(bytes: Wasm): { running: Running; seen: string[][] } {
    const seen: string[][] = [];
    const running = start(bytes, [probeNowhere(bytes)], {
      quietImports: true,
      onImport: (kernel, exports) => {
        const frame = exports['lunatic:frame'];
        const { frames } = kernel;
        if (frame instanceof WebAssembly.Global && frames instanceof WebAssembly.Memory)
          seen.push(calls(new DataView(frames.buffer), bytes, Number(frame.value)));
      },
    });
    return { running, seen };
  }

  const NESTED = `(module
    (import "env" "seen" (func $seen))
    (func $inner (param i32) (call $seen) (drop (i32.div_u (i32.const 1) (local.get 0))))
    (func $middle (param i32 i64) (call $inner (i32.add (local.get 0) (i32.const 1))))
    (func (export "outer") (param i32)
      (call $inner (i32.const 5))
      (call $middle (local.get 0) (i64.const 7))))`;

  it('tell the calls that a process is in, with their locals', async () => {
    const bytes = await wat(NESTED);
    const { running, seen } = seeing(bytes);
    expect(running.call('outer', 3)).toEqual({ result: undefined });
    expect(seen).toEqual([
      ['call $inner (;1;) 0=3', 'call $seen (;0;) 0=5'],
      ['call $middle (;2;) 0=3', 'call $inner (;1;) 0=3 1=7', 'call $seen (;0;) 0=4'],
    ]);
  });

  it('are those of the calls that are left when an exception is caught', async () => {
    const bytes = modernWat(`(module
      (import "env" "seen" (func $seen))
      (tag $oops)
      (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (throw $oops))))
      (func (export "outer") (param i32)
        (block $caught (try_table (catch_all $caught) (call $deep (local.get 0))))
        (call $seen)))`);
    const { running, seen } = seeing(bytes);
    running.call('outer', 9);
    expect(seen).toEqual([[expect.stringMatching(/^call .* 0=9$/)]]);
  });

  it('of calls that nest too deeply are written over each other, and never over those of others', async () => {
    const bytes = await wat(`(module
      (func $down (export "down") (param i64 i64 i64) (result i64)
        (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0))
          (else (i64.add (i64.const 1)
            (call $down (i64.sub (local.get 0) (i64.const 1)) (local.get 1) (local.get 2)))))))`);
    let last = 0;
    const running = start(bytes, [probeEverywhere], {
      onProbe: (frame) => {
        last = Math.max(last, frame);
      },
    });
    expect(running.call('down', 5000n, -1n, -1n)).toEqual({ result: 5000n });
    expect(last).toBe(0xf000);
  });

  it('keep only the locals that are wanted', async () => {
    const bytes = await wat(NESTED);
    const sites: ProbeSites = {
      offsets: Uint32Array.of(),
      localsOf: (defined: number) => (defined === 1 ? [1] : []),
    };
    expect(frameLayout(readModule(bytes), 1, sites.localsOf?.(1))).toEqual({
      locals: [{ index: 1, type: 'i64', at: 8 }],
      size: 16,
    });
    expect(
      start(bytes, [probePass(ProbeMap.of(readModule(bytes), sites))], { quietImports: true }).call(
        'outer',
        3,
      ),
    ).toEqual({
      result: undefined,
    });
  });
});

it('statements begin where something has changed, at calls, and where code goes on somewhere else', async () => {
  const source = `(module (memory 1) (func $g (result i32) (i32.const 1))
    (func (param $n i32) (local $s i32)
      loop $again
        local.get $s local.get $n i32.load i32.add local.tee $s i32.const 2 i32.mul drop
        local.get $n call $g i32.add local.tee $n
        br_if $again
      end
      i32.const 0 local.get $s i32.store
      nop))`;
  const module = readModule(await wat(source));
  const places = new TextPlaces(module, source);
  const texts = [...statementStarts(module)].map((offset) => {
    const place = places.at(offset);
    return source.slice(place?.start, place?.end);
  });
  expect(texts).toEqual([
    ...['i32.const 1', 'loop $again', 'local.get $s', 'i32.const 2', 'local.get $n', 'call $g', 'i32.add'],
    ...['br_if $again', 'end', 'i32.const 0', 'nop', ')'],
  ]);
});

it('offsets between instructions, and outside of the code, are no sites', async () => {
  const bytes = await wat('(module (func (export "f") (result i32) (i32.const 1000)))');
  const module = readModule(bytes);
  const end = module.code.bodyEnd[0] ?? 0;
  const offsets = Uint32Array.from({ length: bytes.length }, (_, i) => i);
  const probed: number[] = [];
  const running = start(bytes, [probePass(ProbeMap.of(module, { offsets }))], {
    onProbe: (frame, frames) => probed.push(frames.getUint32(frame, true)),
  });
  expect(running.call('f')).toEqual({ result: 1000 });
  expect(probed).toEqual([end - 4, end - 1]);
});

/** A statement of a random program; the locals 0 to 3 are its variables, those from 4 on count turns of loops. */
const statement = fc.letrec<{ all: string; one: string }>((tie) => ({
  all: fc.array(tie('one'), { minLength: 1, maxLength: 4 }).map((list) => list.join(' ')),
  one: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant('(call $seen (local.get 0) (local.get 1) (local.get 2) (local.get 3))'),
    fc
      .tuple(fc.nat(3), fc.nat(3))
      .map(([to, from]) => `(local.set ${to} (i32.add (local.get ${from}) (i32.const 1)))`),
    fc
      .tuple(fc.nat(3), tie('all'), tie('all'))
      .map(([on, then, other]) => `(if ${odd(on)} (then ${then}) (else ${other}))`),
    fc
      .tuple(fc.nat(3), tie('all'), tie('all'))
      .map(([on, before, after]) => `(block $out ${before} (br_if $out ${odd(on)}) ${after})`),
    fc.tuple(fc.integer({ min: 4, max: 6 }), tie('all')).map(
      ([count, body]) =>
        `(local.set ${count} (i32.const 2)) (loop $again ${body}
            (br_if $again (i32.gt_s (local.tee ${count} (i32.sub (local.get ${count}) (i32.const 1))) (i32.const 0))))`,
    ),
    fc
      .tuple(fc.nat(3), tie('all'), tie('all'))
      .map(
        ([on, before, after]) =>
          `(block $caught (try_table (catch_all $caught) ${before} (if ${odd(on)} (then (throw $oops))) ${after}))`,
      ),
  ),
})).all;

function odd(local: number): string {
  return `(i32.and (local.get ${local}) (i32.const 1))`;
}

/** A program with a statement for its body. The counters of loops inside of each other may be the same, so there is a limit. */
function programOf(body: string): Wasm {
  return modernWat(`(module (import "env" "seen" (func $seen (param i32 i32 i32 i32))) (tag $oops)
    (func $limited (param i32 i32 i32 i32)
      (global.set $left (i32.sub (global.get $left) (i32.const 1)))
      (if (i32.eqz (global.get $left)) (then unreachable))
      (call $seen (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (global $left (mut i32) (i32.const 200))
    (func (export "f") (param i32 i32 i32 i32) (local i32 i32 i32)
      ${body.replaceAll('$seen', '$limited')}
      (call $limited (local.get 0) (local.get 1) (local.get 2) (local.get 3))))`);
}

it('a frame has the locals as they are at each call, whatever way led there', () => {
  fc.assert(
    fc.property(
      statement,
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
      (body, args) => {
        const bytes = programOf(body);
        const map = ProbeMap.of(readModule(bytes), { offsets: Uint32Array.of() });
        const wrong: unknown[] = [];
        start(bytes, [...preemptive, probePass(map)], {
          quietImports: true,
          onImport: (kernel, exports, given) => {
            const end = exports['lunatic:frame'];
            const { frames } = kernel;
            if (!(end instanceof WebAssembly.Global && frames instanceof WebAssembly.Memory)) return;
            const view = new DataView(frames.buffer);
            const [outer] = map.read(view, 0, Number(end.value));
            const found = outer?.layout.locals
              .slice(0, 4)
              .map(({ at }) => view.getInt32(outer.at + at, true));
            if (`${found}` !== `${given}`) wrong.push([found, given]);
          },
        }).call('f', ...args);
        expect(wrong).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

describe('a function with many sites and locals, whose sites hand over only what they must', () => {
  /** What a program does and has at each site, with so many locals handed over. */
  function run(
    bytes: Wasm,
    args: number[],
    mostHanded: number,
    change?: (frame: number, frames: DataView) => void,
  ): unknown[] {
    const module = readModule(bytes);
    const map = ProbeMap.of(module, { offsets: everyInstruction(module) });
    const happened: unknown[] = [];
    const result = start(bytes, [...preemptive, probePass(map, mostHanded)], {
      quietImports: true,
      onImport: (_kernel, _exports, given) => happened.push(`${given}`),
      onProbe: (frame, frames) => {
        const at = map.frameAt(frames, frame);
        if (at === undefined) throw new Error('no frame');
        if (change === undefined)
          happened.push([
            at.site,
            ...at.layout.locals.map((local) => frames.getInt32(frame + local.at, true)),
          ]);
        else if (at.layout.locals.length === 7) change(frame, frames);
      },
    }).call('f', ...args);
    return [...happened, result];
  }

  const four = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });

  it('has the same locals at each', () => {
    fc.assert(
      fc.property(statement, four, (body, args) => {
        const bytes = programOf(body);
        expect(run(bytes, args, 0)).toEqual(run(bytes, args, Number.POSITIVE_INFINITY));
      }),
      { numRuns: 100 },
    );
  });

  it('goes on in the same way with locals that were changed there', () => {
    fc.assert(
      fc.property(
        statement,
        four,
        fc.array(fc.nat(40), { minLength: 1, maxLength: 9 }),
        (body, args, gaps) => {
          const bytes = programOf(body);
          const changed = (mostHanded: number): unknown[] => {
            let next = 0;
            let left = gaps[0] ?? 0;
            return run(bytes, args, mostHanded, (frame, frames) => {
              if (left-- > 0) return;
              left = gaps[++next % gaps.length] ?? 0;
              frames.setInt32(frame + 8 + 8 * (next % 4), next, true);
            });
          };
          expect(changed(0)).toEqual(changed(Number.POSITIVE_INFINITY));
        },
      ),
      { numRuns: 200 },
    );
  });
});

it('a local that is set in a loop keeps its value where the loop is left for, which is not behind it', async () => {
  const bytes = await wat(`(module (func (export "f") (param $n i32) (result i32) (local $x i32)
    (block $out
      (loop $again
        (br_if $out (i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (br $again))
      unreachable)
    (local.get $x)))`);
  const module = readModule(bytes);
  const map = ProbeMap.of(module, { offsets: everyInstruction(module) });
  /** What it returns when `$x` becomes 7 at a site. */
  const setAt = (site: number): unknown => {
    let count = 0;
    const onProbe = (frame: number, frames: DataView): void => {
      if (count++ === site) frames.setInt32(frame + 16, 7, true);
    };
    return start(bytes, [probePass(map, 0)], { onProbe }).call('f', 3);
  };
  for (let site = 0; site < 20; site++) expect(setAt(site)).toEqual({ result: 7 });
});

it.each([
  ['some of its locals', 20_000, (kept: number) => kept > 10 && kept < 64],
  ['no locals and no sites', 400_000, (kept: number) => kept === 0],
])('a very large function keeps %s, so that it does not become too large', async (_, count, isRight) => {
  const bytes = await wat(`(module (func (export "f") (param i32) (result i32) (local ${'i32 '.repeat(70)})
    ${'(local.set 5 (i32.const 1))'.repeat(count)} (local.get 5)))`);
  const module = readModule(bytes);
  const map = ProbeMap.of(module, { offsets: statementStarts(module) });
  expect(map.layouts[0]?.locals.length).toSatisfy(isRight);
  expect(start(bytes, [...preemptive, probePass(map)]).call('f', 1)).toEqual({ result: 1 });
});

it('any locals survive a site', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('i32', 'i64', 'f32', 'f64'), { maxLength: 80 }), (types) => {
      const bytes = modernWat(`(module (func (export "f") ${types.map((type) => `(param ${type})`).join(' ')}
        ${types.map((type) => `(result ${type})`).join(' ')} (nop) ${types.map((_, i) => `(local.get ${i})`).join(' ')}))`);
      const values = types.map((type, i) => (type === 'i64' ? BigInt(i) - 3n : i - 3.5));
      const args = types.map((type, i) => (type === 'i32' ? i - 3 : values[i]));
      const plain = start(bytes).call('f', ...args);
      expect(start(bytes, [probeEverywhere]).call('f', ...args)).toEqual(plain);
    }),
    { numRuns: 20 },
  );
});
