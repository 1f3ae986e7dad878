import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, createApi } from '../../../static-site/api.js';
import { createModeratorApi } from '../../../static-site/moderator-api.js';
import { createSession, isSignedOut } from '../../../static-site/moderator-session.js';

const keeping = () => {
  const kept = new Map();
  return { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value), drop: (key) => kept.delete(key), kept };
};

/** A moderator's API whose server gives these answers one after the other, and notes what it was asked. */
function apiWith(...answers) {
  const asked = [];
  const fetch = async (url, options) => {
    asked.push({ url, ...options });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const { ask, olderMessages } = createApi({ fetch, upload: fetch, base: 'https://api.example' });
  const session = {
    token: 'secret',
    refuse(token) {
      if (token === this.token) this.token = null;
    },
  };
  const refusals = [];
  return { api: createModeratorApi({ ask, messagesBefore: olderMessages, session, onRefused: () => refusals.push(session.token) }), asked, session, refusals };
}

const json = (value) => Response.json(value);
const problem = (status, code) => new Response(JSON.stringify({ type: `urn:corkboard:problem:${code}`, status }), { status, headers: { 'Content-Type': 'application/problem+json' } });

async function failure(promise) {
  const error = await promise.then(() => null, (reason) => reason);
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

test('a sender is removed by a message, with the moderator token', async () => {
  const { api, asked } = apiWith(json({ removed: 3 }));
  assert.equal(await api.removeSender('01A'), 3);
  assert.equal(asked[0].url, 'https://api.example/api/moderation/remove-sender');
  assert.equal(asked[0].headers.Authorization, 'Bearer secret');
  assert.deepEqual(JSON.parse(asked[0].body), { messageId: '01A' });
});

test('a token or a code is exchanged for a session, and never sent where it cannot be one', async () => {
  const session = { token: 'Ada.1.x', moderator: 'Ada', expiresAt: '2026-01-08T00:00:00.000Z' };
  const { api, asked } = apiWith(json(session), json(session), problem(403, 'token-wrong'), problem(500, 'internal'), new TypeError('Failed to fetch'));
  assert.deepEqual(await api.signIn({ token: 'secret' }), session);
  assert.deepEqual(await api.signIn({ code: 'Ada.0.y' }), session);
  for (const status of [403, 500, 0]) assert.equal((await failure(api.signIn({ token: 'wrong' }))).status, status);
  for (const { url } of asked) assert.equal(url, 'https://api.example/api/moderation/session');
  assert.deepEqual(asked.map(({ headers, body }) => [headers.Authorization, body]).slice(0, 3), [['Bearer secret', '{}'], [undefined, '{"code":"Ada.0.y"}'], ['Bearer wrong', '{}']]);
  assert.equal((await failure(api.signIn({ token: '權杖' }))).status, 403);
  assert.equal(asked.length, 5, 'what no header can carry is not sent');
});

test('many are decided on in parts, and of a part that failed nothing is known', async () => {
  const ids = Array.from({ length: 120 }, (_, at) => `id ${at}`);
  const done = (some) => json({ outcomes: some.map((messageId) => ({ messageId, outcome: 'done' })) });
  const { api, asked } = apiWith(done(ids.slice(0, 50)), problem(503, 'database-unavailable'), done(ids.slice(100)));
  const outcomes = new Map(await api.decide('reject', ids));
  assert.deepEqual(asked.map(({ body }) => JSON.parse(body).messageIds.length), [50, 50, 20]);
  assert.deepEqual(['id 0', 'id 50', 'id 119'].map((id) => outcomes.get(id)), ['done', 'failed', 'done']);
  assert.equal((await failure(apiWith(problem(403, 'token-wrong')).api.decide('approve', ids))).status, 403);
});

test('what is on the board is read as all read it, in pages', async () => {
  const { api, asked } = apiWith(json({ messages: [{ id: 'B', picture: null }], next: 'B' }), json({ messages: [], next: null }));
  assert.deepEqual(await api.list('posted'), { messages: [{ id: 'B', picture: null, status: 'posted' }], next: 'B' });
  await api.list('posted', 'B');
  assert.deepEqual(asked.map(({ url }) => url), ['https://api.example/api/messages?limit=50', 'https://api.example/api/messages?limit=50&before=B']);
  assert.ok(asked.every(({ headers }) => !headers?.Authorization));
});

test('what is deleted forever says so in the query, and its token in the header', async () => {
  const { api, asked } = apiWith(new Response(null, { status: 204 }), problem(404, 'message-not-found'), problem(503, 'x'));
  assert.deepEqual((await api.deleteForever(['A', 'B', 'C'])).toSorted(), [['A', 'done'], ['B', 'not-found'], ['C', 'failed']]);
  assert.deepEqual(asked.map(({ url, method }) => [url, method])[0], ['https://api.example/api/messages/A?forever=true', 'DELETE']);
  assert.ok(asked.every(({ url }) => !url.includes('secret')));
});

test('a session that the board does not accept is over at once, and what comes after it is nobody’s', async () => {
  const { api, asked, session, refusals } = apiWith(json({ held: 1 }), problem(403, 'token-wrong'), json({ held: 2 }));
  assert.equal((await api.waiting()).held, 1);
  assert.ok(isSignedOut(await failure(api.waiting())));
  assert.deepEqual([session.token, refusals], [null, [null]]);
  assert.ok(isSignedOut(await failure(api.waiting())));
  assert.equal(asked.length, 2, 'nothing is asked without a token');
  session.token = 'another';
  const late = failure(api.waiting());
  session.token = 'a third';
  assert.ok(isSignedOut(await late));
});

test('of a token only that refusal ends a session', async () => {
  const { api, session, refusals } = apiWith(problem(403, 'cross-site'), new Response(null, { status: 403 }), problem(503, 'x'));
  for (const status of [403, 403, 503]) assert.equal((await failure(api.waiting())).status, status);
  assert.deepEqual([session.token, refusals], ['secret', []]);
});

test('a token is kept until the tab is closed, or for a week', () => {
  const clock = { time: 0, now: () => clock.time };
  const storage = keeping();
  const inTab = (tabStorage = keeping()) => createSession({ storage, tabStorage, clock });
  const first = inTab();
  const session = { token: 'secret', expiresAt: new Date(7 * 24 * 60 * 60_000).toISOString() };
  first.keep(session, { forWeek: false });
  assert.deepEqual([first.token, inTab().token], ['secret', null]);
  first.keep(session, { forWeek: true });
  assert.equal(inTab().token, 'secret');
  clock.time = 7 * 24 * 60 * 60_000;
  const ended = inTab();
  assert.deepEqual([ended.token, ended.lost], [null, 'ended']);
  ended.refuse(null);
  assert.equal(ended.lost, 'ended');
  assert.deepEqual([first.token, first.lost], [null, 'ended'], 'also in the tab where it began');
  ended.keep({ ...session, expiresAt: new Date(clock.time + 1).toISOString() }, { forWeek: true });
  assert.equal(ended.lost, null);
  ended.drop();
  assert.equal(ended.lost, null);
  assert.equal(storage.kept.size, 0, 'nothing is left of it');
  clock.time = 0;
  first.keep(session, { forWeek: true });
  first.refuse('of somebody else');
  assert.equal(first.token, 'secret');
  first.refuse('secret');
  assert.deepEqual([first.token, first.lost, inTab().token, storage.kept.size], [null, 'revoked', null, 0]);
  first.keep(session, { forWeek: true });
  first.signOut();
  assert.deepEqual([first.token, first.lost, inTab().token, storage.kept.size], [null, null, null, 0]);
});
