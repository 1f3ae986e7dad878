// What the page asks of the browser, counted: how long it takes is another matter on each machine.

import assert from 'node:assert/strict';
import { manyMessages } from './support/many-messages.js';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

const PHONE = { width: 390, height: 844 };

/** Counts how often scripts ask how large the screen is, for which the browser lays the page out on a phone. */
const countMeasuring = () => {
  window.measured = 0;
  for (const name of ['innerWidth', 'innerHeight']) {
    const { get } = Object.getOwnPropertyDescriptor(window, name);
    Object.defineProperty(window, name, {
      get() {
        window.measured += 1;
        return get.call(window);
      },
    });
  }
};

/** Notes how many cards each task of the browser puts into the list. */
const noteBatches = () => {
  window.batches = [];
  const known = new Set();
  new MutationObserver((records) => {
    const added = records.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node.matches?.('.messages__item') && !known.has(node));
    for (const item of added) known.add(item);
    if (added.length > 0) window.batches.push(new Set(added).size);
  }).observe(document, { childList: true, subtree: true });
};

boardTest('how large the screen is is asked a few times for a page of messages, not for each card', {
  viewport: PHONE,
  before: async (page) => {
    await page.addInitScript(countMeasuring);
    await manyMessages(page, 20, { pictureEvery: 1 });
  },
}, async ({ visitor }) => {
  await visitor.message('number 20 ').waitFor();
  assert.equal(await visitor.messages.count(), 20);
  const measured = await visitor.page.evaluate(() => window.measured);
  assert.ok(measured < 30, `${measured} times`);
});

// Two rows at a time on the wall, as long as it has room.
for (const [layout, viewport, most] of [['list', PHONE, 7], ['wall', { width: 1_440, height: 900 }, 10]]) {
  boardTest(`on the ${layout} what fills the screen comes at once, then a few cards at a time`, {
    layout,
    viewport,
    before: async (page) => {
      await page.addInitScript(noteBatches);
      await manyMessages(page, 100, { pictureEvery: 1 });
    },
  }, async ({ visitor }) => {
    await visitor.message('number 81 ').waitFor();
    const [first, ...others] = await visitor.page.evaluate(() => window.batches);
    const seen = await visitor.messages.evaluateAll((cards) => cards.filter((card) => card.getBoundingClientRect().top < window.innerHeight).length);
    assert.ok(first >= Math.min(seen, 20) && first <= seen + 10, `${first} at once, ${seen} are seen`);
    await eventually(async () => {
      await visitor.page.mouse.wheel(0, 900);
      assert.ok((await visitor.messages.count()) > 60);
    });
    others.push(...(await visitor.page.evaluate((from) => window.batches.slice(from), others.length + 1)));
    assert.ok(others.length > 0 && Math.max(...others) <= most, String(others));
  });
}

boardTest('what every view begins with is asked for while the scripts come', {}, async ({ board, visitor }) => {
  const asked = new Set();
  visitor.page.on('request', (request) => asked.add(new URL(request.url()).pathname));
  const early = ['/api/messages', '/api/board', '/carrousel/newest.json', '/words-en.js', '/style.css'];
  let missing = early;
  await visitor.page.route('**/app.js', async (route) => {
    await eventually(async () => {
      missing = early.filter((path) => !asked.has(path));
      assert.deepEqual(missing, []);
    }).catch(() => {});
    await route.continue();
  });
  await visitor.page.goto(board.site);
  await visitor.page.getByText('Nothing pinned up yet.').waitFor();
  assert.deepEqual(missing, []);
});
