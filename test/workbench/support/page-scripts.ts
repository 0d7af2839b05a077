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

/** Tells whether VS Code takes the next key. */
export const KEY_TAKEN = `
  window.keyTaken = new Promise((done) => {
    const look = (event) => setTimeout(() => done(event.defaultPrevented), 0);
    addEventListener('keydown', look, { capture: true, once: true });
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
