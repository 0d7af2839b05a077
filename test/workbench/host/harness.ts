/** The tests of the extension host: registers them, runs them, and tells how they went. */

type Body = () => Promise<void> | void;

const tests: { readonly name: string; readonly body: Body }[] = [];

/** Milliseconds that a test may take. */
const PATIENCE = 60_000;

/** How a test went; of one that failed the error's stack. */
export interface HostResult {
  readonly name: string;
  readonly error?: string;
}

export function test(name: string, body: Body): void {
  tests.push({ name, body });
}

/** Runs all tests, one after the other. */
export async function runTests(): Promise<HostResult[]> {
  const results: HostResult[] = [];
  for (const { name, body } of tests) {
    try {
      await within(PATIENCE, body());
      results.push({ name });
    } catch (error) {
      results.push({ name, error: error instanceof Error ? `${error.stack}` : `${error}` });
    }
  }
  return results;
}

async function within<Value>(milliseconds: number, promise: Promise<Value> | Value): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`it took longer than ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
