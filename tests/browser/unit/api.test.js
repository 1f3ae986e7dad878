import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, createApi } from '../../../static-site/api.js';

/** An API whose server gives these answers one after the other, and notes what it was asked. */
function apiWith(...answers) {
  const asked = [];
  const fetch = async (url, options) => {
    asked.push({ url, ...options });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { api: createApi({ fetch, base: 'https://api.example' }), asked };
}

const json = (value, init) => Response.json(value, init);

async function failure(promise) {
  const error = await promise.then(() => null, (reason) => reason);
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

test('the first page is asked for again with its ETag, and 304 means nothing new', async () => {
  const first = { messages: [], next: null };
  const { api, asked } = apiWith(
    json(first, { headers: { ETag: 'W/"1"' } }),
    new Response(null, { status: 304 }),
  );
  assert.deepEqual(await api.firstPageIfChanged(), first);
  assert.equal(await api.firstPageIfChanged(), null);
  assert.equal(asked[0].url, 'https://api.example/api/messages');
  assert.deepEqual(asked.map(({ headers }) => headers), [{}, { 'If-None-Match': 'W/"1"' }]);
});

test('a text alone is sent as JSON', async () => {
  const { api, asked } = apiWith(json({ id: '01A' }, { status: 201 }));
  await api.post({ text: 'hello', author: '', picture: null, alt: '' });
  assert.equal(asked[0].method, 'POST');
  assert.equal(asked[0].headers['Content-Type'], 'application/json');
  assert.deepEqual(JSON.parse(asked[0].body), { text: 'hello', author: '' });
});

test('a picture is sent as multipart with its text and description', async () => {
  const { api, asked } = apiWith(json({ id: '01A' }, { status: 201 }));
  const picture = new File(['bytes'], 'a b.jpg', { type: 'image/jpeg' });
  await api.post({ text: 'hello', author: 'Ada', picture, alt: 'a bridge' });
  const form = asked[0].body;
  assert.deepEqual(['text', 'author', 'alt'].map((name) => form.get(name)), ['hello', 'Ada', 'a bridge']);
  assert.equal(await form.get('picture').text(), 'bytes');
});

test('a delete carries the token in the header, never in the address', async () => {
  const { api, asked } = apiWith(new Response(null, { status: 204 }));
  await api.remove('01A', 'secret');
  assert.equal(asked[0].url, 'https://api.example/api/messages/01A');
  assert.equal(asked[0].headers.Authorization, 'Bearer secret');
});

test('a problem of the board gives its code, fields and waiting time', async () => {
  const errors = [{ field: 'author', code: 'too-long', detail: 'At most 40 characters.' }];
  const problem = { type: 'urn:corkboard:problem:invalid', title: 'Invalid', status: 422, errors };
  const headers = { 'Content-Type': 'application/problem+json; charset=utf-8', 'Retry-After': '7' };
  const { api } = apiWith(new Response(JSON.stringify(problem), { status: 422, headers }));
  const error = await failure(api.post({ text: 'x' }));
  assert.deepEqual(
    { status: error.status, code: error.code, fields: error.fields, retryAfter: error.retryAfter },
    { status: 422, code: 'invalid', fields: errors, retryAfter: 7 },
  );
});

test('an answer from something in front of the board counts by its status alone', async () => {
  for (const response of [
    new Response('<h1>Too large</h1>', { status: 413, headers: { 'Content-Type': 'text/html' } }),
    json({ message: 'Request Too Long', errors: 'not ours' }, { status: 413 }),
    new Response('cut of', { status: 413, headers: { 'Content-Type': 'application/problem+json' } }),
  ]) {
    const { api } = apiWith(response);
    const error = await failure(api.board());
    assert.deepEqual([error.status, error.code, error.fields], [413, null, []]);
  }
});

test('no answer, or one that was cut off, is a failure with status 0', async () => {
  const { api } = apiWith(new TypeError('Failed to fetch'), new Response('{"messages":[', { status: 200 }));
  assert.equal((await failure(api.firstPageIfChanged())).status, 0);
  assert.equal((await failure(api.firstPageIfChanged())).status, 0);
});
