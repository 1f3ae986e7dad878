import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { eventually, pictureFile } from './support/visitor.js';

const FILES = ['drawing.png', 'small.jpg', 'photo.webp', 'animation.gif', 'drawing.bmp'];

/** Posts the first `count` pictures, oldest first, and waits until the carrousel has them. */
async function fill(visitor, count) {
  for (const file of FILES.slice(0, count)) await visitor.post({ text: `with ${file}`, picture: file, alt: file });
  await visitor.find('.carrousel__count', { hasText: `1 / ${count}` }).waitFor();
}

async function shows(visitor, alt) {
  await visitor.seeCarrousel();
  await visitor.find(`.carrousel__slide.is-current [alt="${alt}"]`).waitFor();
}

boardTest('the carrousel begins with the newest picture and can be led both ways round', {}, async ({ visitor }) => {
  await fill(visitor, 5);
  await shows(visitor, 'drawing.bmp');
  const next = visitor.page.getByRole('button', { name: 'Next picture' });
  const previous = visitor.page.getByRole('button', { name: 'Previous picture' });
  for (const alt of ['animation.gif', 'photo.webp', 'small.jpg', 'drawing.png', 'drawing.bmp']) {
    await next.click();
    await shows(visitor, alt);
  }
  await previous.click();
  await shows(visitor, 'drawing.png');
  await visitor.find('.carrousel__count', { hasText: '5 / 5' }).waitFor();
});

boardTest('the carrousel loads the current picture and its neighbours, no more', {}, async ({ visitor }) => {
  await fill(visitor, 5);
  const near = () => visitor.find('.carrousel__picture').evaluateAll((images) => images.map(({ alt }) => alt).sort());
  await eventually(async () => assert.deepEqual(await near(), ['animation.gif', 'drawing.bmp', 'drawing.png']));
  await visitor.page.getByRole('button', { name: 'Next picture' }).click();
  await eventually(async () => assert.deepEqual(await near(), ['animation.gif', 'drawing.bmp', 'photo.webp']));
});

const numbered = (length) => Array.from({ length }, (_, at) => ({ url: `/favicon.svg?${at}` }));
const newestOf = (list) => list.toReversed().slice(0, 100);

boardTest('of ten thousand pictures a hundred come at first, and all to who goes past those', {
  async before(page) {
    const list = numbered(10_000);
    await page.route('**/carrousel/newest.json', (route) => route.fulfill({ json: newestOf(list) }));
    await page.route('**/api/carrousel.json', (route) => route.fulfill({ json: list }));
  },
}, async ({ visitor }) => {
  const counts = (text) => visitor.find('.carrousel__count', { hasText: text }).waitFor();
  await counts('1 / 100');
  const near = () => visitor.find('.carrousel__picture').evaluateAll((images) => images.map(({ src }) => src.split('?')[1]).sort());
  await eventually(async () => assert.deepEqual(await near(), ['9900', '9998', '9999']));
  await visitor.page.getByRole('button', { name: 'Previous picture' }).click();
  await counts('10000 / 10000');
  await eventually(async () => assert.deepEqual(await near(), ['0', '1', '9999']));
});

boardTest('the picture after the hundredth is the next one', {
  async before(page) {
    const list = numbered(150);
    await page.route('**/carrousel/newest.json', (route) => route.fulfill({ json: newestOf(list) }));
    await page.route('**/api/carrousel.json', (route) => route.fulfill({ json: list }));
  },
}, async ({ visitor }) => {
  const next = visitor.page.getByRole('button', { name: 'Next picture' });
  await visitor.find('.carrousel__count', { hasText: '1 / 100' }).waitFor();
  for (let count = 0; count < 100; count += 1) await next.click();
  await visitor.find('.carrousel__count', { hasText: '101 / 150' }).waitFor();
});

boardTest('where there is no list of the newest, all are asked for', {
  async before(page) {
    await page.route('**/carrousel/newest.json', (route) => route.fulfill({ status: 404 }));
    await page.route('**/api/carrousel.json', (route) => route.fulfill({ json: numbered(3) }));
  },
}, async ({ visitor }) => {
  await visitor.find('.carrousel__count', { hasText: '1 / 3' }).waitFor();
  visitor.complaints.length = 0;
});

boardTest('a picture someone has gone to stays when a new one comes', {}, async ({ visitor }) => {
  await fill(visitor, 2);
  await visitor.page.getByRole('button', { name: 'Next picture' }).click();
  await shows(visitor, 'drawing.png');
  await visitor.post({ text: 'one more', picture: 'photo.webp', alt: 'photo.webp' });
  await visitor.find('.carrousel__count', { hasText: '3 / 3' }).waitFor();
  await shows(visitor, 'drawing.png');
});

boardTest(
  'the carrousel moves on by itself until it is paused',
  { reducedMotion: 'no-preference', before: (page) => page.clock.install() },
  async ({ visitor }) => {
    const { clock } = visitor.page;
    for (const file of FILES.slice(0, 3)) await visitor.post({ text: `with ${file}`, picture: file, alt: file });
    await eventually(async () => {
      await clock.runFor(1_000);
      assert.match(await visitor.find('.carrousel__count').textContent(), /\/ 3/);
    });
    // Out of its way: the pointer on it holds it.
    await visitor.page.mouse.move(0, 0);
    const position = () => visitor.find('.carrousel__count').textContent();
    const before = await position();
    await clock.runFor(7_000);
    assert.notEqual(await position(), before);

    await visitor.page.getByRole('button', { name: 'Pause the pictures' }).click();
    await visitor.page.mouse.move(0, 0);
    await visitor.page.evaluate(() => document.activeElement.blur());
    const paused = await position();
    await clock.runFor(60_000);
    assert.equal(await position(), paused);

    await visitor.page.getByRole('button', { name: 'Play the pictures' }).click();
    await clock.runFor(60_000);
    assert.equal(await position(), paused, 'the keyboard is still on it');
    await visitor.page.mouse.move(0, 0);
    await visitor.page.evaluate(() => document.activeElement.blur());
    await clock.runFor(7_000);
    assert.notEqual(await position(), paused);
  },
);

boardTest('who prefers reduced motion sees nothing move by itself', { before: (page) => page.clock.install() }, async ({ visitor }) => {
  await visitor.post({ text: 'one', picture: 'small.jpg' });
  await visitor.post({ text: 'two', picture: 'drawing.png' });
  await eventually(async () => {
    await visitor.page.clock.runFor(1_000);
    assert.equal(await visitor.find('.carrousel__count').textContent(), '1 / 2');
  });
  // Long enough for one picture, not for two.
  await visitor.page.clock.runFor(9_000);
  await eventually(async () => assert.equal(await visitor.find('.carrousel__count').textContent(), '1 / 2'));
});

const number = (request) => request.url().split('favicon.svg?')[1];

/** A list of pictures that nobody has posted, over a page long enough to scroll it away. */
async function withList(page, length) {
  await page.route('**/carrousel/newest.json', (route) => route.fulfill({ json: newestOf(numbered(length)) }));
}

/** Keeps the pictures of `withList` waiting for ever. */
async function holdPictures(page) {
  await page.route(/favicon\.svg\?/, () => {});
}

function noteRequests(page) {
  const noted = new Set();
  const asked = [];
  const aborted = [];
  page.on('request', (request) => {
    if (!number(request)) return;
    noted.add(request);
    asked.push(number(request));
  });
  // A request from before, which a reload ends, is none of these.
  page.on('requestfailed', (request) => noted.has(request) && aborted.push(number(request)));
  return { asked, aborted };
}

for (const [unseen, leave, comeBack] of [
  ['scrolled away', (page) => page.evaluate(() => window.scrollTo(0, document.body.scrollHeight)), (page) => page.evaluate(() => window.scrollTo(0, 0))],
  ['in a tab that is not on the screen', (page) => setHidden(page, true), (page) => setHidden(page, false)],
]) {
  boardTest(`${unseen}, the carrousel neither moves nor loads anything`, {
    reducedMotion: 'no-preference',
    viewport: { width: 800, height: 600 },
    async before(page) {
      await page.clock.install();
      await withList(page, 50);
    },
  }, async ({ board, visitor }) => {
    const { page } = visitor;
    await board.postMany(15);
    await page.reload();
    await visitor.message('number 15').waitFor();
    const position = () => visitor.find('.carrousel__count').textContent();
    await eventually(async () => assert.equal(await visitor.find('.carrousel__picture').count(), 3));
    await page.mouse.move(0, 0);
    const before = await position();
    await page.clock.runFor(7_000);
    assert.notEqual(await position(), before, 'seen, it moves');

    await leave(page);
    // Whether it is seen is told to the page a little later.
    await eventually(async () => {
      const { asked } = noteRequests(page);
      const there = await position();
      await page.clock.runFor(60_000);
      assert.equal(await position(), there);
      assert.deepEqual(asked, []);
    });
    const there = await position();
    await comeBack(page);
    await eventually(async () => {
      await page.clock.runFor(7_000);
      assert.notEqual(await position(), there);
    });
  });
}

for (const [unseen, leave, comeBack] of [
  [
    'under a picture that is open',
    async (page) => {
      await page.locator('.message__picture').click();
      await page.getByRole('dialog').waitFor();
    },
    (page) => page.keyboard.press('Escape'),
  ],
  [
    'on a page that was left alone',
    (page) => eventually(async () => {
      await page.clock.runFor('01:00');
      assert.ok(await page.locator('.messages__paused').isVisible());
    }),
    (page) => page.keyboard.press('Shift'),
  ],
]) {
  boardTest(`${unseen}, the carrousel neither moves nor loads anything`, {
    reducedMotion: 'no-preference',
    viewport: { width: 1_440, height: 1_000 },
    async before(page) {
      await page.clock.install();
      await withList(page, 500);
    },
  }, async ({ board, visitor }) => {
    const { page } = visitor;
    await board.postPicture('a lake', 'small.jpg');
    await page.reload();
    await visitor.message('a lake').waitFor();
    const position = () => visitor.find('.carrousel__count').textContent();
    await eventually(async () => assert.equal(await visitor.find('.carrousel__picture').count(), 3));
    await leave(page);
    await page.mouse.move(0, 0);
    if (unseen.includes('alone')) await leave(page);
    const { asked } = noteRequests(page);
    const there = await position();
    await page.clock.runFor('09:00');
    assert.equal(await position(), there);
    assert.deepEqual(asked, []);
    await comeBack(page);
    await eventually(async () => {
      await page.clock.runFor(7_000);
      assert.notEqual(await position(), there);
    });
  });
}

/** Chromium without a screen shows every tab. */
async function setHidden(page, isHidden) {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (hidden ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
}

boardTest('what was skipped before it had come is no longer loaded', { expected: [/ERR_FAILED/], before: (page) => withList(page, 50) }, async ({ visitor }) => {
  const { page } = visitor;
  await holdPictures(page);
  const { asked, aborted } = noteRequests(page);
  // That the page is there is told when all of its pictures are.
  await page.reload({ waitUntil: 'commit' });
  await eventually(async () => assert.deepEqual(asked, ['49']));
  const next = page.getByRole('button', { name: 'Next picture' });
  await next.click();
  await eventually(async () => assert.deepEqual(asked, ['49', '48']));
  await next.click();
  await next.click();
  await eventually(async () => {
    assert.deepEqual(asked, ['49', '48', '47', '46']);
    assert.deepEqual(aborted, ['49', '48']);
  });
});

boardTest('what has not come when the carrousel is scrolled away is no longer loaded, but when it is back', {
  viewport: { width: 800, height: 600 },
  before: (page) => withList(page, 50),
}, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postMany(15);
  await holdPictures(page);
  const { asked, aborted } = noteRequests(page);
  // That the page is there is told when all of its pictures are.
  await page.reload({ waitUntil: 'commit' });
  await eventually(async () => assert.deepEqual(asked, ['49']));
  await visitor.message('number 1').last().waitFor();
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await eventually(async () => assert.deepEqual(aborted, ['49']));
  await page.evaluate(() => window.scrollTo(0, 0));
  await eventually(async () => assert.deepEqual(asked, ['49', '49']));
});

boardTest('who saves data sees one picture, and no other before they ask for it', {
  reducedMotion: 'no-preference',
  async before(page) {
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true });
    await page.clock.install();
    await withList(page, 50);
  },
}, async ({ visitor }) => {
  const { page } = visitor;
  assert.equal(await page.evaluate(() => navigator.connection.saveData), true);
  await eventually(async () => {
    await page.clock.runFor(1_000);
    assert.equal(await visitor.carrouselPicture.evaluate(({ complete }) => complete), true);
  });
  await page.getByRole('button', { name: 'Play the pictures' }).waitFor();
  await page.mouse.move(0, 0);
  await page.clock.runFor(60_000);
  await eventually(async () => assert.equal(await visitor.find('.carrousel__count').textContent(), '1 / 50'));
  await eventually(async () => assert.equal(await visitor.find('.carrousel__picture').count(), 1));
  await page.getByRole('button', { name: 'Next picture' }).click();
  await visitor.find('.carrousel__count', { hasText: '2 / 50' }).waitFor();
});

boardTest('who saves data waits for no picture but the one that they are at', {
  expected: [/ERR_FAILED/],
  async before(page) {
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true });
    await withList(page, 50);
  },
}, async ({ visitor }) => {
  const { page } = visitor;
  await holdPictures(page);
  const { asked, aborted } = noteRequests(page);
  await page.reload({ waitUntil: 'commit' });
  await eventually(async () => assert.deepEqual(asked, ['49']));
  // That of the page before.
  aborted.length = 0;
  await page.getByRole('button', { name: 'Next picture' }).click();
  await eventually(async () => assert.deepEqual([asked, aborted], [['49', '48'], ['49']]));
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
  await visitor.find('.carrousel__count', { hasText: '1 / 4' }).waitFor();
  const alts = [];
  for (const count of ['1 / 4', '2 / 4', '3 / 4', '4 / 4']) {
    await visitor.find('.carrousel__count', { hasText: count }).waitFor();
    await visitor.seeCarrousel();
    alts.push(await visitor.carrouselPicture.getAttribute('alt'));
    await visitor.page.getByRole('button', { name: 'Next picture' }).click();
  }
  const [described, without, named, dated] = alts;
  assert.equal(described, 'a lake');
  assert.match(without, /^Picture by Ada, (just now|\d+ minutes? ago)$/);
  assert.equal(named, 'Picture: the bridge.jpg');
  assert.match(dated, /^Picture: .*(2026|ago|yesterday)/);
});
