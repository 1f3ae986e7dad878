// Forms as browsers themselves write them: a file is the picture, whatever it is called.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Board } from './support/corkboard.js';
import { Firefox } from './support/firefox.js';
import { boardTest } from './support/with-board.js';

const NAMES = ['x; name=text.jpg', 'a"; name="text".jpg', ' name=author.jpg', '橋 🌉.jpg', 'line\nbreak.jpg', 'back\\slash\\', '100%22.jpg'];

/** To be run in the page: posts a picture under each name, and one without a byte; answers what was answered. */
const POST = `(async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 3, height: 2 });
  canvas.getContext('2d').fillRect(0, 0, 3, 2);
  const drawn = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  const post = async (bytes, name) => {
    const form = new FormData();
    form.append('picture', new File(bytes, name));
    form.append('text', 'line\\nbreak 橋');
    const answer = await fetch('/api/messages', { method: 'POST', body: form });
    return { status: answer.status, ...(await answer.json()) };
  };
  const answers = [];
  for (const name of ${JSON.stringify(NAMES)}) answers.push(await post([drawn], name));
  return JSON.stringify([...answers, await post([], 'empty.jpg')]);
})()`;

function areRight(json) {
  const answers = JSON.parse(json);
  const empty = answers.pop();
  for (const [index, { status, text, author, picture }] of answers.entries()) {
    assert.deepEqual({ status, text, author, width: picture?.width }, { status: 201, text: 'line\nbreak 橋', author: null, width: 3 }, NAMES[index]);
  }
  assert.deepEqual([empty.status, empty.errors.map(({ field, code }) => `${field} ${code}`)], [422, ['picture malformed']]);
}

boardTest('Chromium posts a picture whatever its file is called', { settings: { POSTS_PER_MINUTE: '0' }, expected: [/422/] }, async ({ visitor }) => {
  areRight(await visitor.page.evaluate(POST));
});

test('Firefox posts a picture whatever its file is called', { timeout: 180_000 }, async () => {
  const board = await Board.start({ POSTS_PER_MINUTE: '0' });
  let firefox;
  try {
    firefox = await Firefox.start();
    await firefox.goTo(board.site);
    areRight(await firefox.run(`return ${POST}`));
  } finally {
    await firefox?.close();
    await board.remove();
  }
});
