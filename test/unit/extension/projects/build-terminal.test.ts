/** What VS Code sees of the terminal of a build. */
import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { BuildTerminal } from '../../../../extension/projects/build-terminal.ts';
import { BuildFailure } from '../../../../extension/projects/run-build.ts';

vi.mock('vscode', () => ({
  EventEmitter: class {
    readonly #emitter = new EventEmitter();
    readonly event = (listener: (value: unknown) => void) => this.#emitter.on('event', listener);
    fire(value: unknown): void {
      this.#emitter.emit('event', value);
    }
  },
}));

test('a build that fails at once ends its terminal when VS Code no longer says that it failed to launch', async () => {
  const failing = { run: () => Promise.reject(new BuildFailure('make has ended with code 2')) };
  // The builds of this test need to know no program.
  const terminal = new BuildTerminal({} as never, 'debug', failing as never);
  let written = '';
  terminal.onDidWrite((text) => {
    written += text;
  });
  const closed = vi.fn();
  terminal.onDidClose(closed);
  vi.useFakeTimers();
  void terminal.open();
  await vi.advanceTimersByTimeAsync(500);
  expect(written).toBe('make has ended with code 2\r\n');
  expect(closed).not.toBeCalled();
  await vi.advanceTimersByTimeAsync(1000);
  expect(closed).toBeCalledWith(1);
  vi.useRealTimers();
});
