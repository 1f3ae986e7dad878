import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { Visitor, eventually } from './support/visitor.js';

boardTest('an empty board invites to write, under the board’s own name', { settings: { BOARD_NAME: 'Pinnwand 留言板' } }, async ({ visitor }) => {
  await visitor.page.getByText('Write the first message').waitFor();
  await visitor.page.getByRole('heading', { name: 'Pinnwand 留言板' }).waitFor();
  assert.equal(await visitor.page.title(), 'Pinnwand 留言板');
});

boardTest('older messages come page by page, newest first, none twice and none left out', {}, async ({ board, visitor }) => {
  const all = [];
  for (let number = 1; number <= 45; number += 1) all.unshift((await board.post(`number ${number}`)).text);

  await visitor.page.reload();
  const older = visitor.page.getByRole('button', { name: 'Older messages' });
  await older.waitFor();
  assert.deepEqual(await visitor.texts(), all.slice(0, 20));

  await older.click();
  await visitor.messages.nth(39).waitFor();
  assert.deepEqual(await visitor.texts(), all.slice(0, 40));

  await older.click();
  await visitor.messages.nth(44).waitFor();
  assert.deepEqual(await visitor.texts(), all);
  await older.waitFor({ state: 'hidden' });
  assert.equal(await visitor.hasFocus(visitor.message('number 5').last()), true);
});

boardTest('someone at the top of the page sees new messages come in by themselves', {}, async ({ board, visitor }) => {
  await board.post('first');
  await visitor.message('first').waitFor();
  await board.post('second');
  await visitor.message('second').waitFor();
  assert.deepEqual(await visitor.texts(), ['second', 'first']);
});

boardTest('new messages wait behind a button while someone reads further down', {}, async ({ board, visitor }) => {
  for (let number = 1; number <= 20; number += 1) await board.post(`number ${number}`);
  await visitor.page.reload();
  const read = visitor.message('number 10');
  await read.evaluate((element) => element.scrollIntoView());
  const top = () => read.evaluate((element) => element.getBoundingClientRect().top);
  const before = await top();

  await board.post('fresh');
  const reveal = visitor.page.getByRole('button', { name: '1 new message' });
  await reveal.waitFor();
  assert.equal(await top(), before);
  assert.equal(await visitor.message('fresh').count(), 0);

  await reveal.click();
  await visitor.message('fresh').waitFor();
  assert.equal((await visitor.texts())[0], 'fresh');
  assert.equal(await visitor.hasFocus(visitor.message('fresh')), true);
  await reveal.waitFor({ state: 'hidden' });
});

boardTest('what someone else deletes goes from the page', {}, async ({ board, visitor }) => {
  const message = await board.post('soon gone');
  await board.post('stays');
  await visitor.message('soon gone').waitFor();
  await board.delete(message);
  await visitor.message('soon gone').waitFor({ state: 'detached' });
  assert.deepEqual(await visitor.texts(), ['stays']);
});

boardTest('what one visitor posts, another sees without reloading', {}, async ({ board, visitor }) => {
  const other = await Visitor.arrive(board.site);
  try {
    await visitor.post({ text: 'hello from here', picture: 'small.jpg' });
    await other.message('hello from here').locator('img').waitFor();
    await other.carrouselPicture.waitFor();
    await assert.rejects(() => other.message('hello from here').getByRole('button', { name: 'Delete' }).click({ timeout: 100 }));
    assert.deepEqual(other.complaints, []);
  } finally {
    await other.leave();
  }
});

boardTest('a first page that cannot be loaded is explained and comes by itself once it can', {
  expected: [/status of 503/],
  async before(page) {
    await page.route('**/api/messages', (route) => route.fulfill({ status: 503, body: '' }), { times: 1 });
  },
}, async ({ board, visitor }) => {
  await visitor.page.getByText('The board is not available at the moment.').waitFor();
  await board.post('back again');
  await visitor.message('back again').waitFor();
  await visitor.find('.messages__failure').waitFor({ state: 'hidden' });
});

boardTest('nothing on the page moves when the pictures come', {}, async ({ board, visitor }) => {
  await board.post('below it');
  await visitor.post({ text: 'a picture', picture: 'small.jpg' });
  await visitor.carrouselPicture.waitFor();
  await visitor.page.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  let letThrough;
  const seen = new Promise((resolve) => (letThrough = resolve));
  await visitor.page.route('**/images/*', async (route) => {
    await seen;
    await route.continue();
  });
  await visitor.page.reload({ waitUntil: 'commit' });
  const message = visitor.message('a picture');
  await message.evaluate((element) => element.scrollIntoView());
  const painted = () => visitor.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  await painted();
  const place = await visitor.message('below it').boundingBox();

  letThrough();
  const image = message.locator('img');
  await eventually(async () => assert.ok(await image.evaluate((element) => element.complete && element.naturalWidth > 0)));
  await visitor.carrouselPicture.waitFor();
  await painted();
  assert.deepEqual(await visitor.message('below it').boundingBox(), place);
  assert.equal(await visitor.page.evaluate(() => window.shifted), 0);
});

for (const width of [320, 768, 1440]) {
  boardTest(`at ${width} pixels nothing sticks out and every control is large enough to hit`, { viewport: { width, height: 800 } }, async ({ visitor }) => {
    await visitor.post({ text: 'W'.repeat(300), author: 'M'.repeat(40), picture: 'small.jpg' });
    await visitor.post({ text: 'another', picture: 'drawing.png' });
    await visitor.find('.carrousel__count', { hasText: '/ 2' }).waitFor();
    await visitor.write({ picture: 'photo.webp' });
    const { scroll, client } = await visitor.page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
    }));
    assert.equal(scroll, client);
    for (const control of await visitor.find('button:visible, .composer__choose, input:visible, textarea').all()) {
      const box = await control.boundingBox();
      assert.ok(box.width >= 44 && box.height >= 44, `${await control.getAttribute('class')}: ${JSON.stringify(box)}`);
    }
  });
}
