// How a picture grows out of what it is opened from, and goes back there.

import assert from 'node:assert/strict';
import { historyIsBack, isClosed, open, postThree } from './support/viewer.js';
import { eventually } from './support/visitor.js';
import { boardTest } from './support/with-board.js';

/** Notes of each view transition what the picture grows into, and whether the dialog can be seen through then. */
const noteTransitions = (page) =>
  page.addInitScript(() => {
    window.grown = [];
    const start = document.startViewTransition.bind(document);
    document.startViewTransition = (change) =>
      start(async () => {
        await change();
        const images = [...document.images].filter((image) => image.style.viewTransitionName);
        window.grown.push([...images.map((image) => image.closest('.picture-dialog, .message, .carrousel').classList[0]), getComputedStyle(document.querySelector('.picture-dialog')).opacity]);
      });
  });

boardTest('a picture grows out of what it is opened from, and goes back there', { reducedMotion: 'no-preference', before: noteTransitions }, async ({ board, visitor }) => {
  await postThree(board, visitor);
  const grown = (...expected) => eventually(async () => assert.deepEqual(await visitor.page.evaluate(() => window.grown), expected));
  const close = async () => {
    await visitor.find('.picture-dialog__close').click();
    await isClosed(visitor);
    await historyIsBack(visitor);
  };
  await open(visitor, 'third');
  await grown(['picture-dialog', '1']);
  await close();
  await grown(['picture-dialog', '1'], ['message', '1']);
  await visitor.page.evaluate(() => (window.grown = []));
  await visitor.find('.carrousel__frame').first().click();
  await grown(['picture-dialog', '1']);
  await close();
  await grown(['picture-dialog', '1'], ['carrousel', '1']);
});

boardTest('nothing grows where motion is to be reduced', { before: noteTransitions }, async ({ board, visitor }) => {
  await postThree(board, visitor);
  await open(visitor, 'third');
  await visitor.find('.picture-dialog__close').click();
  await isClosed(visitor);
  assert.deepEqual(await visitor.page.evaluate(() => window.grown), []);
});
