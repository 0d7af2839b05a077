/**
 * The parts of the WebAssembly JavaScript API that the runtime uses, with JavaScript Promise Integration.
 * `@types/node` knows the namespace only by name, and the DOM library would bring a browser along.
 * Source: WebAssembly JavaScript Interface (https://webassembly.github.io/spec/js-api/) and the
 * JS Promise Integration proposal.
 */
declare namespace WebAssembly {
  type ImportExportKind = 'function' | 'global' | 'memory' | 'table' | 'tag';
  // biome-ignore lint/complexity/noBannedTypes: the API's own type: any callable
  type ImportValue = Function | Global | Memory | Table | Tag | Suspending | number | bigint | null | object;
  type Imports = Record<string, Record<string, ImportValue>>;
  type Exports = Record<string, unknown>;

  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: ImportExportKind;
  }
  interface ModuleImportDescriptor extends ModuleExportDescriptor {
    readonly module: string;
  }

  class Module {
    constructor(bytes: ArrayBufferView | ArrayBuffer);
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    /** Sizes of a 64-bit memory are bigints, also those that `grow` takes and returns. */
    constructor(
      descriptor:
        | { initial: number; maximum?: number; shared?: boolean }
        | { address: 'i64'; initial: bigint; maximum?: bigint },
    );
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
    grow(pages: bigint): bigint;
  }
  class Table {
    constructor(descriptor: { element: 'anyfunc' | 'externref'; initial: number; maximum?: number });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value?: unknown): void;
    grow(delta: number, value?: unknown): number;
  }
  class Global<T = unknown> {
    constructor(descriptor: { value: string; mutable?: boolean }, value?: T);
    value: T;
  }
  class Tag {
    constructor(descriptor: { parameters: string[] });
  }
  class Exception extends Error {
    is(tag: Tag): boolean;
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  /** An import that may return a promise: the calling wasm stack then waits for it. */
  class Suspending {
    // biome-ignore lint/complexity/noBannedTypes: the API's own type: any callable
    constructor(fn: Function);
  }
  /** An export whose call runs on a stack of its own and returns a promise. */
  function promising<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<R>;
  function validate(bytes: ArrayBufferView | ArrayBuffer): boolean;
  function compile(bytes: ArrayBufferView | ArrayBuffer): Promise<Module>;
}
