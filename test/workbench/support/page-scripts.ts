/** Scripts for the page of a window. */

/** Keeps which elements had the focus last, and which keys VS Code took, and when: where a test fails, that may be why. */
export const FOCUS_LOG = `{
  window.focusLog = [];
  const log = (...words) => {
    focusLog.push([Math.round(performance.now()), ...words].join(' '));
    if (focusLog.length > 100) focusLog.shift();
  };
  for (const type of ['focusin', 'focusout', 'keydown']) {
    addEventListener(type, (event) => {
      const { target, key = '' } = event;
      log(type, key, [target.tagName, ...target.classList].join('.').slice(0, 100));
      if (type === 'keydown') setTimeout(() => event.defaultPrevented && log('taken', key), 0);
    }, true);
  }
}`;

/** Takes the focus away from where it is, and waits until the window has noticed. */
export const LEAVE = 'new Promise((done) => { document.activeElement?.blur(); setTimeout(done, 0); })';

/** Lets `keyTaken` tell whether VS Code does something for a key, as `F5`, once that is pressed. */
export const watchKey = (key: string): string => `
  window.keyTaken = new Promise((done) => {
    const look = (event) => {
      if (event.key !== ${JSON.stringify(key)}) return;
      removeEventListener('keydown', look, { capture: true });
      setTimeout(() => done(event.defaultPrevented), 0);
    };
    addEventListener('keydown', look, { capture: true });
  });
  undefined;`;

/** Measures the time from the next key to the frame after the text has changed. */
export const KEY_DELAY = `
  window.keyDelay = new Promise((done) => {
    addEventListener('keydown', () => {
      const start = performance.now();
      const observer = new MutationObserver(() => {
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0));
      });
      const lines = document.querySelector('.editor-group-container.active .view-lines');
      observer.observe(lines, { childList: true, subtree: true, characterData: true });
    }, { capture: true, once: true });
  });
  undefined;`;

/** Whether an element of the active editor begins at an edge of the line with this text: an expression. */
export const isAtLine = (selector: string, edge: 'top' | 'bottom', text: string): string => `(() => {
  const editor = document.querySelector('.editor-group-container.active .monaco-editor');
  const lines = [...editor.querySelectorAll('.view-line')];
  const line = lines.find((one) => one.textContent.replaceAll('\u00a0', ' ').includes(${JSON.stringify(text)}));
  const isThere = (element) =>
    Math.abs(element.getBoundingClientRect().top - line.getBoundingClientRect().${edge}) < 4;
  return line !== undefined && [...editor.querySelectorAll(${JSON.stringify(selector)})].some(isThere);
})()`;

/** Where the middle of a word is that stands in a line of the active editor, or null: an expression. */
export const middleOf = (line: string, word: string): string => `(() => {
  const lines = [...document.querySelectorAll('.editor-group-container.active .view-line')];
  const found = lines.find((one) => one.textContent.replaceAll('\u00a0', ' ').includes(${JSON.stringify(line)}));
  if (found === undefined) return null;
  const texts = document.createTreeWalker(found, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const start = node.textContent.indexOf(${JSON.stringify(word)});
    if (start < 0) continue;
    const range = document.createRange();
    range.setStart(node, start);
    range.setEnd(node, start + ${word.length});
    const { x, y, width, height } = range.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2 };
  }
  return null;
})()`;
