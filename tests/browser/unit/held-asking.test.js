import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHeldAsking } from '../../../static-site/held-asking.js';

const HOUR_MS = 60 * 60_000;
const ENTRY = { id: 'ONE', createdAt: '2026-01-01T00:00:00.000Z', status: 'held', draft: { text: 'hello', hasPicture: false }, key: 'key', knownAt: 0, repeatedAt: 0 };
const failure = (status) => Object.assign(new Error('refused'), { status });

/** A board that answers `get` and `post`, and what is known of one entry after it was asked `after` so many milliseconds. */
async function asked({ get, post, after = 2 * 60_000, entry = {}, picture = null, isDropped = false }) {
  const began = Date.parse(ENTRY.createdAt);
  const given = { ...ENTRY, knownAt: began, repeatedAt: began, ...entry };
  const known = { ...given };
  const posts = [];
  const removed = [];
  const ask = createHeldAsking({
    store: { entries: isDropped ? [] : [given], change: (_id, fields) => Object.assign(known, fields) },
    pictureOf: async () => picture,
    api: {
      async message() {
        if (typeof get === 'number') throw failure(get);
        return get;
      },
      async post(draft, { key }) {
        posts.push({ text: draft.text, key });
        if (typeof post === 'number') throw failure(post);
        return { deleteToken: 'token', ...post };
      },
      remove: async (...of) => void removed.push(of),
    },
    clock: { now: () => began + after },
  });
  return { answer: await ask(given), known, posts, removed };
}

test('a message that is on the board is told of, and is not sent again', async () => {
  const { answer, posts } = await asked({ get: { id: 'ONE', text: 'hello' } });
  assert.deepEqual([answer, posts], [{ id: 'ONE', text: 'hello' }, []]);
});

test('what is unknown by its id is sent again, once a minute, with the key of the first time', async () => {
  const { answer, known, posts } = await asked({ get: 404, post: { id: 'ONE', status: 'held' } });
  assert.deepEqual([answer, posts], [null, [{ text: 'hello', key: 'key' }]]);
  const now = Date.parse(ENTRY.createdAt) + 2 * 60_000;
  assert.deepEqual([known.knownAt, known.repeatedAt, known.status], [now, now, 'held']);
  assert.deepEqual((await asked({ get: 404, after: 30_000 })).posts, []);
});

test('a repeat is answered by the message where it was approved meanwhile, and by 410 where it was rejected', async () => {
  assert.deepEqual((await asked({ get: 404, post: { id: 'ONE' } })).answer, { id: 'ONE' });
  assert.equal((await asked({ get: 404, post: 410 })).answer, 'rejected');
  await assert.rejects(asked({ get: 404, post: 503 }), { status: 503 });
  await assert.rejects(asked({ get: 503 }), { status: 503 });
});

test('a board that has forgotten the first is asked to delete what it took for a new one', async () => {
  const { answer, removed } = await asked({ get: 404, post: { id: 'TWO' } });
  assert.deepEqual([answer, removed], [null, [['TWO', 'token']]]);
});

test('nothing is sent again that the board may have forgotten, and after a month it was not taken', async () => {
  assert.deepEqual((await asked({ get: 404, after: 25 * HOUR_MS })).posts, []);
  assert.equal((await asked({ get: 404, after: 25 * HOUR_MS })).answer, null);
  assert.equal((await asked({ get: 404, after: 32 * 24 * HOUR_MS })).answer, 'rejected');
});

test('a picture is sent again twice an hour, and only where the device has kept it', async () => {
  const entry = { draft: { text: '', hasPicture: true } };
  const picture = { bytes: new ArrayBuffer(1), type: 'image/png', name: 'a.png' };
  assert.equal((await asked({ get: 404, post: { id: 'ONE' }, entry, picture, after: HOUR_MS })).posts.length, 1);
  assert.equal((await asked({ get: 404, post: { id: 'ONE' }, entry, picture, after: HOUR_MS / 3 })).posts.length, 0);
  assert.equal((await asked({ get: 404, post: { id: 'ONE' }, entry, after: HOUR_MS })).posts.length, 0);
});

test('what was dismissed while it was asked for is forgotten', async () => {
  const { answer, posts } = await asked({ get: 404, post: 410, isDropped: true });
  assert.deepEqual([answer, posts], [null, []]);
});
