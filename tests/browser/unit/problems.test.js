import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../static-site/api.js';
import { checkDraft, explainDelete, explainPost, size } from '../../../static-site/problems.js';

const limits = { pictureBytes: 4 * 1024 * 1024 };
const picture = { name: 'a.jpg', size: 6_000_000 };
const text = { text: 'hello', picture: null };
const photo = { text: 'hello', picture };

const post = (error, draft = text, known = limits) => explainPost(new ApiError(error), draft, known);

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

test('field errors go beside their fields, unknown ones to the form', () => {
  const fields = [
    { field: 'text', code: 'too-long', detail: 'At most 2,000 characters.' },
    { field: 'alt', code: 'too-long', detail: 'At most 500 characters.' },
    { field: 'alt', code: 'line-break', detail: 'One line only.' },
    { field: 'mood', code: 'unknown', detail: 'No such field.' },
  ];
  assert.deepEqual(post({ status: 422, code: 'invalid', fields }), {
    text: 'At most 2,000 characters.',
    alt: 'At most 500 characters. One line only.',
    form: 'No such field.',
  });
  assert.ok(post({ status: 422 }).form, 'also without any field it is explained');
});

test('the form says what happened and when to try again', () => {
  assert.match(post({ status: 0 }).form, /could not be reached.*still here.*connection/);
  assert.match(post({ status: 429, retryAfter: 1 }).form, /Try again in 1 second\./);
  assert.match(post({ status: 503, code: 'database-resuming', retryAfter: 5 }).form, /waking up.*in 5 seconds/);
  assert.match(post({ status: 503, code: 'database-unavailable' }).form, /not available.*in a moment/);
  assert.match(post({ status: 500 }).form, /a problem \(500\)/);
  assert.match(post({ status: 403 }).form, /closed/);
  assert.match(post({ status: 400 }).form, /\(400\)/);
});

test('a delete that is refused does not suggest trying again', () => {
  assert.doesNotMatch(explainDelete(new ApiError({ status: 403 })), /again/);
  assert.match(explainDelete(new ApiError({ status: 503 })), /not deleted/);
});

test('only a draft with a text or a picture is sent', () => {
  assert.ok(checkDraft({ text: ' \n', picture: null }).text);
  assert.deepEqual(checkDraft({ text: '', picture }), {});
  assert.deepEqual(checkDraft({ text: 'hello', picture: null }), {});
});

test('sizes are rounded up, so that what is over the limit looks it', () => {
  assert.equal(size(4 * 1024 * 1024), '4\u00a0MB');
  assert.equal(size(4 * 1024 * 1024 + 1), '4.1\u00a0MB');
  assert.equal(size(900), '0.9\u00a0KB');
  assert.equal(size(20_000), '20\u00a0KB');
});
