import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { Visitor, eventually, isLike, look } from './support/visitor.js';

boardTest('after kill -9 and a restart the board is as it was', {}, async ({ board, visitor }) => {
  await visitor.post({ text: '第一則 🎈', author: 'Ada', picture: 'camera.jpg', alt: 'a lake' });
  await visitor.post({ text: 'gone before', picture: 'drawing.png' });
  await visitor.post({ text: 'only text' });
  // The list of pictures is brought up to date by itself, a moment after each change.
  const listed = (count) => eventually(async () => assert.equal((await board.json('/api/carrousel.json')).length, count));
  await listed(2);
  await visitor.find('.carrousel__tile').nth(1).waitFor();
  await visitor.delete('gone before');
  await listed(1);
  await visitor.find('.carrousel__tile').nth(1).waitFor({ state: 'detached' });
  await visitor.seeCarrousel();

  // However long ago it was by then.
  const shownTo = async ({ messages }) => (await messages.allInnerTexts()).map((text) => text.replace(/just now|\d+ min\b/, 'a while ago'));
  const before = {
    shown: await shownTo(visitor),
    messages: await board.json('/api/messages'),
    carrousel: await board.json('/api/carrousel.json'),
    picture: await look(visitor.message('第一則').locator('img')),
    device: await visitor.page.evaluate(() => ({ ...localStorage })),
  };
  assert.equal(before.messages.messages.length, 2);

  // Nobody is at the page meanwhile: what it says when the board is away is another test's.
  await visitor.page.goto('about:blank');
  await board.kill();
  await board.start();

  const again = await Visitor.arrive(board.site, {
    // The port is another one now, so for the browser it is another site.
    before: (page) => page.addInitScript((device) => Object.assign(localStorage, device), before.device),
  });
  try {
    await again.seeCarrousel();
    await eventually(async () => assert.deepEqual(await shownTo(again), before.shown));
    assert.deepEqual(await board.json('/api/messages'), before.messages);
    assert.deepEqual(await board.json('/api/carrousel.json'), before.carrousel);
    await eventually(async () => assert.ok(isLike(await look(again.message('第一則').locator('img')), before.picture)));
    await eventually(async () => assert.equal(await again.carrouselPicture.getAttribute('alt'), 'a lake'));

    await again.delete('第一則');
    await again.find('.carrousel__tile').waitFor({ state: 'detached' });
    assert.deepEqual(again.complaints, []);
  } finally {
    await again.leave();
  }
});
