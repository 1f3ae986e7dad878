import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageOf } from '../../../static-site/text-language.js';

const check = (cases, languages = ['en']) => {
  for (const [text, language] of cases) assert.equal(languageOf(text, languages), language, text);
};

test('a script that one language writes tells the language', () => {
  check([
    ['안녕하세요', 'ko'],
    ['漢字와 한글', 'ko'],
    ['こんにちは', 'ja'],
    ['東京タワー', 'ja'],
    ['ㄅㄆㄇ 注音', 'zh-Hant'],
    ['مرحبا بكم', 'ar'],
    ['שלום', 'he'],
    ['สวัสดี', 'th'],
    ['Καλημέρα', 'el'],
    ['გამარჯობა', 'ka'],
  ]);
});

test('a script that many languages write tells itself', () => {
  check([['Привет', 'und-Cyrl'], ['नमस्ते', 'und-Deva']]);
});

test('Latin letters tell nothing, except those that Vietnamese has alone', () => {
  check([
    ['Hello!', null],
    ['Größe, señor, cœur', null],
    ['Chào mọi người, hôm nay trời đẹp quá', 'vi'],
    ['Chào mọi người'.normalize('NFD').replace('Chào', 'Tiếng'), 'vi'],
    ['', null],
    ['123 🎉 …', null],
  ]);
});

test('Chinese characters alone are the viewer’s Chinese', () => {
  check([['山水', 'zh-Hant'], ['这是简体', 'zh-Hant']], ['en', 'zh-TW']);
  check([['山水', 'zh-Hans'], ['這是繁體', 'zh-Hans']], ['zh-CN', 'zh-TW']);
  check([['山水', 'zh-Hant']], ['zh-HK']);
});

test('to those who read no Chinese, characters that only one way of writing has tell it', () => {
  check([['这里很好', 'zh-Hans'], ['這裡很好', 'zh-Hant'], ['山水', 'zh']]);
  check([['山水', 'ja'], ['这里很好', 'zh-Hans'], ['這裡很好', 'zh-Hant']], ['ja']);
});

test('what most of a text is written in decides, and addresses do not count', () => {
  check([
    ['We met at 東京 and took the train all the way home', null],
    ['今天看到 iPhone 的新聞這麼多', 'zh-Hant'],
    ['ここ https://example.com/a/very/long/address/that/goes/on/and/on', 'ja'],
    ['Привет from Berlin', null],
  ]);
});
