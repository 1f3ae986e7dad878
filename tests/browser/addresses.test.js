import assert from 'node:assert/strict';
import { png } from './support/shapes.js';
import { historyIsBack } from './support/viewer.js';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

const placeOf = (locator) => locator.evaluate((element) => Math.round(element.getBoundingClientRect().top));

boardTest('the place in the list is kept on reload, whatever is new above it', {}, async ({ board, visitor }) => {
  await board.postMany(60);
  await visitor.page.reload();
  await visitor.message('number 60').waitFor();
  await visitor.goDownTo('number 15');
  const before = await placeOf(visitor.message('number 15'));
  for (const text of ['new above', 'newer above']) await board.post(text);

  await visitor.page.reload();
  await eventually(async () => assert.equal(await placeOf(visitor.message('number 15')), before));
  const expected = [];
  for (let next = ''; next !== null; ) {
    const page = await board.json(`/api/messages?limit=50${next}`);
    expected.push(...page.messages.map(({ text }) => text));
    next = page.next && `&before=${page.next}`;
  }
  const texts = await visitor.texts();
  assert.deepEqual(texts, expected.slice(0, texts.length), 'no gap');
});

boardTest('the place in the list is kept on coming back from another page', {}, async ({ board, visitor }) => {
  await board.postMany(60);
  await visitor.page.reload();
  await visitor.message('number 60').waitFor();
  await visitor.goDownTo('number 21');
  const before = await placeOf(visitor.message('number 21'));
  await visitor.page.goto(new URL('/api/health', board.site).href);
  await visitor.page.goBack();
  await eventually(async () => assert.equal(await placeOf(visitor.message('number 21')), before));
});

boardTest('the place in the list is kept where what was on the screen takes more than the first page', {}, async ({ board, visitor }) => {
  await board.postMany(60);
  await visitor.page.reload();
  await visitor.message('number 60').waitFor();
  await visitor.goDownTo('number 21');
  const last = visitor.message((await board.json('/api/messages')).messages.at(-1).text);
  await last.evaluate((element) => element.scrollIntoView());
  const before = await placeOf(last);
  await visitor.page.reload();
  await eventually(async () => assert.equal(await placeOf(last), before));
});

boardTest('who comes anew begins at the top', {}, async ({ board, visitor }) => {
  await board.postMany(30);
  await visitor.page.reload();
  await visitor.message('number 30').waitFor();
  await visitor.goDownTo('number 12');
  await visitor.page.goto('about:blank');
  await visitor.page.goto(board.site);
  await visitor.message('number 30').waitFor();
  assert.equal(await visitor.page.evaluate(() => window.scrollY), 0);
});

boardTest('every message has an address of its own', {}, async ({ board, visitor }) => {
  await board.postMany(5);
  await visitor.page.reload();
  const message = visitor.message('number 2');
  await message.getByRole('link', { name: 'Link to this message' }).click();
  const { id } = (await board.json('/api/messages')).messages.find(({ text }) => text === 'number 2');
  assert.equal(visitor.page.url(), `${board.site}#${id}`);
  await visitor.focusIsAt(message);

  const other = await visitor.openTab(`${board.site}#${id}`);
  await other.focusIsAt(other.message('number 2'));
  await eventually(async () => assert.equal(await other.find('.permalink').isVisible(), false));
});

boardTest('the address of an old message shows it by itself, and from there the whole list', { layout: 'list' }, async ({ board, visitor }) => {
  const { id } = await board.post('long ago');
  await board.postMany(25);
  await visitor.comeTo(`${board.site}#${id}`);
  const linked = visitor.find('.permalink .message');
  await linked.getByText('long ago').waitFor();
  await visitor.focusIsAt(linked);
  await eventually(async () => assert.equal(await visitor.find('.messages .message').count(), 20));
  assert.deepEqual(await visitor.violations(), []);

  await visitor.page.getByRole('button', { name: 'All messages' }).click();
  await visitor.find('.permalink').waitFor({ state: 'hidden' });
  assert.equal(visitor.page.url(), board.site);
  await visitor.focusIsAt(visitor.page.getByRole('heading', { name: 'Messages' }));
});

boardTest('an old message that is shown by itself goes into the list once that has come so far', { layout: 'list' }, async ({ board, visitor }) => {
  const { id } = await board.post('long ago');
  await board.postMany(25);
  await visitor.comeTo(`${board.site}#${id}`);
  await visitor.find('.permalink .message').waitFor();
  await visitor.askForOlder();
  await visitor.find('.messages .message', { hasText: 'long ago' }).waitFor();
  await visitor.find('.permalink').waitFor({ state: 'hidden' });
  await eventually(async () => assert.equal(await visitor.page.locator(`[id="${id}"]`).count(), 1));
});

for (const [layout, viewport] of [['list', { width: 390, height: 844 }], ['wall', { width: 1_280, height: 720 }]]) {
  boardTest(`who goes on to the ${layout} from an old message is moved by nothing when that comes into its place`, { layout, viewport }, async ({ board, visitor }) => {
    const { id } = await board.post('long ago');
    await board.postMany(110);
    await visitor.comeTo(`${board.site}#${id}`);
    await visitor.focusIsAt(visitor.find('.permalink .message'));
    const moved = await visitor.page.evaluate(async () => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const all = [];
      while (!document.querySelector('.permalink').hidden) {
        scrollBy({ top: 200, behavior: 'instant' });
        const read = [...document.querySelectorAll('.messages .message')].find((one) => one.getBoundingClientRect().bottom > 0);
        const { top } = read?.getBoundingClientRect() ?? {};
        for (let frames = 0; frames < 5; frames += 1) await frame();
        if (read?.isConnected) all.push(Math.round(read.getBoundingClientRect().top - top));
      }
      return all;
    });
    assert.ok(moved.length > 3, `${moved}`);
    assert.deepEqual(moved.filter((by) => Math.abs(by) > 1), []);
  });
}

boardTest('the place in the list is kept on reload, also where the address names a message that is further down', { layout: 'list' }, async ({ board, visitor }) => {
  const { id } = await board.post('long ago');
  await board.postMany(60);
  await visitor.comeTo(`${board.site}#${id}`);
  await visitor.find('.permalink .message').waitFor();
  await visitor.goDownTo('number 45');
  const before = await placeOf(visitor.message('number 45'));
  await visitor.page.reload();
  await visitor.find('.permalink .message').waitFor();
  await eventually(async () => assert.equal(await placeOf(visitor.message('number 45')), before));
});

boardTest('the message of an address that could not be had is asked for again', { layout: 'list', expected: [/ERR_FAILED/] }, async ({ board, visitor }) => {
  const { id } = await board.post('long ago');
  await board.postMany(60);
  await visitor.page.goto('about:blank');
  await visitor.page.route(`**/api/messages/${id}`, (route) => route.abort());
  await visitor.page.goto(`${board.site}#${id}`);
  await visitor.find('.permalink__note:not(:empty)').waitFor();
  await visitor.page.unroute(`**/api/messages/${id}`);
  await visitor.lookAgain();
  await visitor.find('.permalink .message').getByText('long ago').waitFor();
  await visitor.find('.permalink__note').waitFor({ state: 'hidden' });
});

boardTest('a message that its address led to goes like any other when it is deleted', {}, async ({ board, visitor }) => {
  const message = await board.post('soon gone');
  await board.post('stays');
  await visitor.comeTo(`${board.site}#${message.id}`);
  await visitor.focusIsAt(visitor.message('soon gone'));
  await board.delete(message);
  await visitor.lookAgain();
  await visitor.message('soon gone').waitFor({ state: 'detached' });
  await eventually(async () => assert.equal(await visitor.find('.permalink').isVisible(), false));
});

boardTest('the address of no message says no more than the page knows, whether there ever was one or not', { expected: [/status of 404/] }, async ({ board, visitor }) => {
  const message = await board.post('gone');
  await board.delete(message);
  for (const id of [message.id, '01M8312X2GQEXQEVEC5D3NWYGS']) {
    await visitor.comeTo(`${board.site}#${id}`);
    const note = visitor.page.getByText('There is no such message here: it may have been deleted.');
    await note.waitFor();
    await visitor.focusIsAt(note);
    await eventually(async () => assert.equal(await visitor.page.getByText('was deleted').count(), 0));
    assert.deepEqual(await visitor.violations(), []);
  }
});

boardTest('of a linked message that one deletes oneself the page says that it was deleted', { layout: 'list' }, async ({ board, visitor }) => {
  await visitor.post({ text: 'mine, long ago' });
  const { id } = (await board.json('/api/messages')).messages[0];
  await board.postMany(21);
  await visitor.comeTo(`${board.site}#${id}`);
  await visitor.find('.permalink .message').waitFor();
  await visitor.delete('mine, long ago');
  await visitor.focusIsAt(visitor.find('.permalink').getByText('This message was deleted.'));
});

boardTest('addresses in a text are links, and nothing else is', {}, async ({ visitor }) => {
  const message = await visitor.post({ text: 'see https://example.com/a_(b). not javascript:alert(1) 看「http://例え.jp」' });
  const links = await message.locator('.message__text a').evaluateAll((all) => all.map(({ href, rel, textContent }) => ({ href, rel, textContent })));
  const policy = { rel: 'nofollow ugc noopener noreferrer' };
  assert.deepEqual(links, [
    { href: 'https://example.com/a_(b)', ...policy, textContent: 'https://example.com/a_(b)' },
    { href: 'http://xn--r8jz45g.jp/', ...policy, textContent: 'http://例え.jp' },
  ]);
});

boardTest('an address that leads elsewhere than it reads says where', {}, async ({ visitor }) => {
  const message = await visitor.post({ text: 'https://аррӏе.com/account or https://example.com@evil.example/ or https://example.com/' });
  const said = await message.locator('.message__text a').evaluateAll((all) =>
    all.map((link) => [link.hostname, getComputedStyle(link, '::after').content.replace(/^none$/, '')]),
  );
  assert.equal(said[0][0], 'xn--80ak6aa92e.com');
  assert.match(said[0][1], /xn--80ak6aa92e\.com/);
  assert.equal(said[1][0], 'evil.example');
  assert.match(said[1][1], /evil\.example/);
  assert.deepEqual(said[2], ['example.com', '']);
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('a picture opens large, leads on by the keyboard, and Back closes it', {}, async ({ board, visitor }) => {
  for (const file of ['drawing.png', 'small.jpg', 'photo.webp']) await visitor.post({ text: `with ${file}`, picture: file, alt: file });
  const opener = visitor.message('with small.jpg').locator('.message__picture');
  await opener.focus();
  const place = await placeOf(opener);
  await visitor.page.keyboard.press('Enter');
  const dialog = visitor.page.getByRole('dialog', { name: 'Picture' });
  const shown = (alt) => dialog.getByRole('img', { name: alt }).waitFor();
  await shown('small.jpg');
  assert.deepEqual(await visitor.violations(), []);
  await visitor.page.keyboard.press('ArrowRight');
  await shown('drawing.png');
  await visitor.page.keyboard.press('ArrowRight');
  await shown('drawing.png');
  await visitor.page.keyboard.press('ArrowLeft');
  await visitor.page.keyboard.press('ArrowLeft');
  await shown('photo.webp');

  await visitor.page.goBack();
  await dialog.waitFor({ state: 'hidden' });
  assert.equal(visitor.page.url(), board.site);
  await visitor.focusIsAt(opener);
  await eventually(async () => assert.equal(await placeOf(opener), place));

  for (const close of [() => visitor.page.keyboard.press('Escape'), () => dialog.getByRole('button', { name: 'Close' }).click()]) {
    await opener.click();
    await shown('small.jpg');
    await close();
    await dialog.waitFor({ state: 'hidden' });
    await historyIsBack(visitor);
    assert.equal(visitor.page.url(), board.site, 'still on the page');
  }
});

boardTest('a screenshot of a whole page is read from its top, as wide as the screen', { viewport: { width: 390, height: 844 } }, async ({ visitor }) => {
  await visitor.post({ text: 'a drawing', picture: 'drawing.png' });
  await visitor.give('support/long-screenshot.jpg');
  await visitor.prepared();
  await visitor.post({ text: 'read this' });
  await visitor.message('read this').locator('.message__picture').click();
  const stage = visitor.find('.picture-dialog__stage.is-current');
  const image = visitor.find('.is-current > .picture-dialog__image');
  await eventually(async () => assert.match(await image.evaluate(({ complete, currentSrc }) => (complete ? currentSrc : '')), /\/(small\/640|images)\//));
  const { width, height } = await image.boundingBox();
  assert.ok(width >= 350 && height / width > 11, `${width} × ${height}`);
  assert.equal((await image.boundingBox()).y, (await stage.boundingBox()).y);
  assert.deepEqual(await visitor.violations(), []);
  await visitor.focusIsAt(stage);
  await visitor.page.keyboard.press('End');
  await eventually(async () => assert.ok((await stage.evaluate(({ scrollTop }) => scrollTop)) > height - 844));

  await visitor.page.keyboard.press('ArrowRight');
  await eventually(async () => assert.equal(await stage.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight), 0));
  await visitor.page.keyboard.press('ArrowLeft');
  await eventually(async () => assert.equal(await stage.evaluate(({ scrollTop }) => scrollTop), 0));
});

boardTest('a panorama is read from its left, at a readable height', { viewport: { width: 390, height: 844 } }, async ({ board, visitor }) => {
  await visitor.post({ text: 'a drawing', picture: 'drawing.png' });
  await board.postPicture('the mountains', png(12_000, 1_080));
  await visitor.page.reload();
  await visitor.message('the mountains').locator('.message__picture').click();
  const stage = visitor.find('.picture-dialog__stage.is-current');
  const image = visitor.find('.is-current > .picture-dialog__image');
  await eventually(async () => assert.match(await image.evaluate(({ complete, currentSrc }) => (complete ? currentSrc : '')), /\/images\//));
  const { x, width, height } = await image.boundingBox();
  assert.ok(height > 319.5 && Math.abs(width / height - 12_000 / 1_080) < 0.1, `${width} × ${height}`);
  assert.equal(x, 0);
  assert.deepEqual(await visitor.violations(), []);
  await visitor.focusIsAt(stage);
  const place = () => stage.evaluate(({ scrollLeft }) => scrollLeft);
  await visitor.page.keyboard.press('ArrowRight');
  await eventually(async () => assert.ok((await place()) > 0));
  await stage.evaluate((element) => element.scrollTo({ left: element.scrollWidth, behavior: 'instant' }));
  await visitor.page.keyboard.press('ArrowRight');
  await eventually(async () => assert.notEqual(await image.getAttribute('src'), null));
  await visitor.page.keyboard.press('ArrowRight');
  await eventually(async () => assert.equal(await stage.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), 0));
});

boardTest('on a desk a panorama that is readable as a whole is shown as a whole', { viewport: { width: 1_440, height: 900 } }, async ({ board, visitor }) => {
  await board.postPicture('the mountains', png(3_100, 1_000));
  await visitor.page.reload();
  await visitor.message('the mountains').locator('.message__picture').click();
  const image = visitor.find('.is-current > .picture-dialog__image');
  await eventually(async () => {
    const { x, width, height } = await image.boundingBox();
    assert.ok(x >= 0 && x + width <= 1_070 && Math.abs(width / height - 3.1) < 0.02, `${x} ${width} × ${height}`);
  });
});

boardTest('in the list a picture as thin as a thread can be hit', { viewport: { width: 390, height: 844 } }, async ({ board, visitor }) => {
  for (const [width, height] of [[16_384, 1], [1, 16_384]]) await board.postPicture(`${width}`, png(width, height));
  await visitor.page.reload();
  for (const text of ['16384', '1']) {
    const box = await visitor.page.locator('.message', { has: visitor.page.getByText(text, { exact: true }) }).locator('.message__picture').boundingBox();
    assert.ok(box.width >= 44 && box.height >= 44 && box.height <= 844, JSON.stringify(box));
  }
});
