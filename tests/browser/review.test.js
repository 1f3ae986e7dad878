// What is looked at before others see it: the sender's own page, and the moderators' queue.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIND_VIOLATIONS } from './support/axe.js';
import { Board } from './support/corkboard.js';
import { ENGINES } from './support/engines.js';
import { DESK, PHONE, current, expected, hears, inBoard, onBoard, settings, signIn, waitFor } from './support/moderators.js';
import { Visitor, eventually, look } from './support/visitor.js';
import { boardTest } from './support/with-board.js';

const held = (visitor, text) => visitor.find('.message--held', { hasText: text });

/** The sender's own page. */

boardTest('a message that waits is shown to its sender alone, with its picture, also after a reload', { settings, expected }, async ({ board, visitor }) => {
  await visitor.openComposer();
  await visitor.page.getByText('A moderator looks at every message before others see it.').waitFor();
  await visitor.write({ text: 'a drawing of mine', author: 'Ada', picture: 'drawing.png', alt: 'hills' });
  assert.deepEqual(await visitor.violations(), []);
  await visitor.send();
  const message = held(visitor, 'a drawing of mine');
  await message.getByText('Only you see this until the host has read it.').waitFor();
  await visitor.focusIsAt(message);
  await hears(visitor.page, /Your message waits for a moderator/);
  assert.equal(await visitor.textField.inputValue(), '');
  assert.deepEqual(await visitor.violations(), []);
  assert.deepEqual(await inBoard(board), []);

  const before = await look(message.locator('img'));
  await visitor.page.reload();
  await message.waitFor();
  assert.deepEqual(await look(message.locator('img')), before);
  assert.equal(await message.locator('img').getAttribute('alt'), 'hills');

  await visitor.speak('zh-Hant');
  await message.getByText('管理員看過之前').waitFor();
  await visitor.speak('en');
  const other = await Visitor.arrive(board.site);
  await eventually(async () => assert.equal(await other.find('.message--held').count(), 0));
  await other.leave();
});

for (const module of ['held.js', 'held-store.js', 'review-words-en.js']) {
  boardTest(`a message that waits hangs as soon as ${module} comes`, { settings, expected: [...expected, /ERR_FAILED/] }, async ({ visitor }) => {
    let isLost = true;
    await visitor.page.route(`**/${module}`, (route) => (isLost ? route.abort() : route.continue()));
    await visitor.write({ text: 'not forgotten', picture: 'small.jpg' });
    await visitor.send();
    await visitor.find('.messages__said', { hasText: 'A moderator looks at every message' }).waitFor();
    await hears(visitor.page, /A moderator looks at every message/);
    assert.equal(await visitor.find('.message--held').count(), 0);
    isLost = false;
    // Who has gone on meanwhile is not called back.
    const elsewhere = visitor.find('.layout-switch button').first();
    await elsewhere.focus();
    await visitor.lookAgain();
    await held(visitor, 'not forgotten').locator('img').waitFor();
    await hears(visitor.page, /Your message waits for a moderator/);
    assert.ok(await elsewhere.evaluate((element) => element === element.ownerDocument.activeElement));
  });

  boardTest(`a message that waits is there after a reload, whether ${module} came before it or not`, { settings, expected: [...expected, /ERR_FAILED/] }, async ({ visitor }) => {
    let isLost = true;
    await visitor.page.route(`**/${module}`, (route) => (isLost ? route.abort() : route.continue()));
    await visitor.write({ text: 'not forgotten' });
    await visitor.send();
    await visitor.find('.messages__said', { hasText: 'A moderator looks at every message' }).waitFor();
    isLost = false;
    await visitor.page.reload();
    await held(visitor, 'not forgotten').waitFor();
  });
}

boardTest('what fails while it is loaded says so, and works when it is wanted again', { settings, expected: [...expected, /ERR_FAILED/, /status of 403/] }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.post('one');
  const { messages } = await board.moderate('/held');
  await board.moderate('/approve', { method: 'POST', body: { messageIds: [messages[0].id] } });
  await visitor.lookAgain();
  let isLost = true;
  await page.route(/share\.js|review-words-en\.js/, (route) => (isLost ? route.abort() : route.continue()));
  const share = await visitor.inMenu(visitor.message('one'), 'Share');
  await share.click();
  await page.locator('.messages__said', { hasText: 'Something on this page failed.' }).waitFor();
  await hears(page, /Something on this page failed/);
  const code = 'x.1.y';
  const lost = page.waitForEvent('requestfailed', (request) => request.url().includes('review-words-en.js'));
  await page.evaluate((value) => Object.assign(window.location, { hash: `#moderate=${value}` }), code);
  await lost;
  await eventually(async () => assert.equal(new URL(page.url()).hash, `#moderate=${code}`));
  isLost = false;
  const exchange = page.waitForRequest(/\/api\/moderation\/session$/);
  await page.evaluate(() => window.dispatchEvent(new HashChangeEvent('hashchange')));
  assert.deepEqual((await exchange).postDataJSON(), { code });
  await page.getByRole('dialog').waitFor();
  assert.ok(!page.url().includes(code), page.url());
});

boardTest('a link to a message and a picture that is dropped say so where what takes them does not come', { expected: [...expected, /ERR_FAILED/] }, async ({ visitor }) => {
  const { page } = visitor;
  const said = page.locator('.messages__said', { hasText: 'Something on this page failed.' });
  await page.route(/(permalink|composer)\.js/, (route) => route.abort());
  await page.evaluate(() => Object.assign(window.location, { hash: '#01M8312X2GQEXQEVEC5D3NWYGS' }));
  await said.waitFor();
  await said.click();
  await said.waitFor({ state: 'hidden' });
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'x.jpg', { type: 'image/jpeg' }));
    for (const type of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  });
  await said.waitFor();
});

boardTest('its sender deletes a message that waits', { settings, expected }, async ({ board, visitor }) => {
  await visitor.write({ text: 'on second thought', picture: 'small.jpg' });
  await visitor.send();
  await held(visitor, 'on second thought').waitFor();
  await visitor.delete('on second thought');
  await eventually(async () => assert.equal((await board.moderate('')).held, 0));
  await visitor.page.reload();
  await visitor.page.getByText('Yours can be the first').waitFor();
  await eventually(async () => assert.equal(await visitor.find('.message--held').count(), 0));
});

boardTest('a message that waited is one like the others once it is approved', { settings, expected }, async ({ board, visitor }) => {
  await visitor.write({ text: 'soon for all', picture: 'small.jpg' });
  await visitor.send();
  await held(visitor, 'soon for all').waitFor();
  const { messages } = await board.moderate('/held');
  await board.moderate('/approve', { method: 'POST', body: { messageIds: [messages[0].id] } });
  await onBoard(board, ['soon for all']);
  await visitor.lookAgain();
  await held(visitor, 'soon for all').waitFor({ state: 'detached' });
  await visitor.message('soon for all').waitFor();
  await eventually(async () => assert.equal(await visitor.messages.count(), 1));
  await visitor.delete('soon for all');
  await onBoard(board, []);
});

boardTest('its sender is told that a message was not taken, and takes it off the page', { settings, expected }, async ({ board, visitor }) => {
  await visitor.write({ text: 'buy this', author: 'Bob' });
  await visitor.send();
  await held(visitor, 'buy this').waitFor();
  const id = await held(visitor, 'buy this').getAttribute('id');
  await board.moderate('/reject', { method: 'POST', body: { messageIds: [id] } });
  await eventually(async () => {
    await visitor.page.reload();
    await held(visitor, 'buy this').getByText('This message was not taken. Only you see it.').waitFor({ timeout: 2_000 });
  });
  assert.deepEqual(await visitor.violations(), []);
  await visitor.page.getByRole('button', { name: 'Take it off this page' }).click();
  await held(visitor, 'buy this').waitFor({ state: 'detached' });
  await visitor.focusIsAt(visitor.find('.messages__title'));
  await visitor.page.reload();
  await visitor.page.getByText('Yours can be the first').waitFor();
  await eventually(async () => assert.equal(await visitor.find('.message--held').count(), 0));
});

/** The queue. */

boardTest('a moderator decides by keys, and undoes it', { settings, expected, viewport: DESK }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postFromAll(['first', 'second', 'third', 'fourth']);
  await signIn(page, board);
  await waitFor(page, ['first', 'second', 'third', 'fourth']);
  await eventually(async () => assert.equal(await page.title(), '(4) Hillside'));
  assert.deepEqual(await visitor.violations(), []);

  await page.keyboard.press('a');
  await hears(page, /1 approved\. Now: Someone else\. second/);
  await onBoard(board, ['first']);
  await page.keyboard.press('r');
  await waitFor(page, ['third', 'fourth']);
  await eventually(async () => assert.equal(await page.title(), '(2) Hillside'));
  await page.keyboard.press('j');
  await visitor.focusIsAt(current(page).locator('article'));
  assert.match(await current(page).textContent(), /fourth/);
  await page.keyboard.press('k');
  assert.match(await current(page).textContent(), /third/);

  await page.keyboard.press('u');
  await waitFor(page, ['second', 'third', 'fourth']);
  await hears(page, /Undone: it waits again/);
  assert.match(await current(page).textContent(), /second/);
  await page.keyboard.press('u');
  await onBoard(board, []);
  await eventually(async () => assert.equal((await board.moderate('')).removed, 1));

  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await help.getByText('Undo what was done last').waitFor();
  await page.keyboard.press('r');
  assert.deepEqual(await visitor.violations(), []);
  await page.keyboard.press('Escape');
  await waitFor(page, ['second', 'third', 'fourth']);
});

boardTest('forty messages of forty addresses go in at most six clicks, and come back in one', { settings, expected, viewport: PHONE }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.post('a wise word', { headers: { 'X-Forwarded-For': '192.0.2.1' } });
  await board.postFromAll(Array.from({ length: 40 }, (_, at) => `CHEAP WATCHES ${at}`));
  await board.postFromAll(Array.from({ length: 15 }, (_, at) => `MORE WATCHES ${at}`));
  await signIn(page, board);
  await current(page).waitFor();
  let clicks = 0;
  const click = async (locator) => {
    await locator.click();
    clicks += 1;
  };
  await click(page.getByLabel('Choose all'));
  await page.getByText('56 chosen').waitFor();
  // But not this one.
  await click(current(page).getByLabel('Choose this message'));
  await page.getByText('55 chosen').waitFor();
  await click(page.locator('.review__bar').getByRole('button', { name: 'Reject' }));
  assert.ok(clicks <= 6, `${clicks} clicks`);
  await waitFor(page, ['a wise word']);
  await eventually(async () => assert.deepEqual((({ held: some, removed }) => [some, removed])(await board.moderate('')), [1, 55]));
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.equal((await board.moderate('')).held, 56));
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('an arrow at an end of the queue is disabled, and keeps the focus', { settings, expected, viewport: PHONE }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postFromAll(['first', 'second']);
  await signIn(page, board);
  const [previous, next] = ['Previous message', 'Next message'].map((name) => page.getByRole('button', { name }));
  const areDisabled = (expectedOnes) => eventually(async () => assert.deepEqual(await Promise.all([previous, next].map((arrow) => arrow.getAttribute('aria-disabled'))), expectedOnes));
  await areDisabled(['true', 'false']);
  await next.click();
  await areDisabled(['false', 'true']);
  assert.match(await current(page).textContent(), /second/);
  await visitor.focusIsAt(next);
  await next.click({ force: true });
  assert.match(await current(page).textContent(), /second/);
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('whoever looks into the queue comes back to the same place on the board', { settings: { ...settings, POSTING: 'open' }, expected, viewport: DESK }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postMany(60);
  await signIn(page, board);
  await page.goBack();
  await visitor.message('number 60').waitFor();
  await visitor.goDownTo('number 30');
  const read = visitor.message('number 30');
  const place = () => read.evaluate((element) => Math.round(element.getBoundingClientRect().top));
  const before = await place();
  for (let visit = 0; visit < 2; visit += 1) {
    await page.evaluate(() => (window.location.hash = '#moderate'));
    await page.locator('.review').waitFor();
    await page.goBack();
    await eventually(async () => assert.equal(await place(), before));
  }
});

boardTest('what was taken down is restored, or deleted behind a second step', { settings: { ...settings, POSTING: 'open' }, expected, viewport: DESK }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postFromAll(['stays', 'goes', 'comes back']);
  await signIn(page, board);
  await page.getByText('Nothing waits.').waitFor();
  await page.getByRole('button', { name: 'Board' }).click();
  for (const text of ['goes', 'comes back']) {
    await (await visitor.inMenu(visitor.message(text), 'Take down')).click();
    await visitor.message(text).waitFor({ state: 'detached' });
  }
  await visitor.focusIsAt(visitor.message('stays'));
  await onBoard(board, ['stays']);
  await page.locator('.moderation-bar').getByText('1 taken down.').waitFor();
  assert.deepEqual(await visitor.violations(), []);
  await page.locator('.moderation-bar').getByRole('button', { name: 'Undo' }).click();
  await visitor.message('comes back').waitFor();
  await onBoard(board, ['comes back', 'stays']);
  await (await visitor.inMenu(visitor.message('comes back'), 'Take down')).click();
  await visitor.message('comes back').waitFor({ state: 'detached' });

  await page.locator('.moderation-bar').getByRole('link', { name: 'Waiting' }).click();
  await page.getByRole('tab', { name: 'Taken down' }).click();
  await waitFor(page, ['comes back', 'goes']);
  assert.deepEqual(await visitor.violations(), []);
  await current(page).getByRole('button', { name: 'Restore' }).click();
  await onBoard(board, ['comes back', 'stays']);
  await waitFor(page, ['goes']);
  await current(page).getByRole('button', { name: 'Delete forever' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await waitFor(page, ['goes']);
  await current(page).getByRole('button', { name: 'Delete forever' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Nothing was taken down in the last 24 hours.').waitFor();
  await eventually(async () => assert.equal((await board.moderate('')).removed, 0));
  await page.getByRole('button', { name: 'Board' }).click();
  await visitor.message('comes back').waitFor();
});

boardTest('a sender is removed from the queue, and let in again', { settings, expected: [...expected, /status of 403/], viewport: DESK }, async ({ board, visitor }) => {
  const { page } = visitor;
  const sender = { author: 'Mallory', headers: { 'X-Forwarded-For': '192.0.2.7' } };
  for (const text of ['spam 1', 'spam 2']) await board.post(text, sender);
  await board.post('fine', { headers: { 'X-Forwarded-For': '192.0.2.8' } });
  await signIn(page, board);
  await waitFor(page, ['spam 1', 'spam 2', 'fine']);
  await current(page).getByRole('button', { name: 'Everything from this sender' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/This sender has posted 2 messages since/).waitFor();
  await dialog.getByText('The names on them: “Mallory”.').waitFor();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await waitFor(page, ['fine']);
  await hears(page, /2 removed, and the sender is refused/);
  await assert.rejects(board.post('spam 3', sender), /403/);

  await page.getByRole('tab', { name: 'Taken down' }).click();
  await waitFor(page, ['spam 2', 'spam 1']);
  const refused = page.getByRole('region', { name: 'Refused until midnight' });
  await refused.getByText('Mallory').waitFor();
  assert.deepEqual(await visitor.violations(), []);
  const letIn = refused.getByRole('button', { name: 'Let this sender in again' });
  await letIn.click();
  await refused.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await hears(page, /Undone: this sender is refused again/);
  await assert.rejects(board.post('spam 3', sender), /403/);
  await letIn.click();
  await refused.waitFor({ state: 'hidden' });
  await board.post('spam 3', sender);
});

boardTest('moderators see where an address in a message leads', { settings, expected, viewport: DESK }, async ({ board, visitor }) => {
  await board.post('see http://paypaI.com/ and \u202ehttp://example.org/abc');
  await signIn(visitor.page, board);
  const links = current(visitor.page).locator('.review-card__text a');
  await eventually(async () => assert.equal(await links.count(), 2));
  const shown = await links.evaluateAll((all) => all.map((link) => [link.dataset.host, getComputedStyle(link, '::after').content.slice(0, 3), getComputedStyle(link).unicodeBidi, link.dir]));
  assert.deepEqual(shown, [['paypai.com', '"→ ', 'isolate', 'ltr'], [undefined, 'non', 'isolate', 'ltr']]);
});

boardTest('posting is opened, reviewed and closed at once', { settings: { ...settings, POSTING: 'open' }, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  await signIn(page, board);
  const group = page.getByRole('group', { name: 'Posting' });
  const pressed = (name) => eventually(async () => assert.equal(await group.getByRole('button', { name }).getAttribute('aria-pressed'), 'true'));
  await pressed('Open');
  for (const [name, posting] of [['Closed', 'closed'], ['Reviewed', 'reviewed'], ['Open', 'open'], ['Reviewed', 'reviewed']]) {
    await group.getByRole('button', { name }).click();
    await pressed(name);
    assert.equal((await board.moderate('')).posting, posting);
  }
  await page.getByRole('button', { name: 'Board' }).click();
  await visitor.openComposer();
  await page.getByText('A moderator looks at every message before others see it.').waitFor();
});

boardTest('moderators open no more than the settings allow', { settings, expected }, async ({ board, visitor }) => {
  await signIn(visitor.page, board);
  const open = visitor.page.getByRole('group', { name: 'Posting' }).getByRole('button', { name: 'Open' });
  await eventually(async () => assert.equal(await open.getAttribute('aria-disabled'), 'true'));
  await open.click({ force: true });
  await eventually(async () => assert.equal((await board.moderate('')).posting, 'reviewed'));
});

boardTest('what else a sender posted is seen before it is decided on', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  const sender = { headers: { 'X-Forwarded-For': '203.0.113.9' } };
  for (const text of ['spam 1', 'spam 2']) await board.post(text, sender);
  await board.postPicture('הודעה', 'drawing.png', { ...sender, author: '骨です', alt: 'дом' });
  await signIn(page, board);
  const card = page.locator('.review-card', { hasText: 'spam 1' });
  await card.getByText('What else this sender posted that day').click();
  const others = card.locator('.review-card__others li');
  await others.getByText('spam 2').waitFor();
  const other = others.filter({ hasText: 'הודעה' });
  assert.deepEqual(await other.locator('[lang]').evaluateAll((parts) => parts.map(({ lang }) => lang)), ['ja', 'he']);
  const alt = page.locator('.review-card__alt:visible');
  assert.equal(await alt.textContent(), 'Described as: дом');
  assert.equal(await alt.locator('bdi').getAttribute('lang'), 'und-Cyrl');
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('whose a message is is seen by the same mark as on the board', { settings, expected, viewport: DESK }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postFromAll(['one'], { author: 'Ada' });
  await board.postFromAll(['two', 'three'], { author: '阿明' });
  await board.postFromAll(['four'], { author: null });
  await signIn(page, board);
  const marks = (selector) => page.locator(selector).evaluateAll((all) => all.map(({ textContent, dataset: { colour, shape } }) => [textContent, colour, shape]));
  await eventually(async () => assert.deepEqual((await marks('.review-card__head > .mark')).map(([letter]) => letter).toSorted(), ['', 'A', '阿', '阿']));
  const queued = await marks('.review-card__head > .mark');
  const card = page.locator('.review-card', { hasText: 'one' });
  await card.getByText('What else this sender posted that day').click();
  await eventually(async () => assert.equal(await card.locator('.review-card__others .mark').count(), 2));
  for (const one of await marks('.review-card__others .mark')) assert.ok(queued.some((other) => JSON.stringify(other) === JSON.stringify(one)), JSON.stringify(one));
  await card.getByRole('button', { name: 'Approve' }).click();
  await onBoard(board, ['one']);
  await page.getByRole('button', { name: 'Board' }).click();
  await visitor.message('one').waitFor();
  const [ada] = await marks('.message__head > .mark');
  assert.ok(queued.some((other) => JSON.stringify(other) === JSON.stringify(ada)));
});

boardTest('the queue fits every screen, in both languages, light and dark', { settings, expected }, async ({ board, visitor }) => {
  const { page } = visitor;
  await board.postPicture('W'.repeat(120), 'drawing.png', { author: 'A'.repeat(40), alt: 'hills '.repeat(20) });
  await board.postFromAll(['one', 'two']);
  await signIn(page, board);
  await current(page).locator('img').waitFor();
  for (const language of ['en', 'zh-Hant']) {
    await page.getByRole('button', { name: /^(Board|留言板)$/ }).click();
    await visitor.speak(language);
    await page.evaluate(() => (location.hash = '#moderate'));
    await current(page).waitFor();
    for (const width of [320, 390, 768, 1_440]) {
      await page.setViewportSize({ width, height: 700 });
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await visitor.violations(), [], `${language} ${width} ${colorScheme}`);
      }
      const { over, hidden } = await page.evaluate(() => {
        const bar = document.querySelector('.review__bar').getBoundingClientRect();
        const panel = document.querySelector('.review__panel').getBoundingClientRect();
        return { over: document.documentElement.scrollWidth - innerWidth, hidden: panel.bottom - bar.top };
      });
      assert.ok(over <= 0, `${language} ${width}: ${over} too wide`);
      assert.ok(hidden <= 0.5, 'nothing covers what is being judged');
    }
  }
});

/** In each engine. */

for (const engine of Object.keys(ENGINES)) {
  test(`in ${engine} a message waits on its sender’s page, and is approved by thumb`, { timeout: 180_000 }, async () => {
    const board = await Board.start(settings);
    const open = (url) => ENGINES[engine](url, { ...PHONE, scale: 1 });
    let session;
    try {
      session = await open(board.site);
      const run = (script, ...args) => session.run(script, ...args);
      const says = (selector, pattern) => eventually(async () => assert.match(await run('return document.querySelector(arguments[0])?.textContent ?? ""', selector), pattern));
      const click = (selector) => eventually(() => run('document.querySelector(arguments[0]).click()', selector));
      const type = (selector, value) => eventually(() => run(`
        const input = document.querySelector(arguments[0]);
        input.value = arguments[1];
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));`, selector, value));
      await says('.messages__empty p', /./);
      const isAccessible = async () => assert.deepEqual(await run(FIND_VIOLATIONS), []);
      await board.postPicture('before it', 'small.jpg', { headers: { 'X-Forwarded-For': '192.0.2.9' } });
      await click('.blank-note__write');
      await eventually(async () => assert.equal(await run('return document.querySelector(".composer__reviewed")?.hidden'), false));
      await type('#composer-text', 'from a phone');
      await click('.composer__post');
      await says('.message--held', /Only you see this.*from a phone/s);
      await isAccessible();

      await run('location.hash = "#moderate"');
      await eventually(async () => assert.equal(await run('return document.querySelector(".moderation").open'), true));
      await type('#moderation-token', await board.moderatorToken());
      await click('.moderation .button--primary');
      await says('.is-current', /before it/);
      assert.equal(await run('return [...document.querySelectorAll(".review__item")].filter((item) => item.checkVisibility?.() ?? item.offsetHeight > 0).length'), 1);
      await eventually(async () => assert.ok((await run('return document.querySelector(".is-current img").naturalWidth')) > 0, 'its picture has come'));
      await isAccessible();
      await click('.review__bar .review__no');
      await says('.is-current', /from a phone/);
      await says('.review__last', /1 rejected/);
      await click('.review__bar .review__yes');
      await onBoard(board, ['from a phone']);
      await click('.review__undo');
      await onBoard(board, []);
      await click('.review__undo');
      await says('.is-current', /before it/);
      await click('#review-removed');
      await says('.is-current', /from a phone/);
      await click('.review__bar .review__yes');
      await onBoard(board, ['from a phone']);
      await click('.review__leave');
      await eventually(async () => assert.equal(await run('return document.querySelectorAll(".message--held").length'), 0));
      await says('.message', /from a phone/);
    } finally {
      await session?.close();
      await board.remove();
    }
  });
}
