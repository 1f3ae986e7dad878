// What opens over the board or takes its place, as axe-core finds it in each engine.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIND_VIOLATIONS } from './support/axe.js';
import { Board } from './support/corkboard.js';
import { ENGINES } from './support/engines.js';
import { png } from './support/shapes.js';
import { eventually } from './support/visitor.js';

for (const [engine, start] of Object.entries(ENGINES)) {
  test(`in ${engine} an opened picture, all pictures, the composer and the queue are accessible`, { timeout: 180_000 }, async () => {
    const board = await Board.start();
    let session;
    try {
      await board.postPicture('הודעה', png(1_200, 800), { author: '阿明', alt: 'a hill' });
      session = await start(board.site, { width: 1_440, height: 900, scale: 1 });
      const click = (selector) => eventually(() => session.run('document.querySelector(arguments[0]).click()', selector));
      const isThere = (selector) => eventually(async () => assert.equal(await session.run('return document.querySelector(arguments[0])?.checkVisibility()', selector), true, selector));
      const isClosed = () => eventually(async () => assert.equal(await session.run('return document.querySelector("dialog[open]") === null && history.state === null'), true));
      const isAccessible = async (what) => assert.deepEqual(await session.run(FIND_VIOLATIONS), [], what);
      await isThere('.message__picture');
      await click('.message__picture');
      await isThere('.picture-dialog__words');
      await isAccessible('an opened picture');
      await click('.picture-dialog__close');
      await isClosed();
      await click('.masthead__pictures');
      await isThere('.all-pictures__tile');
      await isAccessible('all pictures');
      await click('.all-pictures__close');
      await isClosed();
      await click('.blank-note__write');
      await isThere('.composer__post');
      await session.run("const text = document.querySelector('#composer-text'); text.value = 'שלום'; text.dispatchEvent(new InputEvent('input', { bubbles: true }));");
      await isAccessible('the composer');
      await click('.composer__cancel');
      await isClosed();

      await board.moderate('/posting', { method: 'PUT', body: { posting: 'reviewed' } });
      await board.postPicture('下次讀書會', png(900, 1_200), { author: null, alt: 'дом' });
      await session.run("location.hash = '#moderate'");
      await isThere('#moderation-token');
      await session.run("const input = document.querySelector('#moderation-token'); input.value = arguments[0]; input.dispatchEvent(new InputEvent('input', { bubbles: true }));", board.moderator);
      await click('.moderation .button--primary');
      await isThere('.review-card__picture img');
      await click('.review-card__others summary');
      await click('.review__log summary');
      await isAccessible('the queue');
    } finally {
      await session?.close();
      await board.remove();
    }
  });
}
