import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModerationLog } from '../../../static-site/moderation-log.js';

const START = Date.parse('2026-01-01T00:00:00Z');
const entry = (number, { second = number * 60, moderator = 'Ada', action = 'reject', ...more } = {}) =>
  ({ id: String(number).padStart(3, '0'), at: new Date(START + second * 1_000).toISOString(), moderator, action, messageId: `M${number}`, url: null, ...more });

/** A log of these, oldest first, in pages of two; each request waits until it is answered. */
function logOf(entries) {
  const asked = [];
  const load = (after) => new Promise((resolve, reject) => {
    const answer = () => {
      const all = entries.filter(({ id }) => !after || id < after).toReversed();
      resolve({ entries: all.slice(0, 2), next: all.length > 2 ? all[1].id : null });
    };
    asked.push({ after, answer, fail: reject });
  });
  const log = new ModerationLog({ load });
  const done = async (promise) => {
    asked.at(-1).answer();
    await promise;
  };
  return { log, entries, asked, done };
}

const numbers = (log) => log.entries.map(({ id }) => Number(id));

test('a page that follows is asked for once, however often that is wanted', async () => {
  const { log, asked, done } = logOf([1, 2, 3].map((number) => entry(number)));
  await done(log.look());
  const both = [log.more(), log.more()];
  assert.equal(asked.length, 2);
  await done(Promise.all(both));
  assert.deepEqual([numbers(log), log.goesOn], [[3, 2, 1], false]);
});

test('what is new comes before what is there, and older pages stay', async () => {
  const { log, entries, done } = logOf([1, 2, 3, 4].map((number) => entry(number)));
  await done(log.look());
  await done(log.more());
  entries.push(entry(5));
  await done(log.look());
  assert.deepEqual([numbers(log), log.goesOn], [[5, 4, 3, 2, 1], false]);
  entries.push(entry(6), entry(7), entry(8));
  await done(log.look());
  assert.deepEqual([numbers(log), log.goesOn], [[8, 7], true], 'nothing is left out between two pages');
});

test('what was done at once is one act, by one moderator', () => {
  const { log } = logOf([]);
  log.entries = [
    entry(9, { second: 700, messageId: null, action: 'posting-open' }), entry(8, { second: 699, messageId: null, action: 'posting-open' }),
    entry(7, { second: 604 }), entry(6, { second: 600 }), entry(5, { second: 596 }), entry(4, { second: 590 }),
    entry(3, { second: 590, moderator: 'Bo' }), entry(2, { second: 590, moderator: 'Bo', action: 'approve' }),
  ];
  assert.deepEqual(log.acts.map((act) => act.map(({ id }) => Number(id))), [[9], [8], [7, 6, 5], [4], [3], [2]]);
});

test('what could not be looked up leaves what is there, and nothing comes after it is cleared', async () => {
  const { log, asked, done } = logOf([1, 2, 3].map((number) => entry(number)));
  await done(log.look());
  const failing = log.more();
  asked.at(-1).fail(new Error('no connection'));
  await failing;
  assert.deepEqual([numbers(log), log.failure.message, log.isLoading], [[3, 2], 'no connection', false]);
  const late = log.look();
  log.clear();
  await done(late);
  assert.deepEqual([numbers(log), log.goesOn, log.failure], [[], false, null]);
});
