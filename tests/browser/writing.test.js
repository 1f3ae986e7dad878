import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

boardTest('whoever comes near the limit is told how much is left, and beyond it nothing is sent', {}, async ({ board, visitor }) => {
  const count = visitor.find('.composer__count');
  await visitor.write({ text: 'x'.repeat(1_799) });
  await count.waitFor({ state: 'hidden' });
  await visitor.write({ text: '𝄞'.repeat(1_850) });
  await eventually(async () => assert.equal(await count.textContent(), '150 characters left'));
  await visitor.find('#announcer', { hasText: '150 characters left' }).waitFor({ state: 'attached' });

  const keys = await visitor.noteKeys();
  await visitor.write({ text: 'x'.repeat(2_001) });
  await eventually(async () => assert.equal(await count.textContent(), '1 character too many'));
  await visitor.send();
  await visitor.find('#composer-text-error', { hasText: 'At most 2,000 characters' }).waitFor();
  await visitor.focusIsAt(visitor.textField);
  assert.deepEqual(keys, []);

  await visitor.write({ text: 'x'.repeat(2_000) });
  await visitor.send();
  await visitor.messages.first().waitFor();
  assert.equal((await board.json('/api/messages')).messages[0].text.length, 2_000);
});

boardTest('the name is remembered on the device', {}, async ({ visitor }) => {
  await visitor.post({ text: 'hello', author: '阿明' });
  await visitor.page.reload();
  await visitor.message('hello').waitFor();
  await visitor.openComposer();
  await eventually(async () => assert.equal(await visitor.page.getByLabel('Name').inputValue(), '阿明'));
});

for (const keys of ['Control+Enter', 'Meta+Enter']) {
  boardTest(`${keys} posts`, {}, async ({ visitor }) => {
    await visitor.write({ text: 'by the keyboard' });
    await visitor.textField.press(keys);
    await visitor.message('by the keyboard').waitFor();
  });
}

boardTest('what was written and chosen survives a reload', {}, async ({ visitor }) => {
  await visitor.write({ text: '寫到一半', author: 'Ada', picture: 'small.jpg', alt: 'a lake' });
  const kept = await eventually(async () => {
    const [picture] = await visitor.keptPictures();
    assert.equal(picture.name, 'small.jpg');
    return picture;
  });
  await visitor.page.reload();
  await visitor.openComposer();
  await visitor.prepared();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), '寫到一半'));
  await eventually(async () => assert.equal(await visitor.page.getByLabel('Name').inputValue(), 'Ada'));
  await eventually(async () => assert.equal(await visitor.page.getByLabel('What is in the picture?').inputValue(), 'a lake'));
  await eventually(async () => assert.deepEqual(await visitor.keptPicture(), kept));

  await visitor.send();
  await visitor.message('寫到一半').locator('img').waitFor();
  await eventually(async () => assert.equal(await visitor.message('寫到一半').locator('img').getAttribute('alt'), 'a lake'));
  await visitor.page.reload();
  await visitor.message('寫到一半').waitFor();
  await visitor.openComposer();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), '', 'posted is posted'));
  await eventually(async () => assert.deepEqual(await visitor.keptPictures(), []));
});

boardTest('what was written survives the end of the page without a word', {}, async ({ board, visitor }) => {
  await visitor.write({ text: 'unfinished', picture: 'drawing.png' });
  await eventually(async () => assert.equal((await visitor.keptPictures()).length, 1));
  // As when the browser crashes: nothing of the page gets to run any more.
  const session = await visitor.context.newCDPSession(visitor.page);
  session.send('Page.crash').catch(() => {});
  await visitor.page.waitForEvent('crash');
  await visitor.page.close();

  const later = await visitor.openTab(board.site);
  await later.openComposer();
  await later.prepared();
  await eventually(async () => assert.equal(await later.textField.inputValue(), 'unfinished'));
  await eventually(async () => assert.equal(await later.find('.picture-field__name').textContent(), 'drawing.png'));
});

boardTest('two tabs do not overwrite each other, and what a closed one left is found again', {}, async ({ board, visitor }) => {
  await visitor.write({ text: 'of the first tab' });
  const second = await visitor.openTab(board.site);
  await second.openComposer();
  await eventually(async () => assert.equal(await second.textField.inputValue(), ''));
  await second.write({ text: 'of the second tab' });

  await visitor.page.reload();
  await visitor.openComposer();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'of the first tab'));
  await second.page.close();
  const third = await visitor.openTab(board.site);
  await third.openComposer();
  await eventually(async () => assert.equal(await third.textField.inputValue(), 'of the second tab'));

  await third.post({ text: 'of the second tab' });
  await third.page.close();
  await visitor.page.reload();
  await visitor.openComposer();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'of the first tab'));
});

boardTest('an answer that got lost does not make a second message, not even after a reload', { expected: [/ERR_CONNECTION_RESET/] }, async ({ board, visitor }) => {
  const keys = await visitor.noteKeys();
  const answersComeAgain = await visitor.loseAnswers();
  await visitor.write({ text: 'once, please', picture: 'small.jpg' });
  await visitor.send();
  await visitor.find('.composer__error', { hasText: 'could not be reached' }).waitFor();
  assert.equal((await board.json('/api/messages')).messages.length, 1, 'the board has it');

  await answersComeAgain();
  await visitor.page.reload();
  await visitor.find('.composer__error', { hasText: 'will not appear twice' }).waitFor();
  await visitor.prepared();
  await visitor.send();
  await visitor.find('#announcer', { hasText: 'Your message is on the board.' }).waitFor({ state: 'attached' });
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.equal((await board.json('/api/messages')).messages.length, 1);
  await visitor.find('.carrousel__tile').waitFor();
  await visitor.delete('once, please');
});

boardTest('a page that goes before the answer comes does not make a second message either', {}, async ({ board, visitor }) => {
  const keys = await visitor.noteKeys();
  const answersComeAgain = await visitor.loseAnswers({ ever: true });
  await visitor.write({ text: 'gone too early' });
  await visitor.send();
  await eventually(async () => assert.equal((await board.json('/api/messages')).messages.length, 1));
  await visitor.page.reload();
  await answersComeAgain();
  await visitor.find('.composer__error', { hasText: 'will not appear twice' }).waitFor();
  await visitor.send();
  await visitor.find('#announcer', { hasText: 'Your message is on the board.' }).waitFor({ state: 'attached' });
  assert.equal(keys[0], keys[1]);
  assert.equal((await board.json('/api/messages')).messages.length, 1);
});

boardTest('another text is another message, with a key of its own', { expected: [/ERR_FAILED/] }, async ({ visitor }) => {
  const keys = await visitor.noteKeys();
  await visitor.page.route('**/api/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await visitor.write({ text: 'first try' });
  await visitor.send();
  await visitor.find('.composer__error', { hasText: 'could not be reached' }).waitFor();
  await visitor.page.unroute('**/api/messages');
  await visitor.post({ text: 'second thoughts' });
  await visitor.post({ text: 'second thoughts, again' });
  assert.equal(new Set(keys).size, 3);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
});

boardTest('a server that is killed while one posts loses nothing', { expected: [/ERR_|Failed to load/] }, async ({ board, visitor }) => {
  const keys = await visitor.noteKeys();
  await visitor.write({ text: 'through the storm', picture: 'small.jpg', alt: 'a lake' });
  await visitor.page.route('**/api/messages', async (route) => {
    if (route.request().method() === 'POST') await board.kill();
    await route.continue();
  });
  await visitor.send();
  await visitor.find('.composer__error', { hasText: 'could not be reached' }).waitFor();
  await visitor.page.unroute('**/api/messages');
  await board.start();
  await visitor.send();
  await visitor.message('through the storm').locator('img').waitFor();
  assert.equal(keys[0], keys[1]);
  assert.equal((await board.json('/api/messages')).messages.length, 1);
});

boardTest('a board that wakes up is waited for, with the same key', { expected: [/status of 503/] }, async ({ visitor }) => {
  const keys = await visitor.noteKeys();
  await visitor.page.route('**/api/messages', (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    return route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      headers: { 'Retry-After': '3' },
      body: JSON.stringify({ type: 'urn:corkboard:problem:database-resuming', status: 503 }),
    });
  });
  await visitor.write({ text: 'good morning' });
  await visitor.send();
  await visitor.page.getByText('The board is waking up. Your message will be posted in a few seconds.').waitFor();
  await eventually(async () => assert.ok(keys.length >= 2, 'it is tried again'));
  await visitor.page.unroute('**/api/messages');
  await visitor.message('good morning').waitFor();
  assert.equal(new Set(keys).size, 1);
});

boardTest('sending shows how far it is and can be cancelled', {}, async ({ board, visitor }) => {
  await visitor.write({ text: 'a slow line', picture: 'camera.jpg' });
  const session = await visitor.context.newCDPSession(visitor.page);
  await session.send('Network.enable');
  const line = (uploadThroughput) =>
    session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
  await line(60_000);
  const keys = await visitor.noteKeys();
  await visitor.send();
  const progress = visitor.page.getByRole('progressbar', { name: 'Sending the picture' });
  await progress.waitFor();
  const seen = new Set();
  await eventually(async () => {
    seen.add(await progress.evaluate((bar) => bar.value));
    assert.ok(seen.size >= 3 && Math.max(...seen) > 0.05, `${[...seen]}`);
  });
  assert.ok(Math.max(...seen) < 1);

  await visitor.page.getByRole('button', { name: 'Cancel' }).click();
  await visitor.find('.composer__error', { hasText: 'Cancelled. Your message is still here.' }).waitFor();
  await visitor.focusIsAt(visitor.postButton);
  await progress.waitFor({ state: 'hidden' });
  assert.deepEqual((await board.json('/api/messages')).messages, []);

  await line(-1);
  await visitor.send();
  await visitor.message('a slow line').locator('img').waitFor();
  assert.equal(keys[0], keys[1]);
});

boardTest('too many posts are refused in plain words, and the message waits', { settings: { POSTS_PER_MINUTE: '1' }, expected: [/status of 429/] }, async ({ visitor }) => {
  await visitor.post({ text: 'the first' });
  await visitor.write({ text: 'the second' });
  await visitor.send();
  await visitor.find('.composer__error', { hasText: /That was a lot in a short time.*Try again in \d+ seconds?\./ }).waitFor();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'the second'));
});

boardTest('what was sent as a whole before it was cancelled may be there, and does not appear twice', {}, async ({ board, visitor }) => {
  const keys = await visitor.noteKeys();
  const answersComeAgain = await visitor.loseAnswers({ ever: true });
  await visitor.write({ text: 'second thoughts', picture: 'small.jpg' });
  await visitor.send();
  await eventually(async () => assert.equal((await board.json('/api/messages')).messages.length, 1));
  await visitor.page.getByRole('button', { name: 'Cancel' }).click();
  await visitor.find('.composer__error', { hasText: 'your message may be on the board' }).waitFor();
  await answersComeAgain();
  await visitor.send();
  await visitor.find('#announcer', { hasText: 'Your message is on the board.' }).waitFor({ state: 'attached' });
  assert.equal(keys[0], keys[1]);
  assert.equal((await board.json('/api/messages')).messages.length, 1);
});

boardTest('cancelling while the board wakes up says that nothing was posted', { expected: [/status of 503/] }, async ({ visitor }) => {
  await visitor.page.route('**/api/messages', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:corkboard:problem:database-resuming', status: 503 }) })
      : route.continue(),
  );
  await visitor.write({ text: 'too early' });
  await visitor.send();
  await visitor.page.getByText('The board is waking up.').first().waitFor();
  await visitor.page.getByRole('button', { name: 'Cancel' }).click();
  await eventually(async () => assert.equal(await visitor.find('.composer__error').textContent(), 'Cancelled. Your message is still here.'));
});

boardTest('line breaks of PowerPoint and PDF are line breaks, and what nobody sees is left out, with a word about it', {}, async ({ board, visitor }) => {
  const tidied = visitor.find('.composer__notice');
  await visitor.paste(visitor.textField, 'one\vtwo\fthree\u0085four\u2028five\u2029six\r\nseven');
  const lines = 'one\ntwo\nthree\nfour\nfive\nsix\nseven';
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), lines));
  await tidied.waitFor({ state: 'hidden' });

  await visitor.paste(visitor.textField, `${lines}\x07\x00\x1b\x7f\x9f`);
  await tidied.getByText('Invisible characters that the board does not take were left out.').waitFor();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), lines));
  await visitor.paste(visitor.page.getByLabel('Name'), 'A\u202eda\u2028Lovelace');
  await eventually(async () => assert.equal(await visitor.page.getByLabel('Name').inputValue(), 'Ada Lovelace'));
  assert.deepEqual(await visitor.violations(), []);

  await visitor.send();
  await visitor.message('seven').waitFor();
  await tidied.waitFor({ state: 'hidden' });
  const [message] = (await board.json('/api/messages')).messages;
  assert.deepEqual([message.text, message.author], [lines, 'Ada Lovelace']);
});

boardTest('the cursor stays where it is when something is left out', {}, async ({ visitor }) => {
  await visitor.openComposer();
  await visitor.textField.evaluate((input) => {
    input.value = 'be\x07fore after';
    input.setSelectionRange(7, 7);
    input.dispatchEvent(new InputEvent('input', { inputType: 'insertFromPaste', bubbles: true }));
  });
  await eventually(async () => assert.deepEqual(await visitor.textField.evaluate((input) => [input.value, input.selectionStart, input.selectionEnd]), ['before after', 6, 6]));
});

boardTest('half an emoji does not keep a message from being posted', {}, async ({ board, visitor }) => {
  await visitor.paste(visitor.textField, 'half \ud83d');
  // Some keyboards type an emoji in two halves: the second still finds the first.
  await visitor.paste(visitor.textField, 'half \ud83d\ude00 and \ude00');
  await visitor.paste(visitor.page.getByLabel('Name'), '\ud83d Ada');
  await visitor.send();
  await visitor.message('half 😀 and').waitFor();
  const [message] = (await board.json('/api/messages')).messages;
  assert.deepEqual([message.text, message.author], ['half 😀 and \ufffd', '\ufffd Ada']);
});

boardTest('a device that never finishes keeping a draft does not keep it from being posted', {}, async ({ visitor }) => {
  await visitor.write({ text: 'first' });
  // Holds the page's own transactions back for ever.
  await visitor.page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('corkboard');
        opening.onsuccess = () => {
          const store = opening.result.transaction(['drafts', 'pictures'], 'readwrite').objectStore('drafts');
          const goOn = () => {
            resolve();
            store.get('nothing').onsuccess = goOn;
          };
          goOn();
        };
      }),
  );
  await visitor.write({ text: 'first', picture: 'small.jpg' });
  await visitor.send();
  await visitor.message('first').locator('img').waitFor();
  await visitor.post({ text: 'second' });
  await visitor.openComposer();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), ''));
});

const refuse = (asked) => {
  const factory = { undefined: () => undefined, thrown: () => { throw new DOMException('no', 'SecurityError'); } }[asked];
  if (factory) Object.defineProperty(window, 'indexedDB', { get: factory });
  else IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };
};

for (const [how, asked] of [['has no database', 'undefined'], ['refuses its database', 'thrown'], ['has no room', 'full']]) {
  boardTest(`a device that ${how} does not say that it keeps what is written`, {}, async ({ visitor }) => {
    await visitor.page.addInitScript(refuse, asked);
    await visitor.page.reload();
    await visitor.write({ text: 'only here' });
    // What is kept is said at once.
    await visitor.page.evaluate(() => new Promise((resolve) => { setTimeout(resolve, 200); }));
    assert.equal(await visitor.find('.composer__kept').isVisible(), false);
    await visitor.send();
    await visitor.message('only here').waitFor();
  });
}

boardTest('what fails on the page itself does not end the writing', { expected: [/no luck/] }, async ({ visitor }) => {
  await visitor.write({ text: 'once more' });
  // What the slot of a draft is named with is had by then.
  await eventually(async () => assert.deepEqual(await keptTexts(visitor), ['once more']));
  await visitor.page.evaluate(() => {
    const real = crypto.getRandomValues.bind(crypto);
    crypto.getRandomValues = () => {
      crypto.getRandomValues = real;
      throw new Error('no luck');
    };
  });
  await visitor.send();
  await visitor.find('.composer__error', { hasText: 'Something on this page failed.' }).waitFor();
  await visitor.send();
  await visitor.message('once more').waitFor();
});

/** Lets the board get what is posted and answers `status` in its place, `code` where it is the board's own. */
async function answerInstead(visitor, { status, code, retryAfter = '9' }) {
  await visitor.page.route('**/api/messages', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.fetch();
    const problem = { type: `urn:corkboard:problem:${code}`, status };
    await route.fulfill({ status, contentType: code ? 'application/problem+json' : 'text/html', headers: { 'Retry-After': retryAfter }, body: code ? JSON.stringify(problem) : '' });
  });
}

const UNSURE = 'Your message may be on the board already; posted again, it will not appear twice.';
const formError = (visitor, hasText) => visitor.find('.composer__error', { hasText }).waitFor();

/** Posts what is written once more, and sees that there is one message. */
async function assertPostedOnce(board, visitor, keys) {
  await visitor.send();
  await visitor.find('#announcer', { hasText: 'Your message is on the board.' }).waitFor({ state: 'attached' });
  assert.equal(new Set(keys).size, 1);
  assert.equal((await board.json('/api/messages')).messages.length, 1);
}

for (const [what, answer] of [
  ['an answer that comes too late for the gateway', { status: 504 }],
  ['a board that fails after it has stored', { status: 500, code: 'internal' }],
  ['a bucket that is down', { status: 503, code: 'media-unavailable' }],
]) {
  boardTest(`after ${what} the message may be on the board, and does not appear twice`, { expected: [/status of 50/] }, async ({ board, visitor }) => {
    const keys = await visitor.noteKeys();
    await answerInstead(visitor, answer);
    await visitor.write({ text: 'was it heard' });
    await visitor.send();
    await formError(visitor, UNSURE);
    await eventually(async () => assert.equal(await visitor.page.getByText('was not posted').count(), 0));
    await visitor.page.unroute('**/api/messages');
    await assertPostedOnce(board, visitor, keys);
  });
}

boardTest('after a lost answer, and a second try that is cancelled half-way, the message may be on the board', { expected: [/ERR_CONNECTION_RESET/] }, async ({ board, visitor }) => {
  const keys = await visitor.noteKeys();
  const answersComeAgain = await visitor.loseAnswers();
  await visitor.write({ text: 'twice tried', picture: 'small.jpg' });
  await visitor.send();
  await formError(visitor, UNSURE);
  await eventually(async () => assert.equal(await visitor.page.getByText('was not posted').count(), 0));
  await answersComeAgain();
  await visitor.page.route('**/api/messages', (route) => (route.request().method() === 'POST' ? null : route.continue()));
  await visitor.send();
  await visitor.page.getByRole('button', { name: 'Cancel' }).click();
  await formError(visitor, `Cancelled, but all of it had been sent. ${UNSURE}`);
  await visitor.page.unroute('**/api/messages');
  await assertPostedOnce(board, visitor, keys);
});

boardTest('cancelled while the board has trouble after it has stored, the message may be on the board', { expected: [/status of 503/] }, async ({ board, visitor }) => {
  const keys = await visitor.noteKeys();
  await answerInstead(visitor, { status: 503, code: 'database-unavailable' });
  await visitor.write({ text: 'stored all the same' });
  await visitor.send();
  await visitor.page.getByText('The board is waking up.').first().waitFor();
  await visitor.page.getByRole('button', { name: 'Cancel' }).click();
  await formError(visitor, UNSURE);
  await visitor.page.unroute('**/api/messages');
  await visitor.page.reload();
  await formError(visitor, UNSURE);
  await assertPostedOnce(board, visitor, keys);
});

boardTest('what is refused for the posting limit was not posted, before and after a reload', { settings: { POSTS_PER_MINUTE: '1' }, expected: [/status of 429/] }, async ({ visitor }) => {
  await visitor.post({ text: 'the first' });
  await visitor.write({ text: 'the second' });
  await visitor.send();
  await formError(visitor, 'Your message was not posted, but it is still here.');
  await visitor.page.reload();
  await visitor.openComposer();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'the second'));
  await eventually(async () => assert.equal(await visitor.page.getByText('may be on the board').count(), 0));
});

boardTest('who changes a message that may be on the board is told that it becomes another, until it is posted', { expected: [/ERR_CONNECTION_RESET/] }, async ({ board, visitor }) => {
  const answersComeAgain = await visitor.loseAnswers();
  await visitor.write({ text: 'hello' });
  await visitor.send();
  await formError(visitor, UNSURE);
  await answersComeAgain();
  const changed = 'As it was before, your message may be on the board already. What you post now appears as another one.';
  await visitor.textField.pressSequentially(', all');
  await formError(visitor, changed);
  assert.deepEqual(await visitor.violations(), []);
  await visitor.page.reload();
  await formError(visitor, changed);
  await visitor.write({ text: '' });
  await visitor.find('.composer__error', { hasText: changed }).waitFor({ state: 'hidden' });
  await visitor.post({ text: 'something else' });
  await eventually(async () => assert.equal(await visitor.find('.composer__error').textContent(), ''));
  assert.equal((await board.json('/api/messages')).messages.length, 2);
});

boardTest('what fails before anything is sent does not end the writing either', { expected: [/no luck/] }, async ({ visitor }) => {
  await visitor.write({ text: 'once more' });
  // What the slot of a draft is named with is had by then.
  await eventually(async () => assert.deepEqual(await keptTexts(visitor), ['once more']));
  await visitor.page.evaluate(() => {
    // What the idempotency key is made with.
    const { getRandomValues } = crypto;
    crypto.getRandomValues = () => {
      crypto.getRandomValues = getRandomValues;
      throw new Error('no luck');
    };
  });
  await visitor.send();
  await formError(visitor, 'Something on this page failed.');
  await visitor.send();
  await visitor.message('once more').waitFor();
});

/** Lets the device have no room for pictures, as late as the test says; counts how often it is asked. */
function withoutRoom(page) {
  return page.addInitScript(() => {
    window.asked = 0;
    const released = new Promise((resolve) => (window.release = resolve));
    let isReleased = false;
    void released.then(() => (isReleased = true));
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...args) {
      if (this.name !== 'pictures') return put.apply(this, args);
      window.asked += 1;
      this.transaction.commit = () => {};
      const goOn = () => {
        if (isReleased) this.transaction.abort();
        else this.get('nothing').onsuccess = goOn;
      };
      return goOn();
    };
  });
}

/** The texts that this device keeps. */
const keptTexts = (visitor) =>
  visitor.page.evaluate(async () => {
    const request = (pending) => new Promise((resolve) => (pending.onsuccess = () => resolve(pending.result)));
    const database = await request(indexedDB.open('corkboard'));
    const drafts = await request(database.transaction('drafts').objectStore('drafts').getAll());
    database.close();
    return drafts.map(({ text }) => text);
  });

boardTest('where there is no room for the picture it is not tried at every key, and the newest words are kept', { before: withoutRoom }, async ({ visitor }) => {
  await visitor.write({ picture: 'small.jpg' });
  await visitor.textField.pressSequentially('newest');
  await visitor.page.evaluate(() => window.release());
  await eventually(async () => assert.deepEqual(await keptTexts(visitor), ['newest']));
  const asked = await visitor.page.evaluate(() => window.asked);
  await visitor.textField.pressSequentially(' words of all');
  await eventually(async () => assert.deepEqual(await keptTexts(visitor), ['newest words of all']));
  // What is written later comes after whatever was late.
  await visitor.textField.pressSequentially('!');
  await eventually(async () => assert.deepEqual(await keptTexts(visitor), ['newest words of all!']));
  assert.equal(await visitor.page.evaluate(() => window.asked), asked);
  await visitor.page.reload();
  await visitor.openComposer();
  await visitor.pictureError.getByText('could not be kept').waitFor();
});

boardTest('who posts before the device has told what it keeps sends what is on the screen, at once, and keeps the rest', {
  before: (page) =>
    page.addInitScript(() => {
      const held = new Promise((resolve) => (window.letGo = resolve));
      const request = navigator.locks.request.bind(navigator.locks);
      // A draft is read once its slot is this tab's.
      if (!sessionStorage.getItem('late')) return;
      navigator.locks.request = (...args) => held.then(() => request(...args));
      // The second that sending waits for the device at most does not end: nothing may need it.
      const setTimeout = window.setTimeout.bind(window);
      window.setTimeout = (run, ms, ...args) => (ms === 1_000 ? 0 : setTimeout(run, ms, ...args));
    }),
}, async ({ board, visitor }) => {
  await visitor.write({ text: 'of last time' });
  await eventually(async () => assert.deepEqual(await keptTexts(visitor), ['of last time']));
  await visitor.page.evaluate(() => sessionStorage.setItem('late', 'yes'));
  await visitor.page.reload();
  await visitor.find('.messages__empty').waitFor();
  await visitor.write({ text: 'quick' });
  await visitor.send();
  await visitor.page.evaluate(() => window.letGo());
  await visitor.message('quick').waitFor();
  const [{ text }] = (await board.json('/api/messages')).messages;
  assert.equal(text, 'quick');
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'of last time'));
  await eventually(async () => assert.deepEqual(await keptTexts(visitor), ['of last time']));
});
