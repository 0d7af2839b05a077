/**
 * Lets the window keep back what it gets from its extension host: `hold` does from the message on that the tree of processes is to
 * be redrawn, and `release` gives it all. `expectSent` makes `sent` a promise that is kept once the window asks for something.
 * For the page.
 */
export const MESSAGES = `{
  let held = null;
  let begin = null;
  let asked = ['', () => {}];
  window.hold = () => new Promise((done) => {
    begin = done;
  });
  window.release = () => {
    for (const give of held) give();
    held = null;
  };
  window.expectSent = (text) => {
    window.sent = new Promise((done) => {
      asked = [text, done];
    });
  };
  const isRedrawing = (text) => text.includes('$refresh') && text.includes('lunatic.processes');
  const { addEventListener, send } = WebSocket.prototype;
  WebSocket.prototype.addEventListener = function (type, listener, options) {
    let earlier = Promise.resolve();
    const give = async (event) => {
      if (begin !== null && isRedrawing(await event.data.text())) {
        held = [];
        begin();
        begin = null;
      }
      if (held === null) listener.call(this, event);
      else held.push(() => listener.call(this, event));
    };
    const inOrder = (event) => {
      earlier = earlier.then(() => give(event));
    };
    addEventListener.call(this, type, type === 'message' ? inOrder : listener, options);
  };
  WebSocket.prototype.send = function (data) {
    send.call(this, data);
    const [text, done] = asked;
    if (text !== '' && new TextDecoder().decode(data).includes(text)) done();
  };
}`;
