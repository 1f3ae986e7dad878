import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { languageOf } from '../../../static-site/text-language.js';

const check = (cases, languages = ['en']) => {
  for (const [text, language] of cases) assert.equal(languageOf(text, languages), language, text);
};

// Those of the pages that message-board makes, too.
test('letters tell the language to those who read no Chinese', async () => {
  const cases = new URL('../../support/text-languages.json', import.meta.url);
  check(JSON.parse(await readFile(cases, 'utf8')));
});

test('accents that are characters of their own are letters, too', () => {
  check([['Chào mọi người'.normalize('NFD').replace('Chào', 'Tiếng'), 'vi']]);
});

test('Chinese characters alone are the viewer’s Chinese', () => {
  check([['山水', 'zh-Hant'], ['这是简体', 'zh-Hant']], ['en', 'zh-TW']);
  check([['山水', 'zh-Hans'], ['這是繁體', 'zh-Hans']], ['zh-CN', 'zh-TW']);
  check([['山水', 'zh-Hant']], ['zh-HK']);
});

test('to those who read Japanese, characters that both have are Japanese', () => {
  check([['山水', 'ja'], ['这里很好', 'zh-Hans'], ['這裡很好', 'zh-Hant']], ['ja']);
});
