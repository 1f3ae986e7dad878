// Pictures under the fingers: the picture dialog, and the grid of all pictures.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ENGINES } from './support/engines.js';
import { png } from './support/shapes.js';
import { StubBoard } from './support/stub-board.js';
import { CURRENT, IMAGE, historyIsBack, isClosed, open, placeInHistory, postThree } from './support/viewer.js';
import { eventually } from './support/visitor.js';
import { boardTest } from './support/with-board.js';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const says = (visitor, part, text) => eventually(async () => assert.equal(await visitor.find(`.picture-dialog__${part}`).textContent(), text));
const widthOf = async (visitor) => (await visitor.find(IMAGE).boundingBox()).width;

/**
 * Fingers on the screen, over the debugger: each step is where they are, and an empty one lifts them. As far as the browser
 * is told, a frame passes between one and the next, however busy the machine is.
 */
async function touch({ context, page }, ...steps) {
  const session = await context.newCDPSession(page);
  const end = Date.now() / 1000;
  let down = false;
  for (const [at, points] of steps.entries()) {
    const type = points.length === 0 ? 'touchEnd' : down ? 'touchMove' : 'touchStart';
    down = points.length > 0;
    const timestamp = end - (steps.length - at) / 60;
    await session.send('Input.dispatchTouchEvent', { type, timestamp, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  }
  await session.detach();
}

const between = (from, to, count) => Array.from({ length: count }, (_, at) => from + ((to - from) * (at + 1)) / count);

boardTest('a swipe leads to the next picture, with what was written with it, and three at most are there', PHONE, async ({ board, visitor }) => {
  await postThree(board, visitor);
  await open(visitor, 'third');
  await says(visitor, 'count', '1 of 3');
  await says(visitor, 'words', 'third');
  // The finger rests before it is lifted: how far the picture flies on otherwise is the browser's.
  await touch(visitor, [[330, 400]], ...between(330, 40, 12).map((x) => [[x, 400]]), ...Array(9).fill([[40, 400]]), []);
  await says(visitor, 'count', '2 of 3');
  await says(visitor, 'words', 'second');
  assert.equal(await visitor.find('.picture-dialog__stage').count(), 3);
  await eventually(async () => assert.equal((await visitor.find(CURRENT).boundingBox()).x, 0, 'it snaps'));
  assert.deepEqual(await visitor.violations(), []);
  await touch(visitor, [[60, 400]], ...between(60, 350, 12).map((x) => [[x, 400]]), []);
  await says(visitor, 'words', 'third');
  await visitor.find('.picture-dialog__close').tap();
  await isClosed(visitor);
});

boardTest('two fingers enlarge a picture up to its pixels, and a double tap does and undoes it', PHONE, async ({ board, visitor }) => {
  await postThree(board, visitor);
  await open(visitor, 'third');
  assert.equal(await widthOf(visitor), 390);
  const apart = (by) => [[195 - by, 400], [195 + by, 400]];
  await touch(visitor, apart(20), ...between(20, 150, 10).map(apart), []);
  await eventually(async () => assert.equal(await widthOf(visitor), 1_600, 'a pixel is one of CSS'));
  await eventually(async () => assert.match(await visitor.find(IMAGE).evaluate(({ currentSrc }) => currentSrc), /\/images\//));
  const { x, width } = await visitor.find(IMAGE).boundingBox();
  assert.ok(Math.abs((195 - x) / width - 0.5) < 0.02, 'what was between the fingers still is');

  const place = () => visitor.find(CURRENT).evaluate(({ scrollLeft }) => scrollLeft);
  const before = await place();
  await touch(visitor, [[300, 400]], ...between(300, 100, 8).map((at) => [[at, 400]]), []);
  await eventually(async () => assert.ok((await place()) > before, 'it is moved'));
  await says(visitor, 'count', '1 of 3');

  const doubleTap = () => visitor.find(CURRENT).evaluate((stage) => {
    for (let times = 0; times < 2; times += 1) stage.firstElementChild.dispatchEvent(new MouseEvent('click', { clientX: 100, clientY: 300, bubbles: true }));
  });
  await doubleTap();
  await eventually(async () => assert.equal(await widthOf(visitor), 390));
  await doubleTap();
  await eventually(async () => assert.ok((await widthOf(visitor)) >= 780));
});

boardTest('pulled down a picture closes, and pulled a little it stays', PHONE, async ({ board, visitor }) => {
  await postThree(board, visitor);
  await open(visitor, 'second');
  await touch(visitor, [[195, 300]], ...between(300, 350, 6).map((y) => [[195, y]]), []);
  assert.equal(await visitor.find('.picture-dialog').evaluate((dialog) => dialog.open), true);
  await touch(visitor, [[195, 300]], ...between(300, 520, 10).map((y) => [[195, y]]), []);
  await isClosed(visitor);
  await historyIsBack(visitor);
  assert.equal(visitor.page.url(), board.site);
});

boardTest('the screenshot of a whole page can be read on a phone up to its pixels', PHONE, async ({ board, visitor }) => {
  await board.postPicture('read this', await readFile('support/long-screenshot.jpg'));
  await visitor.page.reload();
  await open(visitor, 'read this');
  assert.equal(await widthOf(visitor), 390);
  const apart = (by) => [[195, 400 - by], [195, 400 + by]];
  await touch(visitor, apart(20), ...between(20, 200, 10).map(apart), []);
  const { width } = (await board.json('/api/messages')).messages[0].picture;
  await eventually(async () => assert.equal(await widthOf(visitor), Math.max(width, 3 * 390)));
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('keys and the wheel enlarge, and lead from picture to picture', {}, async ({ board, visitor }) => {
  await postThree(board, visitor);
  const { keyboard, mouse } = visitor.page;
  const opener = visitor.message('second').locator('.message__picture');
  await opener.focus();
  await keyboard.press('Enter');
  await says(visitor, 'count', '2 of 3');
  for (const [key, count] of [['ArrowRight', '3 of 3'], ['ArrowRight', '3 of 3'], ['Home', '1 of 3'], ['ArrowLeft', '1 of 3'], ['End', '3 of 3'], ['ArrowLeft', '2 of 3']]) {
    await keyboard.press(key);
    await says(visitor, 'count', count);
  }
  const whole = await widthOf(visitor);
  await keyboard.press('+');
  await eventually(async () => assert.ok(Math.abs((await widthOf(visitor)) - 1.5 * whole) < 1));
  await keyboard.press('ArrowRight');
  await says(visitor, 'count', '2 of 3');
  await keyboard.press('-');
  await eventually(async () => assert.equal(await widthOf(visitor), whole));
  const { x, y, width, height } = await visitor.find(IMAGE).boundingBox();
  await mouse.move(x + width / 4, y + height / 4);
  await mouse.wheel(0, -400);
  await eventually(async () => assert.ok((await widthOf(visitor)) > 2 * whole));
  await keyboard.press('0');
  await eventually(async () => assert.equal(await widthOf(visitor), whole));
  await keyboard.press('Escape');
  await isClosed(visitor);
  await visitor.focusIsAt(opener);
  await historyIsBack(visitor);
});

boardTest('what is known stands with a picture: its message, or its name alone', {}, async ({ board, visitor }) => {
  await board.postPicture('long words\n'.repeat(40), png(900, 600), { author: 'Ada' });
  const { id } = (await board.json('/api/messages')).messages[0];
  await board.postMany(30);
  await board.putPicture('images/summer.png', 'drawing.png');
  await eventually(async () => assert.equal((await board.json('/carrousel/newest.json')).length, 2));
  await visitor.page.reload();
  await visitor.page.getByRole('button', { name: 'All pictures' }).click();
  await visitor.page.getByRole('button', { name: 'Picture: summer.png' }).click();
  await eventually(async () => assert.equal(await visitor.find('.picture-dialog__who').textContent(), 'summer.png'));
  assert.equal(await visitor.find('.picture-dialog__acts').isVisible(), false);
  await visitor.page.keyboard.press(await visitor.find('.picture-dialog__next').getAttribute('aria-disabled') === 'true' ? 'ArrowLeft' : 'ArrowRight');
  // Its message is further down than the list goes.
  await eventually(async () => assert.match(await visitor.find('.picture-dialog__who').textContent(), /^Ada/));
  await visitor.page.getByRole('button', { name: 'More', exact: true }).click();
  assert.deepEqual(await visitor.violations(), []);
  assert.match(await visitor.find('.picture-dialog__save').getAttribute('href'), new RegExp(id));

  await visitor.page.getByRole('link', { name: 'See it on the board' }).click();
  await eventually(() => assert.equal(visitor.page.url(), `${board.site}#${id}`));
  assert.equal(await visitor.find('dialog[open]').count(), 0);
  await visitor.focusIsAt(visitor.find(`[id="${id}"]`));
});

boardTest('a message is shared by its address', { permissions: ['clipboard-read', 'clipboard-write'] }, async ({ board, visitor }) => {
  await postThree(board, visitor);
  const { id } = (await board.json('/api/messages')).messages[0];
  await open(visitor, 'third');
  await visitor.find('.picture-dialog__share').click();
  await visitor.find('.picture-dialog .toast', { hasText: 'The link is copied.' }).waitFor();
  assert.equal(await visitor.page.evaluate(() => navigator.clipboard.readText()), `${board.site}m/${id}`);
  assert.deepEqual(await visitor.violations(), []);

  await visitor.page.evaluate(() => {
    navigator.share = async (data) => (window.shared = data);
  });
  await visitor.find('.picture-dialog__share').click();
  await eventually(async () => assert.equal((await visitor.page.evaluate(() => window.shared)).url, `${board.site}m/${id}`));
});

boardTest('where the keyboard was on a picture that somebody deletes, the keys go on with the next one', { ...PHONE, expected: [/status of 404/] }, async ({ board, visitor }) => {
  await board.postPicture('first', png(1_600, 1_200));
  await board.postPicture('second', png(1_600, 1_201));
  const mountains = await board.postPicture('the mountains', png(12_000, 1_080));
  await visitor.page.reload();
  await open(visitor, 'the mountains');
  await visitor.focusIsAt(visitor.find(CURRENT));
  await board.delete(mountains);
  await eventually(async () => {
    await visitor.lookAgain();
    await says(visitor, 'words', 'second');
  });
  await visitor.page.keyboard.press('ArrowRight');
  await says(visitor, 'words', 'first');
});

boardTest('the number of a picture that was opened from all pictures leads back to them, and Back leads on', {}, async ({ board, visitor }) => {
  await postThree(board, visitor);
  await open(visitor, 'third');
  await visitor.find('.picture-dialog__close').click();
  await isClosed(visitor);
  await historyIsBack(visitor);
  await visitor.page.getByRole('button', { name: 'All pictures' }).click();
  await visitor.find('.all-pictures__tile').first().waitFor();
  const allPictures = await placeInHistory(visitor);
  await visitor.find('.all-pictures__tile button').nth(1).click();
  await says(visitor, 'count', '2 of 3');
  await visitor.find('.picture-dialog__count').click();
  await isClosed(visitor);
  await visitor.focusIsAt(visitor.find('.all-pictures__tile button').nth(1));
  await historyIsBack(visitor, allPictures);
  await visitor.page.goBack();
  await visitor.find('.all-pictures').waitFor({ state: 'hidden' });
  await historyIsBack(visitor);
});

/** A board of so many pictures, by their addresses alone. */
async function pretendPictures({ page }, count) {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const url = (at) => {
    let left = Date.UTC(2026, 10, 20) - (count - at) * 6 * 3_600_000;
    let time = '';
    for (let digit = 0; digit < 10; digit += 1) {
      time = digits[left % 32] + time;
      left = Math.floor(left / 32);
    }
    return `/images/${time}${String(at).padStart(16, '0')}.png`;
  };
  const list = Array.from({ length: count }, (_, at) => ({ url: url(at) }));
  await page.route('**/carrousel/newest.json', (route) => route.fulfill({ json: list.slice(-100).reverse() }));
  await page.route('**/api/carrousel.json', (route) => route.fulfill({ json: list }));
  const body = png(64, 64);
  await page.route(/\/(small|images)\//, (route) => route.fulfill({ body, contentType: 'image/png' }));
}

for (const [width, height] of [[320, 640], [390, 844], [768, 1_024], [1_440, 900]]) {
  boardTest(`at ${width} pixels, of 5,000 pictures only those nearly seen have tiles, and keys lead through them`, { viewport: { width, height }, before: (page) => pretendPictures({ page }, 5_000) }, async ({ visitor }) => {
    const { page } = visitor;
    await page.evaluate(() => document.querySelector('.masthead__pictures').click());
    await eventually(async () => assert.equal(await visitor.find('.all-pictures__count').textContent(), '5,000'));
    const tiles = () => visitor.find('.all-pictures__tile').count();
    const placed = () => page.evaluate(() => Number(document.activeElement.parentElement.ariaPosInSet));
    assert.ok((await tiles()) > 0 && (await tiles()) < 250, `${await tiles()} tiles`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    assert.deepEqual(await visitor.violations(), []);
    for (const [key, check] of [
      ['Home', (at) => at === 1],
      ['ArrowRight', (at) => at === 2],
      ['ArrowDown', (at) => at > 4],
      ['PageDown', (at) => at > 8],
      ['End', (at) => at === 5_000],
      ['ArrowLeft', (at) => at === 4_999],
      ['PageUp', (at) => at < 4_995],
    ]) {
      await page.keyboard.press(key);
      const at = await placed();
      assert.ok(check(at), `${key}: ${at}`);
      assert.ok((await tiles()) < 250);
    }
    await visitor.find('.all-pictures__scroller').evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight / 2));
    await eventually(async () => assert.ok(await visitor.find('.all-pictures__month h3').evaluateAll((all) => all.some((title) => /^\w+ 20\d\d$/.test(title.textContent) && title.getBoundingClientRect().top < innerHeight))));
    assert.ok((await tiles()) < 250);
  });
}

boardTest('from the number of a picture one jumps to another, and Back leads all the way', { before: (page) => pretendPictures({ page }, 5_000), expected: [/status of 404/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  await visitor.find('.carrousel__frame').first().click();
  await visitor.find(CURRENT).waitFor();
  await says(visitor, 'count', '1 of more than 100');
  const picture = await placeInHistory(visitor);
  await visitor.find('.picture-dialog__count').click();
  await eventually(async () => assert.equal(await visitor.find('.all-pictures__count').textContent(), '5,000'));
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await says(visitor, 'count', '5,000 of 5,000');
  assert.equal(await visitor.find('.all-pictures').evaluate((dialog) => dialog.open), false);
  await historyIsBack(visitor, picture);
  await page.keyboard.press('ArrowLeft');
  await says(visitor, 'count', '4,999 of 5,000');
  await page.goBack();
  await isClosed(visitor);
  assert.equal(page.url(), board.site);

  await page.evaluate(() => document.querySelector('.masthead__pictures').click());
  await visitor.find('.all-pictures__tile button').nth(3).click();
  await says(visitor, 'count', '4 of 5,000');
  await page.goBack();
  await isClosed(visitor);
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.parentElement.ariaPosInSet), '4'));
  await page.goBack();
  await visitor.find('.all-pictures').waitFor({ state: 'hidden' });
});

const PICTURES = ['one', 'two', 'three', 'four'].map((key) => ({ key: `${key}.png`, width: 1_600, height: 1_200 }));

for (const [engine, start] of Object.entries(ENGINES)) {
  for (const language of ['en', 'ar']) {
    test(`in ${engine} one scrolls from picture to picture${language === 'ar' ? ', from right to left as well' : ''}`, { timeout: 180_000 }, async () => {
      const board = await StubBoard.start(PICTURES);
      let session;
      try {
        session = await start(board.site, { width: 390, height: 844, scale: 1 });
        await eventually(() => session.run("document.querySelector('.message__picture img').getBoundingClientRect()"));
        if (language === 'ar') await session.run("document.documentElement.dir = 'rtl'");
        await eventually(() => session.run("document.querySelector('.message__picture').click()"));
        const count = () => session.run("return document.querySelector('.picture-dialog__count').textContent");
        const isPlaced = () => eventually(async () => {
          const { x, shown } = await session.run("const image = document.querySelector('.is-current > .picture-dialog__image'); return { x: image.parentElement.getBoundingClientRect().x, shown: image.complete && image.naturalWidth > 0 };");
          assert.ok(Math.abs(x) < 1 && shown, `${x}`);
        });
        for (const number of [1, 2, 3, 4]) {
          await eventually(async () => assert.equal(await count(), `${number} of 4`));
          await isPlaced();
          await session.run("const track = document.querySelector('.picture-dialog__track'); track.scrollBy({ left: track.clientWidth * (getComputedStyle(track).direction === 'rtl' ? -1 : 1) });");
        }
        await session.run("document.querySelector('.picture-dialog__previous').click()");
        await eventually(async () => assert.equal(await count(), '3 of 4'));
        await isPlaced();
        const width = () => session.run("return document.querySelector('.is-current > .picture-dialog__image').getBoundingClientRect().width");
        const whole = await width();
        await session.run("document.querySelector('.picture-dialog').dispatchEvent(new KeyboardEvent('keydown', { key: '+' }))");
        await eventually(async () => assert.ok(Math.abs((await width()) - 1.5 * whole) < 1));
        await session.run('history.back()');
        await eventually(async () => assert.equal(await session.run("return document.querySelector('.picture-dialog').open"), false));
      } finally {
        await session?.close();
        await board.close();
      }
    });
  }
}

for (const [engine, start] of Object.entries(ENGINES)) {
  test(`in ${engine} a panorama is read from its left and a long picture from its top, also on a page from right to left`, { timeout: 180_000 }, async () => {
    const board = await StubBoard.start([{ key: 'wide.png', width: 6_000, height: 1_200 }, { key: 'long.png', width: 600, height: 6_000 }]);
    let session;
    try {
      session = await start(board.site, { width: 390, height: 844, scale: 1 });
      await eventually(() => session.run("document.querySelector('.message__picture img').getBoundingClientRect()"));
      await session.run("document.documentElement.dir = 'rtl'");
      await eventually(() => session.run("document.querySelector('.message__picture').click()"));
      const shown = () => session.run(`
        const stage = document.querySelector('.picture-dialog__stage.is-current');
        const [box, image] = [stage, stage.firstElementChild].map((one) => one.getBoundingClientRect());
        return { key: stage.firstElementChild.alt, stage: Math.round(box.left), left: Math.round(image.left), top: Math.round(image.top - box.top), isWider: image.width > 2 * box.width, isLonger: image.height > 2 * box.height };`);
      await eventually(async () => assert.deepEqual(await shown(), { key: 'wide.png', stage: 0, left: 0, top: (await shown()).top, isWider: true, isLonger: false }));
      await session.run("document.querySelector('.picture-dialog__next').click()");
      await eventually(async () => assert.deepEqual(await shown(), { key: 'long.png', stage: 0, left: 0, top: 0, isWider: false, isLonger: true }));
    } finally {
      await session?.close();
      await board.close();
    }
  });
}
