import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactTime, relativeTime, shortTime } from '../../../static-site/time.js';
import { wordsIn } from '../support/dictionaries.js';

const moment = new Date(2026, 10, 22, 10, 30);
const after = async (ms, language = 'en') => relativeTime(moment, moment.getTime() + ms, await wordsIn(language));
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

test('a moment is told by how long ago it was', async () => {
  assert.equal(await after(0), 'just now');
  assert.equal(await after(59_999), 'just now');
  assert.equal(await after(MINUTE), '1 minute ago');
  assert.equal(await after(59 * MINUTE), '59 minutes ago');
  assert.equal(await after(HOUR), '1 hour ago');
  assert.equal(await after(DAY), 'yesterday');
  assert.equal(await after(6 * DAY), '6 days ago');
  assert.equal(await after(7 * DAY), 'Nov 22, 2026');
});

test('where there is little room, how long ago is told in few letters', async () => {
  const short = async (ms, language = 'en') => shortTime(moment, moment.getTime() + ms, await wordsIn(language));
  assert.deepEqual([await short(0), await short(4 * MINUTE), await short(2 * HOUR), await short(3 * DAY), await short(8 * DAY)], ['just now', '4 min', '2 hr', '3 days', 'Nov 22, 2026']);
  assert.equal(await short(4 * MINUTE, 'zh-Hant'), '4 分鐘');
});

test('a slow clock does not put a message into the future', async () => {
  assert.equal(await after(-5_000), 'just now');
});

test('times are in the language of the page', async () => {
  assert.equal(await after(5 * MINUTE, 'zh-Hant'), '5 分鐘前');
  assert.equal(await after(10, 'zh-Hant'), '剛剛');
  assert.match(await after(8 * DAY, 'zh-Hant'), /2026年11月22日/);
  assert.match(exactTime(moment, await wordsIn('en')), /Sunday, November 22, 2026.*10:30/);
  assert.match(exactTime(moment, await wordsIn('zh-Hant')), /2026年11月22日.*10:30/);
});

test('dates and times are written as in the viewer’s region', async () => {
  const localized = async (languages) => relativeTime(moment, moment.getTime() + 8 * DAY, await wordsIn('en', languages));
  assert.equal(await localized(['en-GB']), '22 Nov 2026');
  assert.equal(await localized(['en-US']), 'Nov 22, 2026');
  const evening = new Date(2026, 10, 22, 22, 30);
  assert.match(exactTime(evening, await wordsIn('en', ['en-GB'])), /22 November 2026.*22:30$/);
  assert.match(exactTime(evening, await wordsIn('en', ['en-US'])), /10:30\sPM$/);
  assert.match(exactTime(evening, await wordsIn('zh-Hant', ['zh-TW'])), /晚上10:30$/);
});
