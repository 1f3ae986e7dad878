import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';
import { SITE } from './support/dictionaries.js';

const dictionariesAskedFor = (page) => {
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  return () => asked.filter((path) => path.startsWith('/words-'));
};

boardTest('a viewer gets the dictionary of their language, and another one only when they choose it', { locale: 'zh-TW' }, async ({ visitor }) => {
  const asked = dictionariesAskedFor(visitor.page);
  await visitor.page.reload();
  await visitor.page.getByRole('heading', { name: '寫留言' }).waitFor();
  assert.deepEqual(asked(), ['/words-zh-hant.js']);
  await visitor.speak('en');
  await visitor.page.getByRole('heading', { name: 'Write a message' }).waitFor();
  assert.deepEqual(asked(), ['/words-zh-hant.js', '/words-en.js']);
  await visitor.page.reload();
  await visitor.page.getByRole('heading', { name: 'Write a message' }).waitFor();
  assert.deepEqual(asked().slice(2), ['/words-en.js'], 'what was chosen is remembered');
});

boardTest('the dictionary does not wait for the other modules', {}, async ({ board, visitor }) => {
  const asked = dictionariesAskedFor(visitor.page);
  await visitor.page.route('**/app.js', async (route) => {
    await eventually(async () => assert.equal(asked().length, 1));
    await route.continue();
  });
  await visitor.page.goto(board.site);
  await visitor.page.getByRole('heading', { name: 'Write a message' }).waitFor();
});

boardTest('where a dictionary does not come the page stays in its language and says so', { expected: [/ERR_FAILED/] }, async ({ visitor }) => {
  await visitor.page.route('**/words-zh-hant.js', (route) => route.abort());
  await visitor.find('.language-menu').selectOption('zh-Hant');
  await visitor.find('#announcer', { hasText: 'reload the page' }).waitFor({ state: 'attached' });
  await eventually(async () => assert.equal(await visitor.find('.language-menu').inputValue(), 'en'));
  await visitor.page.getByRole('heading', { name: 'Write a message' }).waitFor();
});

boardTest('the menu has every language under its own name, and a language from right to left turns the page', { locale: 'ar-EG' }, async ({ board, visitor }) => {
  const languages = await (await fetch(new URL('viewer-language.js', board.site))).text();
  const words = await readFile(new URL('words-en.js', SITE), 'utf8');
  const serve = (name, body) => visitor.page.route(`**/${name}`, (route) => route.fulfill({ contentType: 'text/javascript', body }));
  await serve('viewer-language.js', languages.replace("'zh-Hant']", "'zh-Hant', 'ar']"));
  await serve('words-ar.js', words.replace('Write a message', 'اكتب رسالة'));
  await visitor.page.goto(board.site);
  await visitor.page.getByRole('heading', { name: 'اكتب رسالة' }).waitFor();
  const root = () => visitor.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);
  assert.deepEqual(await root(), ['ar', 'rtl']);
  assert.deepEqual(await visitor.find('.language-menu option').allTextContents(), ['English', '繁體中文', 'العربية']);
  await visitor.speak('en');
  assert.deepEqual(await root(), ['en', 'ltr']);
});
