import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import type { ProcessFilter, ProcessState } from './protocol.ts';

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
    return Buffer.from(this.text(name), 'base64');
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
    if (parent !== undefined && parent !== null && typeof parent !== 'string') {
      throw invalid(`${name}.parent`, 'a process or null');
    }
    if (states !== undefined && !isTexts(states)) throw invalid(`${name}.states`, 'a list of states');
    return {
      ...(text === undefined ? {} : { text }),
      ...(states === undefined ? {} : { states: states as readonly ProcessState[] }),
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

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
