import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { isProcessKey } from './process-key.ts';
import type { ProcessFilter, ProcessKey, ProcessState } from './protocol.ts';

/** Reads the parameters of a request. Whoever has the token may still send nonsense. */
export class Parameters {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: unknown) {
    this.#values = isRecord(values) ? values : {};
  }

  /** @throws ResponseError where it is missing or no string */
  text(name: string): string {
    const value = this.#values[name];
    if (typeof value === 'string') return value;
    throw invalid(name, 'a string');
  }

  /** @throws ResponseError where it is there and no string */
  optionalText(name: string): string | undefined {
    return this.#values[name] === undefined ? undefined : this.text(name);
  }

  /** A process key. @throws ResponseError where it cannot be one */
  process(name: string): ProcessKey {
    const key = this.text(name);
    if (isProcessKey(key)) return key;
    throw invalid(name, 'a process as in "1:42"');
  }

  optionalProcess(name: string): ProcessKey | undefined {
    return this.#values[name] === undefined ? undefined : this.process(name);
  }

  /** A number from 0. @throws ResponseError */
  count(name: string): number {
    const value = this.#values[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw invalid(name, 'a whole number from 0');
  }

  optionalCount(name: string): number | undefined {
    return this.#values[name] === undefined ? undefined : this.count(name);
  }

  flag(name: string): boolean {
    const value = this.#values[name];
    if (value === undefined || typeof value === 'boolean') return value === true;
    throw invalid(name, 'true or false');
  }

  /** Bytes as base64. */
  bytes(name: string): Uint8Array {
    const text = this.text(name);
    // What is no base64 would be left out.
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64');
    throw invalid(name, 'bytes as base64');
  }

  /** An i64 as decimal digits; 0 where it is missing. */
  tag(name: string): bigint {
    const text = this.optionalText(name) ?? '0';
    if (!/^-?\d{1,20}$/.test(text)) throw invalid(name, 'an integer as decimal digits');
    return BigInt.asIntN(64, BigInt(text));
  }

  /** Milliseconds; null for false or nothing. */
  interval(name: string): number | null {
    const value = this.#values[name];
    if (value === undefined || value === false) return null;
    return this.count(name);
  }

  filter(name: string): ProcessFilter {
    const value = this.#values[name];
    if (value === undefined) return {};
    if (!isRecord(value)) throw invalid(name, 'an object');
    const { text, states, parent } = value;
    if (text !== undefined && typeof text !== 'string') throw invalid(`${name}.text`, 'a string');
    if (parent !== undefined && parent !== null && !isProcessKey(parent)) {
      throw invalid(`${name}.parent`, 'a process or null');
    }
    if (states !== undefined && !isStates(states)) throw invalid(`${name}.states`, 'a list of states');
    return {
      ...(text === undefined ? {} : { text }),
      ...(states === undefined ? {} : { states }),
      ...(parent === undefined ? {} : { parent }),
    };
  }
}

function invalid(name: string, wanted: string): ResponseError<void> {
  return new ResponseError(ErrorCodes.InvalidParams, `"${name}" must be ${wanted}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const STATES: Readonly<Record<ProcessState, true>> = {
  initializing: true,
  ready: true,
  running: true,
  waiting: true,
  paused: true,
  held: true,
};

function isStates(value: unknown): value is ProcessState[] {
  return (
    Array.isArray(value) && value.every((item) => typeof item === 'string' && Object.hasOwn(STATES, item))
  );
}
