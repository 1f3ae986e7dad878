import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactTime, relativeTime } from '../../../static-site/time.js';
import { createWords } from '../../../static-site/words.js';

const wordsIn = (language, languages = []) => createWords({ device: { get: () => language, set() {} }, languages });
const moment = new Date(2026, 10, 22, 10, 30);
const after = (ms, language = 'en') => relativeTime(moment, moment.getTime() + ms, wordsIn(language));
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

test('a moment is told by how long ago it was', () => {
  assert.equal(after(0), 'just now');
  assert.equal(after(59_999), 'just now');
  assert.equal(after(MINUTE), '1 minute ago');
  assert.equal(after(59 * MINUTE), '59 minutes ago');
  assert.equal(after(HOUR), '1 hour ago');
  assert.equal(after(DAY), 'yesterday');
  assert.equal(after(6 * DAY), '6 days ago');
  assert.equal(after(7 * DAY), 'Nov 22, 2026');
});

test('a slow clock does not put a message into the future', () => {
  assert.equal(after(-5_000), 'just now');
});

test('times are in the language of the page', () => {
  assert.equal(after(5 * MINUTE, 'zh-Hant'), '5 分鐘前');
  assert.equal(after(10, 'zh-Hant'), '剛剛');
  assert.match(after(8 * DAY, 'zh-Hant'), /2026年11月22日/);
  assert.match(exactTime(moment, wordsIn('en')), /Sunday, November 22, 2026.*10:30/);
  assert.match(exactTime(moment, wordsIn('zh-Hant')), /2026年11月22日.*10:30/);
});

test('dates and times are written as in the viewer’s region', () => {
  const after = (languages) => relativeTime(moment, moment.getTime() + 8 * DAY, wordsIn('en', languages));
  assert.equal(after(['en-GB']), '22 Nov 2026');
  assert.equal(after(['en-US']), 'Nov 22, 2026');
  const evening = new Date(2026, 10, 22, 22, 30);
  assert.match(exactTime(evening, wordsIn('en', ['en-GB'])), /22 November 2026.*22:30$/);
  assert.match(exactTime(evening, wordsIn('en', ['en-US'])), /10:30\sPM$/);
  assert.match(exactTime(evening, wordsIn('zh-Hant', ['zh-TW'])), /晚上10:30$/);
});
