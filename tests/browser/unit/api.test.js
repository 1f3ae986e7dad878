import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, createApi } from '../../../static-site/api.js';

/** An API whose server gives these answers one after the other, and notes what it was asked. */
function apiWith(...answers) {
  return apiAt('https://api.example', ...answers);
}

function apiAt(base, ...answers) {
  const asked = [];
  const fetch = async (url, options) => {
    asked.push({ url, ...options });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { api: createApi({ fetch, upload: fetch, base }), asked };
}

/** How a message is sent where nobody looks at its progress. */
const sending = (key = 'k'.repeat(32)) => ({ key, onProgress() {}, signal: new AbortController().signal });

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
  await api.post({ text: 'hello', author: '', picture: null, alt: '' }, sending('0123456789abcdef'));
  assert.equal(asked[0].method, 'POST');
  assert.equal(asked[0].headers['Idempotency-Key'], '0123456789abcdef');
  assert.equal(asked[0].headers['Content-Type'], 'application/json');
  assert.deepEqual(JSON.parse(asked[0].body), { text: 'hello', author: '' });
});

test('a picture is sent as multipart with its text and description', async () => {
  const { api, asked } = apiWith(json({ id: '01A' }, { status: 201 }));
  const picture = new File(['bytes'], 'a b.jpg', { type: 'image/jpeg' });
  await api.post({ text: 'hello', author: 'Ada', picture, alt: 'a bridge' }, sending());
  assert.deepEqual(Object.keys(asked[0].headers), ['Idempotency-Key'], 'the browser writes the boundary');
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
  const error = await failure(api.post({ text: 'x' }, sending()));
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

test('pictures of an API elsewhere are there, too', async () => {
  const picture = { url: '/images/01A.jpg', alt: null };
  const { api } = apiWith(
    json({ messages: [{ id: '01A', picture }, { id: '01B', picture: null }], next: null }),
    json([{ url: '/images/01A.jpg' }, { url: 'https://media.example/b.jpg' }]),
  );
  const { messages } = await api.firstPageIfChanged();
  assert.deepEqual(messages.map((message) => message.picture?.url), ['https://api.example/images/01A.jpg', undefined]);
  const urls = (await api.carrouselIfChanged()).map(({ url }) => url);
  assert.deepEqual(urls, ['https://api.example/images/01A.jpg', 'https://media.example/b.jpg']);
});

test('the newest pictures are asked for, and all where they are wanted', async () => {
  const pictures = (...names) => names.map((name) => ({ url: `/images/${name}.jpg` }));
  const { api, asked } = apiAt('', json(pictures('c', 'b')), json(pictures('a', 'b', 'c')));
  assert.deepEqual(await api.carrouselIfChanged(), pictures('b', 'c'));
  assert.deepEqual(await api.carrouselIfChanged({ all: true }), pictures('a', 'b', 'c'));
  assert.deepEqual(asked.map(({ url }) => url), ['/carrousel/newest.json', '/api/carrousel.json']);
});

test('where there is no list of the newest pictures, all are asked for from then on', async () => {
  const { api, asked } = apiAt('', new Response(null, { status: 404 }), json([]), json([]));
  for (let time = 0; time < 2; time += 1) assert.deepEqual(await api.carrouselIfChanged(), []);
  assert.deepEqual(asked.map(({ url }) => url), ['/carrousel/newest.json', '/api/carrousel.json', '/api/carrousel.json']);
});

test('a list of pictures above 1 MB is asked for once', async () => {
  const list = Array.from({ length: 20_000 }, (_, number) => ({ url: `https://media.example/images/${number}.jpg`.padEnd(60) }));
  const { api, asked } = apiWith(json(list));
  assert.equal((await api.carrouselIfChanged()).length, 20_000);
  assert.equal(await api.carrouselIfChanged(), null);
  assert.equal(asked.length, 1);
});

test('the first page can be had anew although it did not change', async () => {
  const page = { messages: [], next: null };
  const { api, asked } = apiWith(json(page, { headers: { ETag: 'W/"1"' } }), json(page));
  await api.firstPageIfChanged();
  assert.deepEqual(await api.firstPageIfChanged({ anew: true }), page);
  assert.deepEqual(asked[1].headers, {});
});
