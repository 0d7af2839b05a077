import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as v from 'valibot';

/** What a compiler says of a place in a source. */
export interface Fault {
  readonly file: string;
  /** Lines and columns count from 1. The end is that of the last character. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** The compiler's name of this kind of fault, as `E0425`. */
  readonly code: string | undefined;
  readonly related: readonly Related[];
  /** What was compiled, if cargo says so: unique for each target of each crate. */
  readonly target?: string;
  /** Whether tests were built: it may be in code that only they use. Cargo does not say that. */
  readonly isOfTests?: boolean;
}

/** Another place that has to do with a fault. */
export interface Related {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const Span = v.object({
  file_name: v.string(),
  is_primary: v.boolean(),
  line_start: v.number(),
  line_end: v.number(),
  column_start: v.number(),
  column_end: v.number(),
  label: v.nullable(v.string()),
});

const Note = v.object({ message: v.string(), level: v.string(), spans: v.array(Span) });

/** A message of rustc, also inside of one of cargo. */
const RustMessage = v.object({
  ...Note.entries,
  code: v.nullable(v.object({ code: v.string() })),
  children: v.array(Note),
  rendered: v.nullable(v.string()),
});

/** What cargo compiles: a library, a program, an example, ... of a crate. */
const CargoTarget = v.object({
  package_id: v.string(),
  target: v.object({ name: v.string(), kind: v.array(v.string()) }),
});

const CompilerMessage = v.object({
  ...CargoTarget.entries,
  reason: v.literal('compiler-message'),
  message: RustMessage,
});

const CompilerArtifact = v.object({
  ...CargoTarget.entries,
  reason: v.literal('compiler-artifact'),
  profile: v.object({ test: v.boolean() }),
  filenames: v.array(v.string()),
});

/** What a line of output means. */
export interface Line {
  /** What a person reads of it. Undefined if it is for tools alone. */
  readonly text: string | undefined;
  readonly fault?: Fault;
  /** What cargo has made, or had made before. */
  readonly made?: {
    /** As a fault has it. */
    readonly target: string;
    readonly name: string;
    readonly kinds: readonly string[];
    /** Whether it is for tests: it has the code that only tests use. */
    readonly isTest: boolean;
    readonly files: readonly string[];
  };
}

/**
 * Reads a line that cargo prints for tools.
 * @param base the folder of the workspace: that is where cargo starts the compiler
 */
export function readCargoLine(line: string, base: string): Line {
  const message = jsonOf(line);
  const said = v.safeParse(CompilerMessage, message);
  if (said.success) {
    const { text, fault } = rustLine(said.output.message, base);
    return fault === undefined ? { text } : { text, fault: { ...fault, target: targetOf(said.output) } };
  }
  const made = v.safeParse(CompilerArtifact, message);
  if (!made.success) return { text: message === undefined ? line : undefined };
  const { target, profile, filenames: files } = made.output;
  const { name, kind: kinds } = target;
  return {
    text: undefined,
    made: { target: targetOf(made.output), name, kinds, isTest: profile.test, files },
  };
}

function targetOf({ package_id: crate, target }: v.InferOutput<typeof CargoTarget>): string {
  return `${crate} ${target.kind.join()} ${target.name}`;
}

/** Reads a line that rustc prints for tools. */
export function readRustLine(line: string, cwd: string): Line {
  const said = v.safeParse(RustMessage, jsonOf(line));
  return said.success ? rustLine(said.output, cwd) : { text: line };
}

function jsonOf(line: string): unknown {
  try {
    return line.startsWith('{') ? JSON.parse(line) : undefined;
  } catch {
    return undefined;
  }
}

function rustLine(message: v.InferOutput<typeof RustMessage>, cwd: string): Line {
  const text = message.rendered?.trimEnd();
  const place = message.spans.find((span) => span.is_primary);
  const severity =
    message.level === 'warning' ? 'warning' : message.level.startsWith('error') ? 'error' : undefined;
  if (place === undefined || severity === undefined) return { text };
  const notes = message.children
    .filter(({ spans }) => spans.length === 0)
    .map((note) => `\n${note.level}: ${note.message}`);
  const others = [
    ...message.spans
      .filter((span) => span !== place && span.label !== null)
      .map((span) => relatedOf(span, span.label ?? '', cwd)),
    ...message.children.flatMap(({ message: said, spans }) =>
      spans.map((span) => relatedOf(span, span.label ?? said, cwd)),
    ),
  ];
  const label = place.label === null ? '' : `\n${place.label}`;
  return {
    text,
    fault: {
      file: resolve(cwd, place.file_name),
      line: place.line_start,
      column: place.column_start,
      endLine: place.line_end,
      endColumn: place.column_end,
      severity,
      message: `${message.message}${label}${notes.join('')}`,
      code: message.code?.code,
      related: others,
    },
  };
}

function relatedOf(span: v.InferOutput<typeof Span>, message: string, cwd: string): Related {
  return { file: resolve(cwd, span.file_name), line: span.line_start, column: span.column_start, message };
}

/** `file.c:4:2: error: ...`, as clang and gcc write it. */
const CLANG = /^(.+?):(\d+):(\d+): (?:fatal )?(error|warning): (.*)$/;
/** `ERROR TS2304: ...`, of which the place follows. */
const ASC = /^(ERROR|WARNING) ((?:TS|AS)\d+): (.*)$/;
const ASC_PLACE = /^\s*└─ in (.+)\((\d+),(\d+)\)$/;

/** What a compiler says, without the place. */
type Said = Pick<Fault, 'severity' | 'message' | 'code'>;

/** Reads what compilers print for people, a line after the other. Those of clang, gcc and AssemblyScript are understood. */
export class TextReader {
  readonly #cwd: string;
  /** What AssemblyScript's compiler has said, until it says of which place. */
  #said: Said | undefined;
  /** How many characters its mark below the source line has. */
  #marked = 1;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  read(text: string): Line {
    const line = stripVTControlCharacters(text).trimEnd();
    const clang = CLANG.exec(line);
    if (clang !== null) {
      const [, file = '', row = '', column = '', level, message = ''] = clang;
      const said: Said = { severity: level === 'error' ? 'error' : 'warning', message, code: undefined };
      return { text, fault: this.#fault(said, file, [row, column], 1) };
    }
    const asc = ASC.exec(line);
    if (asc !== null) {
      const [, level, code, message = ''] = asc;
      this.#said = { severity: level === 'ERROR' ? 'error' : 'warning', message, code };
      return { text };
    }
    this.#marked = /│ *(~+)$/.exec(line)?.[1]?.length ?? this.#marked;
    const place = ASC_PLACE.exec(line);
    const said = this.#said;
    if (place === null || said === undefined) return { text };
    const [, file = '', row = '', column = ''] = place;
    this.#said = undefined;
    return { text, fault: this.#fault(said, file, [row, column], this.#marked) };
  }

  /** @param row and the column are 0 where the compiler knows none */
  #fault(said: Said, file: string, [row, column]: readonly [string, string], length: number): Fault {
    const line = Math.max(1, Number(row));
    const start = Math.max(1, Number(column));
    const place = { line, column: start, endLine: line, endColumn: start + length };
    return { ...said, ...place, file: resolve(this.#cwd, file), related: [] };
  }
}
