import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ApiError } from '../../../static-site/api.js';
import { Composition } from '../../../static-site/composition.js';
import { PictureChoice } from '../../../static-site/picture-choice.js';
import { Submission } from '../../../static-site/submission.js';

/** A message that was written, and how it is sent to a board that answers so; an error is thrown. */
function write(text, answers, { saved = null } = {}) {
  const sent = [];
  const post = async ({ text: body }, { key, onProgress }) => {
    sent.push({ body, key });
    onProgress(1);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const drafts = { load: async () => saved, save: async () => {}, clear: async () => {} };
  const composition = new Composition({ drafts, storage: { get: () => null, set() {} }, choice: new PictureChoice({}) });
  const clock = { setTimeout: (action, ms) => ms > 1_000 && setImmediate(action), clearTimeout() {} };
  const keys = ['key 2', 'key 1'];
  const submission = new Submission({ composition, post, announce() {}, clock, newKey: () => keys.pop() });
  composition.type('text', text);
  return { composition, submission, sent };
}

const resuming = new ApiError({ status: 503, code: 'database-resuming', retryAfter: 5 });
const lost = new ApiError({ status: 0 });
const message = { id: 'A' };

test('a message is sent under one idempotency key until the board has it', async () => {
  const { composition, submission, sent } = write('hello', [resuming, lost, message]);
  submission.submit();
  await once(submission, 'refused');
  assert.deepEqual(composition.errors.form[1], ['post.unsure']);
  submission.submit();
  const [posted] = await once(submission, 'posted');
  assert.deepEqual(posted.detail, message);
  assert.deepEqual(sent, [1, 2, 3].map(() => ({ body: 'hello', key: 'key 1' })));
  assert.equal(composition.isEmpty, true);
  assert.equal(composition.sending, null);
});

test('a message that was changed is another one, and that is said', async () => {
  const { composition, submission, sent } = write('hello', [lost, message]);
  submission.submit();
  await once(submission, 'refused');
  composition.type('text', 'hello again');
  assert.deepEqual(composition.errors.form, [['post.changed']]);
  submission.submit();
  await once(submission, 'posted');
  assert.deepEqual(sent.map(({ key }) => key), ['key 1', 'key 2']);
});

test('while a message is being sent it is not sent a second time', async () => {
  const { submission, sent } = write('hello', [message]);
  submission.submit();
  submission.submit();
  await once(submission, 'posted');
  await submission.settled;
  assert.equal(sent.length, 1);
});

test('what is wrong with a message is found before it is sent', async () => {
  const { composition, submission, sent } = write(' ', []);
  submission.submit();
  await once(submission, 'refused');
  assert.deepEqual(composition.errors, { text: [['text.required']] });
  assert.deepEqual(sent, []);
});

test('what this device kept comes before what was typed meanwhile', async () => {
  const saved = { text: 'kept', author: 'Ada', alt: '', key: 'old key', sent: 'this', picture: null, pictureName: null };
  const { composition } = write('typed', [], { saved });
  await composition.restore(async () => {});
  const { text, author, key, sent } = composition.draft;
  assert.deepEqual({ text, author, key, sent }, { text: 'kept\ntyped', author: 'Ada', key: null, sent: 'before' });
  assert.deepEqual(composition.errors.form, [['post.changed']]);
});
