import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Board } from './support/corkboard.js';
import { Firefox } from './support/firefox.js';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

const LINES = Array.from({ length: 390 }, (_, number) => `l${number}`);
const LONG = LINES.join('\n');
/** Addresses at the beginning, in the part that is folded away, and at the end. */
const LINKED = ['https://a.example/first', ...LINES.slice(0, 100), 'https://a.example/middle', ...LINES.slice(0, 100), 'https://a.example/last'].join('\n');

const heightOf = (locator) => locator.evaluate((element) => element.getBoundingClientRect().height);
const topOf = (locator) => locator.evaluate((element) => Math.round(element.getBoundingClientRect().top));
const more = (message) => message.getByRole('button', { name: 'More' });
const less = (message) => message.getByRole('button', { name: 'Less' });

for (const width of [320, 390, 1440]) {
  boardTest(`at ${width} pixels, a text of 390 lines is folded to some twenty in the list, and unfolds and folds again`, { layout: 'list', viewport: { width, height: 800 } }, async ({ board, visitor }) => {
    await board.post('below');
    await board.post(LONG);
    await visitor.page.reload();
    const message = visitor.message('l389');
    await more(message).waitFor();
    const folded = await heightOf(message);
    assert.ok(folded < 800, `${folded} pixels`);
    await eventually(async () => assert.equal(await more(message).getAttribute('aria-expanded'), 'false'));
    await eventually(async () => assert.equal(await message.locator('.message__text').textContent(), LONG, 'all of it is there to be read out'));
    assert.deepEqual(await visitor.violations(), []);

    await more(message).focus();
    const top = await topOf(message);
    await more(message).press('Enter');
    await less(message).waitFor();
    assert.ok((await heightOf(message)) > 390 * 20);
    assert.equal(await topOf(message), top, 'what is read stays where it is');
    await visitor.focusIsAt(less(message));
    await eventually(async () => assert.equal(await less(message).getAttribute('aria-expanded'), 'true'));
    assert.deepEqual(await visitor.violations(), []);

    await less(message).press('Enter');
    await more(message).waitFor();
    assert.equal(await heightOf(message), folded);
    assert.ok((await topOf(message)) >= 0, 'its beginning is on the screen');
    await visitor.focusIsAt(more(message));
  });
}

boardTest('a text of twenty lines is not folded, until the page is so narrow that it has more', { layout: 'list' }, async ({ board, visitor }) => {
  await board.post(Array.from({ length: 20 }, (_, number) => `${number} `.repeat(20)).join('\n'));
  await visitor.page.reload();
  const message = visitor.message('19 19');
  await message.waitFor();
  const height = await heightOf(message);
  await eventually(async () => assert.equal(await more(message).count(), 0));
  await visitor.page.setViewportSize({ width: 320, height: 800 });
  await more(message).waitFor();
  await visitor.page.setViewportSize({ width: 1280, height: 800 });
  await more(message).waitFor({ state: 'hidden' });
  assert.equal(await heightOf(message), height);
});

boardTest('on the wall a long text has nine lines and what unfolds it, which moves nothing beside it', { viewport: { width: 1_440, height: 900 } }, async ({ board, visitor }) => {
  await board.postMany(16);
  await board.post(LONG);
  await visitor.page.reload();
  const message = visitor.message('l389');
  await more(message).waitFor();
  const seen = await message.evaluate((article) => {
    const text = article.querySelector('.message__text').getBoundingClientRect();
    const button = article.querySelector('.message__more').getBoundingClientRect();
    return (button.top - text.top - 16) / Number.parseFloat(getComputedStyle(article.querySelector('.message__text')).lineHeight);
  });
  assert.ok(seen > 8.9 && seen < 9.4, `${seen} lines`);
  const places = () => visitor.messages.evaluateAll((articles) => articles.map((article) => article.getBoundingClientRect()).map(({ left, top }) => ({ left, top: Math.round(top) })));
  const before = await places();
  await more(message).click();
  await less(message).waitFor();
  await eventually(async () => {
    const after = await places();
    const [{ left }] = before;
    for (const [at, place] of after.entries()) {
      if (at > 0 && place.left === left) assert.ok(place.top > before[at].top + 5_000, 'what hangs below it goes down');
      else assert.deepEqual(place, before[at]);
    }
    assert.ok(after.slice(1).some((place) => place.left === left));
  });
});

boardTest('what was unfolded can be folded again in the other layout, and stays unfolded in the first', { layout: 'wall' }, async ({ board, visitor }) => {
  await board.post(LONG);
  await visitor.page.reload();
  const message = visitor.message('l389');
  await more(message).click();
  for (const layout of ['list', 'wall']) {
    await visitor.find(`.layout-switch [value="${layout}"]`).dispatchEvent('click');
    await visitor.find(`html[data-layout="${layout}"]`).waitFor();
    await less(message).waitFor();
  }
});

for (const layout of ['list', 'wall']) {
  boardTest(`a reload in the middle of texts that are unfolded in the ${layout} leads to the same place`, { layout }, async ({ board, visitor }) => {
    const lines = (name) => Array.from({ length: 60 }, (_, number) => `${name}${number}`).join('\n');
    await board.postMany(10);
    await board.post(lines('a'));
    await board.post(lines('b'));
    await board.postMany(2);
    await visitor.page.reload();
    const [first, second] = [visitor.message('b59'), visitor.message('a59')];
    for (const message of [first, second]) {
      await more(message).click();
      await less(message).waitFor();
    }
    await first.evaluate((element) => window.scrollBy({ top: element.getBoundingClientRect().top + 700, behavior: 'instant' }));
    const places = async () => [await topOf(first), await topOf(second)];
    const before = await places();
    await visitor.page.reload();
    await eventually(async () => assert.deepEqual(await places(), before));
    // On the wall both are on the screen.
    if (layout === 'wall') await less(second).waitFor();
  });
}

boardTest('the keyboard does not come to a folded link unseen', {}, async ({ board, visitor }) => {
  await board.post(LINKED);
  await visitor.page.reload();
  const message = visitor.message('a.example/last');
  await more(message).waitFor();
  const [first, middle] = await message.locator('.message__text a').all();
  await first.focus();
  await eventually(async () => assert.equal(await more(message).isVisible(), true, 'what is seen anyhow unfolds nothing'));
  await visitor.page.keyboard.press('Tab');
  await less(message).waitFor();
  await visitor.focusIsAt(middle);
  await eventually(async () => {
    const { top, bottom } = await middle.evaluate((element) => element.getBoundingClientRect());
    assert.ok(top >= 0 && bottom <= 720, `${top} to ${bottom}`);
  });
});

boardTest('what a search in the page finds in a folded text unfolds it', {}, async ({ board, visitor }) => {
  await board.post(LONG);
  await visitor.page.reload();
  const message = visitor.message('l389');
  await more(message).waitFor();
  // Chromium's own search cannot be reached from here: it scrolls to what it finds, which `find` leaves to others.
  await visitor.page.evaluate(() => {
    window.find('l300');
    const text = document.querySelector('.message__text');
    text.scrollTop = getSelection().getRangeAt(0).getBoundingClientRect().top - text.getBoundingClientRect().top - 40;
  });
  await less(message).waitFor();
  await eventually(async () => {
    const { top, bottom } = await visitor.page.evaluate(() => getSelection().getRangeAt(0).getBoundingClientRect());
    assert.ok(top >= 0 && bottom <= 720, `${top} to ${bottom}`);
  });
});

boardTest('a linked message is shown whole', {}, async ({ board, visitor }) => {
  const { id } = await board.post(LONG);
  await board.postMany(20);
  await visitor.comeTo(`${board.site}#${id}`);
  const message = visitor.find('.permalink .message');
  await message.getByText('l389').waitFor();
  assert.ok((await heightOf(message)) > 390 * 20);
  await eventually(async () => assert.equal(await more(message).count(), 0));
});

boardTest('a linked message that the list has is unfolded there', {}, async ({ board, visitor }) => {
  const { id } = await board.post(LONG);
  await board.post('above it');
  await visitor.comeTo(`${board.site}#${id}`);
  const message = visitor.message('l389');
  await less(message).waitFor();
  await visitor.focusIsAt(message);
  const top = await topOf(message);
  assert.ok(top >= 0 && top < 300, `${top}`);
  await less(message).click();
  await more(message).waitFor();
});

boardTest('a reload in the middle of an unfolded text leads back there', { viewport: { width: 390, height: 800 } }, async ({ board, visitor }) => {
  await board.postMany(12);
  await board.post(LONG);
  await board.post('above it');
  await visitor.page.reload();
  const message = visitor.message('l389');
  await more(message).click();
  await less(message).waitFor();
  await visitor.page.evaluate(() => window.scrollBy({ top: 4_000, behavior: 'instant' }));
  const top = await topOf(message);
  assert.ok(top < -2_000, `${top}`);
  await visitor.page.reload();
  await eventually(async () => assert.equal(await topOf(message), top));
  await less(message).waitFor();
});

boardTest('printed, a long text is all there', {}, async ({ board, visitor }) => {
  await board.post(LONG);
  await visitor.page.reload();
  const message = visitor.message('l389');
  await more(message).waitFor();
  await visitor.page.emulateMedia({ media: 'print' });
  assert.ok((await heightOf(message)) > 390 * 15);
  await eventually(async () => assert.equal(await more(message).count(), 0));
});

test('in Firefox, too, a long text is folded, and unfolds for the keyboard', { timeout: 180_000 }, async () => {
  const board = await Board.start();
  let firefox;
  try {
    await board.post(LINKED);
    firefox = await Firefox.start();
    await firefox.goTo(board.site);
    await eventually(async () => assert.equal(await firefox.text('.message__more:not([hidden])'), 'More'));
    const height = () => firefox.run('return document.querySelector(".message").getBoundingClientRect().height');
    assert.ok((await height()) < 800);
    await firefox.run('document.querySelectorAll(".message__text a")[1].focus()');
    await eventually(async () => assert.equal(await firefox.text('.message__more'), 'Less'));
    assert.ok((await height()) > 200 * 20);
    await firefox.run('document.querySelector(".message__more").click()');
    await eventually(async () => assert.equal(await firefox.text('.message__more'), 'More'));
  } finally {
    await firefox?.close();
    await board.remove();
  }
});
