import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { DICTIONARIES, chooseLanguage, createWords, localeOf } from '../../../static-site/words.js';

const SITE = new URL('../../../static-site/', import.meta.url);
const source = (name) => readFileSync(new URL(name, SITE), 'utf8');
const modules = readdirSync(SITE).filter((name) => name.endsWith('.js') && !name.startsWith('words-'));
const languages = Object.keys(DICTIONARIES);
const forms = (sentence) => (typeof sentence === 'object' ? Object.values(sentence) : [sentence]);
const values = (sentence) => [...new Set(forms(sentence).join().match(/\{\w+\}/g))].sort();

function wordsIn(language) {
  return createWords({ device: { get: () => language, set() {} }, languages: [] });
}

test('every language has every sentence, with the same values in it', () => {
  const [first, ...others] = languages;
  for (const other of others) {
    assert.deepEqual(Object.keys(DICTIONARIES[other]).sort(), Object.keys(DICTIONARIES[first]).sort());
    for (const [key, sentence] of Object.entries(DICTIONARIES[first])) {
      assert.deepEqual(values(DICTIONARIES[other][key]), values(sentence), key);
    }
  }
});

test('every language has the plural forms that it needs', () => {
  for (const language of languages) {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    for (const [key, sentence] of Object.entries(DICTIONARIES[language])) {
      if (typeof sentence === 'object') assert.deepEqual(Object.keys(sentence).sort(), needed, `${language} ${key}`);
    }
  }
});

test('the page says nothing that the dictionaries do not have, and they have nothing that it does not say', () => {
  const html = source('index.html');
  const used = new Set([...html.matchAll(/data-say(?:-label)?="([^"]+)"/g)].map(([, key]) => key));
  const code = modules.map(source).join('\n');
  // Keys are written out, or begin with what is written out: `compose.${…}`.
  for (const key of Object.keys(DICTIONARIES.en)) {
    const prefix = key.slice(0, key.indexOf('.') + 1);
    if (code.includes(`'${key}'`) || code.includes(`\`${prefix}\${`)) used.add(key);
  }
  for (const [, key] of code.matchAll(/say\('([\w.-]+)'/g)) used.add(key);
  for (const [, key] of code.matchAll(/\[\['([\w.-]+\.[\w-]+)'/g)) used.add(key);
  assert.deepEqual([...used].sort(), Object.keys(DICTIONARIES.en).sort());
});

test('what holds the page’s space before any script is the English dictionary', () => {
  for (const [, key, text] of source('index.html').matchAll(/data-say="([^"]+)"[^>]*>([^<]+)</g)) {
    assert.equal(text, DICTIONARIES.en[key], key);
  }
});

test('the first of the viewer’s languages that the page speaks is chosen', () => {
  assert.equal(chooseLanguage(['zh-TW', 'en']), 'zh-Hant');
  assert.equal(chooseLanguage(['de', 'zh-CN']), 'zh-Hant');
  assert.equal(chooseLanguage(['fr', 'en-GB', 'zh']), 'en');
  assert.equal(chooseLanguage(['zha']), 'en');
  assert.equal(chooseLanguage([]), 'en');
});

test('the page’s language is that of the viewer’s region', () => {
  for (const [language, languages, locale] of [
    ['en', ['en-GB', 'en'], 'en-GB'],
    ['en', ['zh-TW', 'en-US'], 'en-US'],
    ['en', ['en', 'de-AT'], 'en-AT'],
    ['en', ['es-419'], 'en-419'],
    ['zh-Hant', ['zh-TW'], 'zh-Hant-TW'],
    ['zh-Hant', ['zh-Hant-HK', 'en-US'], 'zh-Hant-HK'],
    // In the characters of the page, whatever those of the region are.
    ['zh-Hant', ['zh-CN'], 'zh-Hant-CN'],
    ['en', ['en-u-hc-h23'], 'en'],
    ['en', ['en-US@posix'], 'en-US'],
    ['en', ['', 'c'], 'en'],
    ['en', [], 'en'],
  ]) {
    assert.equal(localeOf(language, languages), locale);
    new Intl.DateTimeFormat(locale);
  }
});

test('a language chosen once is remembered', () => {
  const items = new Map();
  const device = { get: (key) => items.get(key) ?? null, set: (key, value) => items.set(key, value) };
  createWords({ device, languages: ['en'] }).use('zh-Hant');
  assert.equal(createWords({ device, languages: ['en'] }).language, 'zh-Hant');
  items.set('language', 'tlh');
  assert.equal(createWords({ device, languages: ['en'] }).language, 'en');
});

test('numbers, sizes and plurals are those of the language', () => {
  const en = wordsIn('en');
  const zh = wordsIn('zh-Hant');
  assert.equal(en.say('list.new', { count: 1 }), '1 new message');
  assert.equal(en.say('list.new', { count: 3 }), '3 new messages');
  assert.equal(zh.say('list.new', { count: 1 }), '1 則新留言');
  assert.equal(en.say('compose.left', { count: 1_500 }), '1,500 characters left');
  assert.equal(en.sayAll([['reason.unreachable'], ['advice.connection']]), 'The board could not be reached. Check your connection and try again.');
  assert.equal(zh.sayAll([['reason.unreachable'], ['advice.connection']]), '連不上留言板。請檢查網路連線，然後再試一次。');
});

test('sizes are rounded up, so that what is over the limit looks it', () => {
  const { size } = wordsIn('en');
  assert.equal(size(4 * 1024 * 1024), '4\u00a0MB');
  assert.equal(size(4 * 1024 * 1024 + 1), '4.1\u00a0MB');
  assert.equal(size(900), '0.9\u00a0KB');
  assert.equal(size(20_000), '20\u00a0KB');
});
