import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LANGUAGES, directionOf, localize, nameOf, negotiate } from '../../../static-site/languages.js';

test('the first of the viewer’s languages that the page speaks is chosen', () => {
  for (const [preferred, chosen] of [
    [['zh-TW', 'en'], 'zh-Hant'],
    [['zh-HK'], 'zh-Hant'],
    [['zh-MO'], 'zh-Hant'],
    [['zh-CN'], 'zh-Hans'],
    [['zh-SG'], 'zh-Hans'],
    [['zh-Hans-HK'], 'zh-Hans'],
    [['zh'], 'zh-Hans'],
    [['pt-BR'], 'pt'],
    [['pt-PT', 'en'], 'pt'],
    [['es-419'], 'es'],
    [['fr-CA'], 'fr'],
    [['de-CH'], 'de'],
    [['in-ID'], 'id'],
    [['ar-EG'], 'ar'],
    [['ja', 'en'], 'ja'],
    [['ko-KR'], 'ko'],
    [['vi-VN'], 'vi'],
    [['sv', 'zh-CN'], 'zh-Hans'],
    [['sv', 'en-GB', 'zh'], 'en'],
    [['zha'], 'en'],
    [['', 'c', 'en-US@posix'], 'en'],
    [[], 'en'],
  ]) {
    assert.equal(negotiate(preferred), chosen, preferred.join());
  }
});

test('of several dictionaries of one language the one in the viewer’s script is chosen, then the one of their region', () => {
  const available = ['en', 'zh-Hant', 'zh-Hans', 'zh-HK', 'pt-BR', 'pt-PT', 'sr', 'sr-Latn'];
  for (const [preferred, chosen] of [
    ['zh-TW', 'zh-Hant'],
    ['zh-CN', 'zh-Hans'],
    ['zh-SG', 'zh-Hans'],
    ['zh', 'zh-Hans'],
    ['zh-HK', 'zh-HK'],
    ['zh-Hant-MO', 'zh-Hant'],
    ['pt', 'pt-BR'],
    ['pt-PT', 'pt-PT'],
    ['pt-AO', 'pt-BR'],
    ['sr-Latn-RS', 'sr-Latn'],
    ['sr', 'sr'],
    ['fil', 'en'],
  ]) {
    assert.equal(negotiate([preferred], available), chosen, preferred);
  }
});

test('the page’s language is that of the viewer’s region', () => {
  for (const [language, preferred, locale] of [
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
    ['pt-BR', ['pt-PT'], 'pt-PT'],
  ]) {
    assert.equal(localize(language, preferred), locale);
    new Intl.DateTimeFormat(locale);
  }
});

test('a language is written in the direction of its script', () => {
  for (const language of ['ar', 'fa', 'he', 'ur', 'pa-Arab', 'ckb', 'dv', 'ff-Adlm', 'yi']) assert.equal(directionOf(language), 'rtl', language);
  for (const language of ['en', 'zh-Hant', 'pa', 'tr', 'ku', 'ff', 'ja']) assert.equal(directionOf(language), 'ltr', language);
});

test('a language is named as it calls itself', () => {
  for (const language of LANGUAGES) {
    const [first, ...others] = new Intl.DisplayNames(language, { type: 'language' }).of(language);
    assert.equal(nameOf(language), first.toLocaleUpperCase(language) + others.join(''));
  }
});
