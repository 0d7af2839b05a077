import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TreeSelection } from '../../../extension/processes/tree-selection.ts';

/** A view as VS Code's extension host has it: it is told of selected rows by handles, and knows nodes of them unless it redraws. */
class View {
  readonly #known = new Map([
    ['sorter', 'the sorter'],
    ['writer', 'the writer'],
  ]);
  readonly #selectionListeners = new Set<(event: { selection: string[] }) => void>();
  readonly #drawListeners = new Set<() => void>();
  #isRedrawing = false;
  #handles: string[] = [];

  get selection(): string[] {
    if (this.#isRedrawing) return [];
    return this.#handles.flatMap((handle) => this.#known.get(handle) ?? []);
  }

  readonly onDidChangeSelection = (listener: (event: { selection: string[] }) => void) => {
    this.#selectionListeners.add(listener);
    return { dispose: () => this.#selectionListeners.delete(listener) };
  };

  readonly onDidDraw = (listener: () => void) => {
    this.#drawListeners.add(listener);
    return { dispose: () => this.#drawListeners.delete(listener) };
  };

  select(...handles: string[]): void {
    this.#handles = handles;
    for (const listener of this.#selectionListeners) listener({ selection: this.selection });
  }

  redraw(): void {
    this.#isRedrawing = true;
  }

  drawn(): void {
    this.#isRedrawing = false;
    for (const listener of [...this.#drawListeners]) listener();
  }

  remove(handle: string): void {
    this.#known.delete(handle);
  }

  get listeners(): number {
    return this.#selectionListeners.size + this.#drawListeners.size;
  }
}

let view: View;
let selection: TreeSelection<string>;
beforeEach(() => {
  vi.useFakeTimers();
  view = new View();
  selection = new TreeSelection(view, view.onDidDraw);
});
afterEach(() => {
  vi.useRealTimers();
});

test('is the row that VS Code tells of', async () => {
  expect(await selection.node()).toBeUndefined();
  view.select('sorter');
  expect(await selection.node()).toBe('the sorter');
  view.select('writer');
  expect(await selection.node()).toBe('the writer');
});

test('is still the same while the tree is redrawn', async () => {
  view.select('sorter');
  view.redraw();
  expect(await selection.node()).toBe('the sorter');
});

test('of a row that is selected while the tree is redrawn, waits until it is drawn, and is never the one before', async () => {
  view.select('sorter');
  view.redraw();
  view.select('writer');
  const asked = vi.fn();
  const answered = selection.node().then(asked);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).not.toHaveBeenCalled();
  view.drawn();
  await answered;
  expect(asked).toHaveBeenCalledWith('the writer');
  // Drawn once more, it is still known.
  view.redraw();
  expect(await selection.node()).toBe('the writer');
});

test('waits for the last one of several rows that are selected while the tree is redrawn', async () => {
  view.redraw();
  view.select('sorter');
  const node = selection.node();
  view.select('writer');
  view.drawn();
  expect(await node).toBe('the writer');
});

test('is nothing when the row has gone', async () => {
  view.select('sorter');
  view.redraw();
  view.select('writer');
  const node = selection.node();
  view.remove('writer');
  view.drawn();
  await vi.advanceTimersByTimeAsync(1000);
  expect(await node).toBeUndefined();
  // From then on nobody waits.
  expect(await selection.node()).toBeUndefined();
});

test('leaves nothing behind', async () => {
  view.select();
  const node = selection.node();
  selection.dispose();
  expect(await node).toBeUndefined();
  expect(view.listeners).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
