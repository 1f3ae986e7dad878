import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../static-site/api.js';
import { Feed } from '../../../static-site/feed.js';
import { Pagination } from '../../../static-site/pagination.js';

const page = (ids, next = null) => ({ messages: ids.map((id) => ({ id, picture: null })), next });
const clock = { setTimeout: (action) => setImmediate(action), clearTimeout() {} };

/** A pagination to which the board gives these answers, one after the other; an error is thrown. */
function paginate({ first = [], older = [] }) {
  const answer = (answers) => async () => {
    const next = answers.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  const feed = new Feed();
  const pagination = new Pagination({ api: { firstPageIfChanged: answer(first), olderMessages: answer(older) }, feed, clock });
  const events = [];
  for (const type of ['change', 'new-messages', 'refreshed']) pagination.addEventListener(type, ({ detail }) => events.push([type, detail]));
  return { feed, pagination, events, ids: () => feed.messages.map(({ id }) => id) };
}

const read = { isRead: () => true };

test('the first page is shown at once, and what is new later waits while the list is read', async () => {
  const { pagination, events, ids } = paginate({ first: [page(['B', 'A']), page(['C', 'B', 'A']), page(['D', 'C', 'B', 'A'])] });
  await pagination.refresh(read);
  assert.deepEqual(ids(), ['B', 'A']);
  await pagination.refresh(read);
  assert.deepEqual(ids(), ['B', 'A']);
  assert.deepEqual(events.filter(([type]) => type === 'new-messages'), [['new-messages', { count: 1, more: false }]]);
  await pagination.refresh({ isRead: () => false });
  assert.deepEqual(ids(), ['D', 'C', 'B', 'A']);
});

test('a first page that fails is told, and that the connection is back', async () => {
  const failure = new ApiError({ status: 0 });
  const { pagination, events } = paginate({ first: [page(['A']), failure, null] });
  await pagination.refresh(read);
  await pagination.refresh(read);
  assert.equal(pagination.failure, failure);
  assert.equal(pagination.loaded, true);
  await pagination.refresh(read);
  assert.equal(pagination.failure, null);
  assert.deepEqual(events.filter(([type]) => type === 'refreshed'), [['refreshed', { wasLost: false }], ['refreshed', { wasLost: true }]]);
});

test('older messages come page by page, with backoff while the database wakes up', async () => {
  const resuming = new ApiError({ status: 503, code: 'database-resuming', retryAfter: 5 });
  const { pagination, ids } = paginate({ first: [page(['D', 'C'], 'C')], older: [resuming, page(['B', 'A']), new ApiError({ status: 500 })] });
  await pagination.refresh(read);
  const waited = [];
  pagination.addEventListener('change', () => waited.push(pagination.older.failure));
  assert.equal(await pagination.loadOlder(), 'B');
  assert.deepEqual(waited, [null, resuming, null]);
  assert.deepEqual(ids(), ['D', 'C', 'B', 'A']);
  assert.deepEqual(pagination.older, { loading: false, failure: null });

  assert.equal(await pagination.loadOlder(), null);
  assert.equal(pagination.older.failure.status, 500);
});

test('a page of older messages that was overtaken by a list that started afresh is left out', async () => {
  const { pagination, feed, ids } = paginate({ first: [page(['D', 'C'], 'C')] });
  await pagination.refresh(read);
  const late = new Pagination({ api: { olderMessages: async () => { feed.next = 'X'; return page(['B'], 'B'); } }, feed, clock });
  assert.equal(await late.loadOlder(), null);
  assert.deepEqual(ids(), ['D', 'C']);
});
