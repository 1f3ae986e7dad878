import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../static-site/api.js';
import { LANGUAGES } from '../../../static-site/languages.js';
import { describeSender, explainAct } from '../../../static-site/judging.js';
import { checkDraft, explainDelete, explainLoad, explainPost, isFinal, isRefusal, isUnreadPicture } from '../../../static-site/problems.js';
import { explainToken } from '../../../static-site/sign-in.js';
import { wordsIn } from '../support/dictionaries.js';

const limits = { textCharacters: 2_000, authorCharacters: 40, altCharacters: 500, pictureBytes: 4 * 1024 * 1024 };
const picture = { name: 'a.jpg', size: 6_000_000 };
const text = { text: 'hello', author: '', alt: '', picture: null };
const photo = { ...text, picture };

const words = await wordsIn('en');
const english = (sentences) => Object.fromEntries(Object.entries(sentences).map(([field, said]) => [field, words.sayAll(said)]));
const post = (error, draft = text, known = limits) => english(explainPost(new ApiError(error), draft, known));

test('a picture that is too large is told the board’s limit, where it is known', () => {
  assert.match(post({ status: 413 }, photo).picture, /^This picture is too large \(5\.8\sMB\)\. .*up to 4\sMB/);
  assert.match(post({ status: 413 }, photo, null).picture, /too large.*smaller/);
});

test('a text that is too large for what stands in front of the board is named as such', () => {
  assert.match(post({ status: 413 }).text, /too long/);
});

test('a file that is no picture is explained beside the picture', () => {
  assert.match(post({ status: 415 }, photo).picture, /JPEG, PNG, GIF, WebP and BMP/);
});

test('field errors go beside their fields, by their codes, unknown ones to the form', () => {
  const fields = [
    { field: 'text', code: 'too-long', detail: 'not for people' },
    { field: 'alt', code: 'several-lines', detail: 'not for people' },
    { field: 'author', code: 'of-next-year', detail: 'not for people' },
    { field: 'mood', code: 'unknown', detail: 'not for people' },
    { field: 'picture', code: 'malformed', detail: 'not for people' },
  ];
  const said = post({ status: 422, code: 'invalid-fields', fields });
  assert.match(said.text, /does not take this as it is/);
  assert.match(said.alt, /one line/);
  assert.match(said.author, /does not take this as it is/);
  assert.match(said.form, /does not take this as it is/);
  assert.match(said.picture, /damaged/);
  assert.ok(post({ status: 422 }).form, 'also without any field it is explained');
});

test('the form says what happened and when to try again', () => {
  assert.match(post({ status: 0 }).form, /could not be reached.*still here.*connection/);
  assert.match(post({ status: 429, retryAfter: 1 }).form, /Try again in 1 second\./);
  assert.match(post({ status: 503, code: 'database-resuming', retryAfter: 5 }).form, /waking up.*in 5 seconds/);
  assert.match(post({ status: 503, code: 'media-unavailable' }).form, /not available.*in a moment/);
  assert.match(post({ status: 500 }).form, /a problem \(500\)/);
  assert.match(post({ status: 403, code: 'posting-closed' }).form, /closed/);
  assert.match(post({ status: 403 }).form, /not take this message from you/);
  assert.match(post({ status: 410 }).form, /deleted since/);
  assert.match(post({ status: 400 }).form, /\(400\).*still here\.$/, 'it would be refused again');
});

test('of what was sent as a whole the form does not say that it was not posted', () => {
  for (const error of [{ status: 0 }, { status: 503, code: 'media-unavailable' }, { status: 504 }]) {
    assert.match(post(error, { ...text, sent: 'this' }).form, /may be on the board already/);
    for (const sent of [null, 'before']) assert.match(post(error, { ...text, sent }).form, /was not posted/);
  }
});

test('a refusal says that nothing was posted, what else failed does not', () => {
  for (const error of [{ status: 422 }, { status: 429 }, { status: 503, code: 'database-resuming' }]) assert.equal(isRefusal(error), true);
  for (const error of [{ status: 0 }, { status: 500 }, { status: 503, code: 'database-unavailable' }, { status: 504 }]) assert.equal(isRefusal(error), false);
});

test('every problem has a sentence in every language', async () => {
  const codes = ['bidirectional-control', 'control-character', 'malformed', 'required', 'several', 'several-lines', 'too-long', 'too-many-parts', 'too-many-pixels', 'without-picture', 'x'];
  const fields = ['text', 'author', 'alt', 'picture', 'x'].flatMap((field) => codes.map((code) => ({ field, code })));
  const errors = [0, 400, 401, 403, 404, 410, 413, 415, 422, 429, 500, 502, 503].flatMap((status) => [
    new ApiError({ status }),
    new ApiError({ status, code: 'database-resuming', retryAfter: 3, fields }),
    new ApiError({ status, code: 'posting-closed' }),
  ]);
  for (const language of LANGUAGES) {
    const { sayAll } = await wordsIn(language);
    for (const error of errors) {
      for (const draft of [text, photo]) {
        for (const known of [limits, null]) {
          for (const sentences of Object.values(explainPost(error, draft, known))) check(sayAll(sentences));
        }
      }
      check(sayAll(explainDelete(error)));
      check(sayAll(explainAct(error)));
      check(sayAll(explainLoad(error)));
      check(sayAll(explainToken(error, 'moderate.wrong')));
    }
  }
  function check(said) {
    assert.ok(said.length > 3 && !/undefined|NaN|\{/.test(said), said);
  }
});

test('a delete that is refused does not suggest trying again', () => {
  const said = (error, how = explainDelete) => words.sayAll(how(new ApiError(error)));
  assert.doesNotMatch(said({ status: 403 }), /again/);
  assert.doesNotMatch(said({ status: 403 }, explainAct), /again/);
  assert.equal(said({ status: 403, code: 'token-wrong' }, explainAct), '', 'it is said where one signs in');
  assert.match(said({ status: 503 }), /not deleted/);
});

test('a draft is only sent as the board will take it', () => {
  const check = (draft, known = limits) => english(checkDraft({ ...text, ...draft }, known));
  assert.match(check({ text: ' \n' }).text, /Write something/);
  assert.deepEqual(check({ text: '', picture: { size: 1 } }), {});
  assert.deepEqual(check({}), {});
  assert.deepEqual(check({ text: '𝄞'.repeat(2_000) }), {}, 'characters count, not the units of strings');
  assert.match(check({ text: 'x'.repeat(2_003) }).text, /At most 2,000 .* 3 too many/);
  assert.match(check({ author: 'x'.repeat(41) }).author, /At most 40 .* one too many/);
  assert.match(check({ picture }).picture, /too large/);
  assert.deepEqual(check({ text: 'x'.repeat(9_999), picture }, null), {}, 'the board knows its limits best');
});

test('a picture is drawn anew only where nothing but the picture was refused', () => {
  const damaged = { field: 'picture', code: 'malformed' };
  assert.equal(isUnreadPicture({ status: 422, fields: [damaged] }), true);
  assert.equal(isUnreadPicture({ status: 415, fields: [] }), true);
  assert.equal(isUnreadPicture({ status: 422, fields: [damaged, { field: 'alt', code: 'too-long' }] }), false);
  assert.equal(isUnreadPicture({ status: 422, fields: [{ field: 'picture', code: 'too-many-pixels' }] }), false);
  assert.equal(isUnreadPicture({ status: 422, fields: [] }), false);
});

test('what removing a sender takes is said before, in every language', () => {
  const sender = { known: true, messages: 95, authors: ['Ada', 'Bob'], otherAuthors: 0, anonymous: 12, since: '2026-11-26T08:10:00.000Z' };
  const said = words.sayAll(describeSender(sender));
  assert.match(said, /posted 95 messages since .*2026.*“Ada”, “Bob”\. 12 of them are without a name\. .*a school.*restored for 24 hours/);
  assert.match(words.sayAll(describeSender({ ...sender, otherAuthors: 3 })), /“Bob”, and 3 more/);
  assert.doesNotMatch(words.sayAll(describeSender({ ...sender, authors: [], anonymous: 0 })), /name/);
  assert.match(words.sayAll(describeSender({ ...sender, known: false, messages: 1 })), /no longer known who posted this\. Only this message/);
  assert.match(words.sayAll(describeSender({ ...sender, messages: 0, authors: [], anonymous: 0, since: null })), /Nothing of this sender is left/);
});

test('only an answer that would be the same again is final', () => {
  for (const status of [400, 403, 410, 413, 415, 422]) assert.equal(isFinal({ status }), true, String(status));
  for (const status of [0, 408, 429, 500, 502, 503, 504]) assert.equal(isFinal({ status }), false, String(status));
});
