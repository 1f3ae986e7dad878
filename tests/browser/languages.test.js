import assert from 'node:assert/strict';
import { LANGUAGES, nameOf } from '../../static-site/languages.js';
import { png } from './support/shapes.js';
import { historyIsBack } from './support/viewer.js';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

const dictionariesAskedFor = (page) => {
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  return () => asked.filter((path) => path.startsWith('/words-'));
};

boardTest('a viewer gets the dictionary of their language, and another one only when they choose it', { locale: 'zh-TW' }, async ({ visitor }) => {
  const asked = dictionariesAskedFor(visitor.page);
  await visitor.page.reload();
  await visitor.page.getByRole('button', { name: '貼點什麼吧…' }).waitFor();
  assert.deepEqual(asked(), ['/words-zh-hant.js']);
  await visitor.speak('en');
  await visitor.page.getByRole('button', { name: 'Pin something up…' }).waitFor();
  assert.deepEqual(asked(), ['/words-zh-hant.js', '/words-en.js']);
  await visitor.page.reload();
  await visitor.page.getByRole('button', { name: 'Pin something up…' }).waitFor();
  assert.deepEqual(asked().slice(2), ['/words-en.js'], 'what was chosen is remembered');
});

boardTest('the dictionary does not wait for the other modules', {}, async ({ board, visitor }) => {
  const asked = dictionariesAskedFor(visitor.page);
  await visitor.page.route('**/app.js', async (route) => {
    await eventually(async () => assert.equal(asked().length, 1));
    await route.continue();
  });
  await visitor.page.goto(board.site);
  await visitor.page.getByRole('button', { name: 'Pin something up…' }).waitFor();
});

boardTest('where a dictionary does not come the page stays in its language and says so', { expected: [/ERR_FAILED/] }, async ({ visitor }) => {
  await visitor.page.route('**/words-zh-hant.js', (route) => route.abort());
  await visitor.find('.language-menu').selectOption('zh-Hant');
  await visitor.find('#announcer', { hasText: 'reload the page' }).waitFor({ state: 'attached' });
  await eventually(async () => assert.equal(await visitor.find('.language-menu').inputValue(), 'en'));
  await visitor.page.getByRole('button', { name: 'Pin something up…' }).waitFor();
});

/** How far the page can be scrolled to the side: not at all, it is hoped. */
const overhang = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

boardTest('the menu has every language under its own name, and a language from right to left turns the page', { locale: 'ar-EG' }, async ({ visitor }) => {
  await visitor.page.getByRole('button', { name: 'علّق شيئًا…' }).waitFor();
  const root = () => visitor.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);
  assert.deepEqual(await root(), ['ar', 'rtl']);
  assert.deepEqual(await visitor.find('.language-menu option').allTextContents(), LANGUAGES.map(nameOf));
  await visitor.speak('en');
  assert.deepEqual(await root(), ['en', 'ltr']);
});

for (const [width, height] of [[390, 844], [1_440, 900]]) {
  boardTest(`in Arabic at ${width} pixels the page begins at the right, fits, and is accessible`, { viewport: { width, height } }, async ({ board, visitor }) => {
    await board.post('مرحبًا بكم في لوحتنا', { author: 'ليلى' });
    await board.post('A message from left to right, on a page that goes the other way.', { author: 'Ada' });
    await visitor.post({ text: 'with a picture', picture: 'small.jpg', alt: 'a hill' });
    await visitor.page.reload();
    await eventually(async () => assert.equal(await visitor.messages.count(), 3));
    await visitor.speak('ar');
    assert.equal(await overhang(visitor.page), 0);
    const right = (selector) => visitor.find(selector).first().evaluate((element) => Math.round(element.getBoundingClientRect().right));
    const margin = width - (await right('.masthead__mark'));
    assert.ok(margin < 60, 'the head begins at the right');
    assert.ok(width - (await right('.message')) < 60, 'and so do the cards');
    const arabic = visitor.message('مرحبًا').locator('.message__text');
    assert.deepEqual(await arabic.evaluate((text) => [text.lang, getComputedStyle(text).direction]), ['ar', 'rtl']);
    assert.equal(await visitor.message('A message').locator('.message__author').evaluate((name) => getComputedStyle(name).direction), 'ltr', 'a name that is too long is cut at its end');
    const english = visitor.message('A message').locator('.message__text');
    assert.deepEqual(await english.evaluate((text) => [text.hasAttribute('lang'), getComputedStyle(text).direction]), [false, 'ltr']);
    assert.deepEqual(await visitor.violations(), []);
    await visitor.openComposer();
    assert.equal(await overhang(visitor.page), 0);
    assert.deepEqual(await visitor.violations(), [], 'composer');
  });
}

boardTest('from right to left the arrows of moderators point to the other side', { locale: 'ar', settings: { POSTING: 'reviewed' }, viewport: { width: 390, height: 844 } }, async ({ board, visitor }) => {
  await board.post('انتظار', { author: 'ليلى' });
  await visitor.page.goto(`${board.site}#moderate`);
  await visitor.page.getByLabel('رمز المشرف').fill(await board.moderatorToken());
  await visitor.page.getByRole('button', { name: 'بدء الإشراف' }).click();
  await visitor.find('.review-card').waitFor();
  for (const button of ['previous', 'next']) {
    assert.equal(await visitor.find(`.review__${button} .icon`).evaluate((icon) => getComputedStyle(icon).scale), '-1 1');
  }
  assert.equal(await overhang(visitor.page), 0);
  assert.deepEqual(await visitor.violations(), []);
});

for (const language of LANGUAGES) {
  boardTest(`the longest words of ${language} fit into 320 pixels`, { viewport: { width: 320, height: 640 } }, async ({ board, visitor }) => {
    await board.post('hello', { author: 'Ada' });
    await visitor.speak(language);
    assert.equal(await overhang(visitor.page), 0);
    await visitor.openComposer();
    assert.equal(await overhang(visitor.page), 0);
    const cut = await visitor.page.evaluate(() =>
      [...document.querySelectorAll('button, label, .composer :not(input)')]
        .filter((element) => element.checkVisibility() && !element.closest('.visually-hidden') && getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1)
        .map(({ className, textContent }) => `${className}: ${textContent}`),
    );
    assert.deepEqual(cut, [], 'nothing is cut off');
    const heads = await visitor.find('.composer__head > *').evaluateAll((parts) =>
      parts.map((part) => {
        const words = document.createRange();
        words.selectNodeContents(part);
        return words.getBoundingClientRect();
      }).toSorted((one, other) => one.left - other.left),
    );
    for (const [at, { left }] of heads.entries()) assert.ok(at === 0 || heads[at - 1].right <= left, 'nothing lies over another');
  });
}

boardTest('each message has the language of its letters, and with it the face of its characters', { locale: 'en' }, async ({ board, visitor }) => {
  for (const text of ['Hello', '骨、刃、直です', '骨刃直 这里', '骨刃直 這裡', '안녕 骨']) await board.post(text);
  await visitor.page.reload();
  await eventually(async () => assert.equal(await visitor.messages.count(), 5));
  const told = await visitor.find('.message__text').evaluateAll((texts) => texts.map((text) => [text.getAttribute('lang'), /CJK (..)/.exec(getComputedStyle(text).fontFamily)[1]]));
  assert.deepEqual(told, [['ko', 'KR'], ['zh-Hant', 'TC'], ['zh-Hans', 'SC'], ['ja', 'JP'], [null, 'TC']]);
});

const POEM = '骨、刃、直です';

boardTest('so have the words on the strip, with a picture and in what is being written, and the board’s own', { settings: { BOARD_NAME: '山村の掲示板', BOARD_DESCRIPTION: 'お知らせ' } }, async ({ board, visitor }) => {
  await board.postPicture(POEM, png(1_200, 800), { author: 'ליאת', alt: 'дом' });
  await visitor.page.reload();
  const toldBy = async (selectors) => {
    for (const [selector, language] of Object.entries(selectors)) {
      await eventually(async () => assert.equal(await visitor.find(selector).first().getAttribute('lang'), language, selector));
    }
  };
  await toldBy({
    '.masthead__name': 'ja',
    '.masthead__about p': 'ja',
    '.carrousel__words bdi': 'he',
    '.carrousel__words > :last-child': 'ja',
    '.carrousel__frame img': 'und-Cyrl',
    '.message__picture img': 'und-Cyrl',
  });
  assert.match(await visitor.find('.masthead__name').evaluate((name) => getComputedStyle(name).fontFamily), /Serif CJK JP/);
  await visitor.message(POEM).locator('.message__picture').click();
  await toldBy({ '.picture-dialog__who bdi': 'he', '.picture-dialog__words': 'ja', '.is-current > .picture-dialog__image': 'und-Cyrl' });
  await visitor.page.keyboard.press('Escape');
  await historyIsBack(visitor);
  await visitor.page.getByRole('button', { name: 'All pictures' }).click();
  await toldBy({ '.all-pictures__tile img': 'und-Cyrl' });
  await visitor.page.keyboard.press('Escape');
  await historyIsBack(visitor);

  const line = visitor.find('.blank-note__line');
  assert.equal(await line.getAttribute('lang'), null, 'the page itself speaks');
  await visitor.write({ text: 'שלום', author: POEM });
  await toldBy({ '#composer-text': 'he', '#composer-author': 'ja', '.blank-note__line': 'he' });
  assert.equal(await line.evaluate((words) => getComputedStyle(words).direction), 'rtl');
  await visitor.textField.fill('Hello');
  await eventually(async () => assert.equal(await visitor.textField.getAttribute('lang'), null));
});
