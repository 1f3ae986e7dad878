import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { Visitor, eventually } from './support/visitor.js';

boardTest('an empty board invites to write, under the board’s own name', { settings: { BOARD_NAME: 'Pinnwand 留言板' } }, async ({ visitor }) => {
  await visitor.page.getByText('Yours can be the first').waitFor();
  await visitor.page.getByRole('heading', { name: 'Pinnwand 留言板' }).waitFor();
  await eventually(async () => assert.equal(await visitor.page.title(), 'Pinnwand 留言板'));
});

boardTest('older messages come page by page, newest first, none twice and none left out', { layout: 'list' }, async ({ board, visitor }) => {
  const all = await board.postMany(45);
  await visitor.page.reload();
  const older = visitor.page.getByRole('button', { name: 'Older messages' });
  await older.waitFor();
  await eventually(async () => assert.deepEqual(await visitor.texts(), all.slice(0, 20)));

  await older.press('Enter');
  await visitor.messages.nth(39).waitFor();
  assert.deepEqual((await visitor.texts()).slice(0, 40), all.slice(0, 40));

  await older.press('Enter');
  await visitor.messages.nth(44).waitFor();
  await eventually(async () => assert.deepEqual(await visitor.texts(), all));
  await older.waitFor({ state: 'hidden' });
  await visitor.page.getByText('That was the first message.').waitFor();
});

for (const layout of ['wall', 'list']) boardTest(`going down the ${layout} brings older messages by itself`, { layout }, async ({ board, visitor }) => {
  const all = await board.postMany(45);
  await visitor.page.reload();
  await visitor.message('number 45').waitFor();
  await eventually(async () => {
    await visitor.page.mouse.wheel(0, 700);
    assert.deepEqual(await visitor.texts(), all);
  });
});

boardTest('the first view asks for the messages, the board and the carrousel, once each', { layout: 'list' }, async ({ board, visitor }) => {
  await board.postMany(21);
  // What the page that was open goes on asking for does not count.
  await visitor.page.goto('about:blank');
  const asked = [];
  visitor.page.on('request', (request) => asked.push(new URL(request.url())));
  await visitor.page.goto(board.site, { waitUntil: 'networkidle' });
  const paths = asked.map(({ pathname }) => pathname);
  const data = paths.filter((path) => /^\/(api|carrousel)\//.test(path));
  assert.deepEqual(data.sort(), ['/api/board', '/api/messages', '/carrousel/newest.json']);
  assert.deepEqual([...new Set(asked.map(({ origin }) => origin))], [new URL(board.site).origin], 'no request to third parties');
});

boardTest('new messages wait behind a button and never move what is read', {}, async ({ board, visitor }) => {
  await board.postMany(20);
  await visitor.page.reload();
  for (const text of ['number 20', 'number 10']) {
    // At the top of the list, and further down.
    const read = visitor.message(text);
    await read.evaluate((element) => element.scrollIntoView());
    const top = () => read.evaluate((element) => element.getBoundingClientRect().top);
    const before = await top();
    await board.post(`fresh before ${text}`);
    await visitor.lookAgain();
    const reveal = visitor.page.getByRole('button', { name: '1 new message' });
    await reveal.waitFor();
    assert.equal(await top(), before);
    await eventually(async () => assert.equal(await visitor.message('fresh before').filter({ hasText: text }).count(), 0));
    await visitor.find('#announcer', { hasText: '1 new message' }).waitFor({ state: 'attached' });

    await reveal.click();
    const fresh = visitor.message(`fresh before ${text}`);
    await fresh.waitFor();
    assert.equal((await visitor.texts())[0], `fresh before ${text}`);
    await visitor.focusIsAt(fresh);
    await reveal.waitFor({ state: 'hidden' });
  }
});

boardTest('several new messages are counted, and after very many the list has no gap', {}, async ({ board, visitor }) => {
  await board.postMany(2);
  await visitor.page.reload();
  await visitor.message('number 2').waitFor();
  // Who has the keyboard on the board reads it.
  await visitor.messages.first().focus();
  for (const text of ['one', 'two', 'three']) await board.post(text);
  await visitor.lookAgain();
  await visitor.page.getByRole('button', { name: '3 new messages' }).waitFor();
  for (let number = 1; number <= 20; number += 1) await board.post(`more ${number}`);
  await visitor.lookAgain();
  await visitor.page.getByRole('button', { name: 'More than 20 new messages' }).click();
  await visitor.message('more 20').waitFor();
  await eventually(async () => {
    await visitor.page.mouse.wheel(0, 700);
    const expected = (await board.json('/api/messages?limit=50')).messages.map(({ text }) => text);
    assert.deepEqual(await visitor.texts(), expected);
  });
});

for (const layout of ['wall', 'list']) boardTest(`what is read on the ${layout} stays in its place when others delete what is above it`, { layout }, async ({ board, visitor }) => {
  for (let number = 1; number <= 6; number += 1) await board.post(`below ${number}${'\n'.repeat(12)}end`);
  await board.post('read');
  const above = [];
  for (let number = 1; number <= 16; number += 1) above.push(await board.post(`above ${number}`));
  await visitor.page.reload();
  const read = visitor.message('read');
  await read.evaluate((element) => element.scrollIntoView());
  const top = () => read.evaluate((element) => Math.round(element.getBoundingClientRect().top));
  const before = await top();
  for (const gone of [above[15], above[13]]) await board.delete(gone);
  await visitor.lookAgain();
  await visitor.message('above 16').waitFor({ state: 'detached' });
  assert.equal(await top(), before);
});

boardTest('who is at the top sees what is new come in there, and who has scrolled does not', { viewport: { width: 400, height: 500 } }, async ({ board, visitor }) => {
  await board.postMany(10);
  await visitor.page.reload();
  await visitor.message('number 10').waitFor();
  await board.post('shown at once');
  await visitor.lookAgain();
  await visitor.message('shown at once').waitFor();
  assert.equal((await visitor.texts())[0], 'shown at once');
  assert.equal(await visitor.page.evaluate(() => window.scrollY), 0);

  await visitor.page.evaluate(() => window.scrollTo(0, 20));
  await board.post('shown when it is wanted');
  await visitor.lookAgain();
  await visitor.page.getByRole('button', { name: '1 new message' }).waitFor();
  await eventually(async () => assert.equal(await visitor.message('shown when it is wanted').count(), 0));
  assert.equal(await visitor.page.evaluate(() => window.scrollY), 20);
});

boardTest('what someone else deletes goes from the page', {}, async ({ board, visitor }) => {
  const message = await board.post('soon gone');
  await board.post('stays');
  await visitor.page.reload();
  await visitor.message('soon gone').waitFor();
  await board.delete(message);
  await visitor.lookAgain();
  await visitor.message('soon gone').waitFor({ state: 'detached' });
  await eventually(async () => assert.deepEqual(await visitor.texts(), ['stays']));
});

boardTest('what one visitor posts, another sees without reloading', {}, async ({ board, visitor }) => {
  const other = await Visitor.arrive(board.site);
  try {
    await visitor.post({ text: 'hello from here', picture: 'small.jpg' });
    await other.lookAgain();
    await other.message('hello from here').locator('img').waitFor();
    await other.seeCarrousel();
    assert.equal(await (await other.inMenu(other.message('hello from here'), 'Share')).isVisible(), true);
    assert.equal(await (await other.inMenu(other.message('hello from here'), 'Delete')).isVisible(), false);
    assert.deepEqual(other.complaints, []);
  } finally {
    await other.leave();
  }
});

boardTest('a first page that cannot be loaded is explained and comes by itself once it can', {
  expected: [/status of 503/],
  before: (page) => page.route('**/api/messages', (route) => route.fulfill({ status: 503, body: '' })),
}, async ({ board, visitor }) => {
  await visitor.page.getByText('The board is not available at the moment.').waitFor();
  await visitor.page.unroute('**/api/messages');
  await board.post('back again');
  await visitor.message('back again').waitFor();
  await visitor.find('.messages__failure').waitFor({ state: 'hidden' });
});

boardTest('nothing on the page moves when the pictures come', {}, async ({ board, visitor }) => {
  await board.post('below it');
  await visitor.post({ text: 'a picture', picture: 'small.jpg' });
  await visitor.seeCarrousel();
  await visitor.page.addInitScript(() => {
    window.shifted = [];
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries()) window.shifted.push(`${value}: ${sources.map(({ node }) => node?.className ?? node?.nodeName)}`);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  let letThrough;
  const seen = new Promise((resolve) => (letThrough = resolve));
  await visitor.page.route(/\/(images|small)\//, async (route) => {
    await seen;
    await route.continue();
  });
  await visitor.page.reload({ waitUntil: 'commit' });
  const message = visitor.message('a picture');
  await message.evaluate((element) => element.scrollIntoView());
  const painted = () => visitor.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  await painted();
  // In the whole page, however far that is scrolled.
  const placed = () =>
    visitor.message('below it').evaluate((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: x + window.scrollX, y: y + window.scrollY, width, height };
    });
  const place = await placed();

  letThrough();
  const image = message.locator('img');
  await eventually(async () => assert.ok(await image.evaluate((element) => element.complete && element.naturalWidth > 0)));
  await visitor.seeCarrousel();
  await painted();
  assert.deepEqual(await placed(), place);
  assert.deepEqual(await visitor.page.evaluate(() => window.shifted), []);
});

boardTest('a page that was left alone stops asking and goes on with a tap', { before: (page) => page.clock.install() }, async ({ board, visitor }) => {
  const { clock } = visitor.page;
  let asked = 0;
  visitor.page.on('request', (request) => (asked += request.url().endsWith('/api/messages') ? 1 : 0));
  const paused = visitor.page.getByRole('button', { name: 'Paused. Tap to refresh.' });
  await eventually(async () => {
    await clock.runFor('01:00');
    assert.ok(await paused.isVisible());
  });
  const before = asked;
  await clock.runFor('02:00:00');
  assert.equal(asked, before, 'nothing in two hours');
  assert.ok(before > 2 && before < 40, `${before} requests until then`);

  await board.post('meanwhile');
  await paused.dispatchEvent('click');
  await visitor.message('meanwhile').waitFor();
  await paused.waitFor({ state: 'hidden' });
});

boardTest('a line that is down is said, and what is there stays until it is up again', { expected: [/ERR_FAILED|ERR_INTERNET_DISCONNECTED/] }, async ({ board, visitor }) => {
  await visitor.post({ text: 'still to be read' });
  await visitor.page.route('**/api/**', (route) => route.abort());
  await visitor.lookAgain();
  await visitor.page.getByText('No connection to the board. It is tried again by itself.').waitFor();
  await visitor.message('still to be read').waitFor();

  await visitor.page.unroute('**/api/**');
  await board.post('back');
  await visitor.lookAgain();
  await visitor.page.getByRole('button', { name: '1 new message' }).click();
  await visitor.message('back').waitFor();
  await visitor.find('.messages__lost').waitFor({ state: 'hidden' });
});

boardTest('a board that is waking up is no error', {
  expected: [/status of 503/],
  async before(page) {
    const problem = { type: 'urn:corkboard:problem:database-resuming', status: 503 };
    await page.route('**/api/messages', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }));
  },
}, async ({ visitor }) => {
  await visitor.page.getByText('The board is waking up, a few seconds.').waitFor();
  await eventually(async () => assert.equal(await visitor.page.getByRole('button', { name: 'Try again' }).isVisible(), false));
  await visitor.page.unroute('**/api/messages');
  await visitor.page.getByText('Yours can be the first').waitFor();
});
