import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { eventually, pictureFile } from './support/visitor.js';

const tiles = (visitor) => visitor.find('.carrousel__tile');
const placeOf = (visitor) => visitor.find('.carrousel__strip').evaluate(({ scrollLeft }) => scrollLeft);

boardTest('the carrousel begins with the newest picture, and says whose it is, when it came, and the first words', {}, async ({ board, visitor }) => {
  await board.postPicture('the older one', 'drawing.png', { author: 'Bo' });
  await board.postPicture('早安，今天的夕陽真美', 'small.jpg', { author: '阿明' });
  await visitor.page.reload();
  await tiles(visitor).nth(1).waitFor();
  assert.deepEqual(await tiles(visitor).locator('.carrousel__words').evaluateAll((all) => all.map(({ children }) => [...children].map(({ textContent }) => textContent))), [
    ['阿明 just now', '早安，今天的夕陽真美'],
    ['Bo just now', 'the older one'],
  ]);
});

boardTest('a picture of the carrousel opens, and the keyboard comes to each', {}, async ({ board, visitor }) => {
  for (const file of ['drawing.png', 'small.jpg']) await board.postPicture(`with ${file}`, file, { alt: file });
  await visitor.page.reload();
  await tiles(visitor).nth(1).waitFor();
  await visitor.find('.carrousel__frame').first().focus();
  await visitor.page.keyboard.press('Tab');
  await visitor.focusIsAt(visitor.find('.carrousel__frame').nth(1));
  await visitor.page.keyboard.press('Enter');
  await visitor.page.getByRole('dialog').getByRole('img', { name: 'drawing.png' }).waitFor();
  await visitor.page.keyboard.press('Escape');
  await visitor.focusIsAt(visitor.find('.carrousel__frame').nth(1));
});

const numbered = (length) => Array.from({ length }, (_, at) => ({ url: `/favicon.svg?${at}` }));

for (const [where, direction] of [['to the right', 'ltr'], ['to the left where one reads so', 'rtl']]) {
  boardTest(`scrolled ${where}, the carrousel goes on to the last of all pictures`, {
    async before(page) {
      const list = numbered(150);
      await page.route('**/carrousel/newest.json', (route) => route.fulfill({ json: list.toReversed().slice(0, 100) }));
      await page.route('**/api/carrousel.json', (route) => route.fulfill({ json: list }));
    },
  }, async ({ visitor }) => {
    await visitor.page.evaluate((dir) => (document.documentElement.dir = dir), direction);
    await tiles(visitor).first().waitFor();
    assert.ok((await tiles(visitor).count()) < 20, 'a few at first');
    await eventually(async () => {
      await visitor.find('.carrousel__strip').evaluate((strip, side) => strip.scrollBy({ left: side * strip.scrollWidth, behavior: 'instant' }), direction === 'rtl' ? -1 : 1);
      assert.equal(await tiles(visitor).count(), 150);
    });
    const urls = await visitor.find('.carrousel__frame').evaluateAll((frames) => frames.map((frame) => Number(frame.href.split('?')[1])));
    assert.deepEqual(urls, numbered(150).map((_, at) => 149 - at));
  });
}

boardTest('where there is no list of the newest, all are asked for', {
  async before(page) {
    await page.route('**/carrousel/newest.json', (route) => route.fulfill({ status: 404 }));
    await page.route('**/api/carrousel.json', (route) => route.fulfill({ json: numbered(3) }));
  },
}, async ({ visitor }) => {
  await tiles(visitor).nth(2).waitFor();
  visitor.complaints.length = 0;
});

boardTest('the carrousel never moves by itself, nor when a new picture comes', { reducedMotion: 'no-preference', viewport: { width: 390, height: 844 }, before: (page) => page.clock.install() }, async ({ board, visitor }) => {
  for (const file of ['drawing.png', 'small.jpg', 'photo.webp', 'drawing.bmp']) await board.postPicture(file, file, { alt: file });
  await visitor.page.reload();
  await tiles(visitor).nth(3).waitFor();
  await visitor.page.clock.runFor('02:00');
  assert.equal(await placeOf(visitor), 0);
  await visitor.find('.carrousel__strip').evaluate((strip) => strip.scrollTo({ left: 130, behavior: 'instant' }));
  const second = visitor.find('.carrousel__tile:has([alt="small.jpg"])');
  const place = () => second.evaluate((tile) => Math.round(tile.getBoundingClientRect().left));
  const before = await place();
  await board.postPicture('one more', 'camera.jpg');
  await eventually(async () => {
    await visitor.page.clock.runFor(10_000);
    assert.equal(await tiles(visitor).count(), 5);
  });
  assert.equal(await place(), before);
});

boardTest('the carrousel loads what is seen of it and what is near, no more', { viewport: { width: 390, height: 844 }, before: (page) => page.route('**/carrousel/newest.json', (route) => route.fulfill({ json: numbered(100).toReversed() })) }, async ({ visitor }) => {
  const asked = new Set();
  visitor.page.on('request', (request) => request.url().includes('favicon.svg?') && asked.add(request.url()));
  await visitor.page.reload({ waitUntil: 'networkidle' });
  assert.ok(asked.size > 0 && asked.size <= 16, `${asked.size}`);
});

boardTest('in a tab that is not on the screen, nothing is asked for', { before: (page) => page.clock.install() }, async ({ board, visitor }) => {
  await board.hasSmall(await board.postPicture('a lake', 'small.jpg'));
  await visitor.page.reload({ waitUntil: 'networkidle' });
  await visitor.seeCarrousel();
  await visitor.message('a lake').locator('img').scrollIntoViewIfNeeded();
  await visitor.picturesHaveCome();
  await visitor.page.evaluate(() => {
    // Chromium without a screen shows every tab.
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  const asked = [];
  visitor.page.on('request', (request) => asked.push(request.url()));
  await visitor.page.clock.runFor('09:00');
  assert.deepEqual(asked, []);
});

boardTest('every picture of the carrousel is told apart by whose it is, or when it came, or its name', {
  async before(page) {
    const urls = ['/images/01M8312X2GQEXQEVEC5D3NWYGS.jpg', '/images/the%20bridge.jpg'];
    await page.route('**/carrousel/newest.json', async (route) => {
      const posted = await (await route.fetch()).json();
      await route.fulfill({ json: [...posted, ...urls.map((url) => ({ url })).reverse()] });
    });
    await page.route(/01M8312X2GQEXQEVEC5D3NWYGS|bridge/, (route) => route.fulfill({ path: pictureFile('small.jpg') }));
  },
}, async ({ board, visitor }) => {
  await board.postPicture('without', 'drawing.png', { author: 'Ada' });
  await board.postPicture('described', 'small.jpg', { alt: 'a lake' });
  await visitor.page.reload();
  await visitor.find('.carrousel__tile').nth(3).waitFor();
  const [described, without, named, dated] = await visitor.find('.carrousel__frame img').evaluateAll((images) => images.map(({ alt }) => alt));
  assert.equal(described, 'a lake');
  assert.match(without, /^Picture by Ada, (just now|\d+ minutes? ago)$/);
  assert.equal(named, 'Picture: the bridge.jpg');
  assert.match(dated, /^Picture: .*(2026|ago|yesterday)/);
});
