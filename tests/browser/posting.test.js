import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { eventually, isLike, look } from './support/visitor.js';

const pictures = {
  'a photo from a camera, taken upright': ['camera.jpg', 'jpg'],
  'a PNG': ['drawing.png', 'png'],
  'a GIF': ['animation.gif', 'gif'],
  'a WebP': ['photo.webp', 'webp'],
  'a BMP': ['drawing.bmp', 'png'],
};

for (const [what, [file, extension]] of Object.entries(pictures)) {
  boardTest(`${what} is posted and shown in the list and in the carrousel`, {}, async ({ visitor }) => {
    const text = '早安！今天的夕陽真美 🌅👨‍👩‍👧';
    await visitor.write({ text, author: '阿明', picture: file, alt: '山上的夕陽' });
    // What the browser makes of the file itself is what everyone should see.
    const original = await look(visitor.picture);

    await visitor.send();
    const message = visitor.message(text);
    await message.waitFor();
    await eventually(async () => assert.equal(await message.locator('.message__author').textContent(), '阿明'));

    const image = message.locator('.message__picture img');
    const posted = await look(image);
    assert.ok(isLike(posted, original), 'it looks like the file');
    await eventually(async () => assert.equal(await image.getAttribute('width'), String(original.width)));
    await eventually(async () => assert.equal(await image.getAttribute('height'), String(original.height)));
    await eventually(async () => assert.equal(await image.getAttribute('alt'), '山上的夕陽'));
    const url = await image.getAttribute('src');
    assert.match(url, new RegExp(`/images/[0-9A-Z]{26}\\.${extension}$`));

    await visitor.seeCarrousel();
    await eventually(async () => {
      assert.equal(await visitor.carrouselPicture.getAttribute('src'), url);
      assert.equal(await visitor.carrouselPicture.getAttribute('alt'), '山上的夕陽');
    });
  });
}

const refusals = {
  'a picture too large for what stands in front of the board': [{ status: 413, body: 'Too large' }, '#composer-picture-error', /This picture is too large.*choose a smaller one/, '.picture-field__file'],
  'a picture of a kind the board does not take': [{ status: 415, body: '' }, '#composer-picture-error', /not a picture the board can show/, '.picture-field__file'],
  'a picture that is damaged': [fault('picture', 'malformed'), '#composer-picture-error', /This picture is damaged/, '.picture-field__file'],
  'a name with a line break': [fault('author', 'several-lines'), '#composer-author-error', /one line/, '#composer-author'],
  'a description with bidirectional controls': [fault('alt', 'bidirectional-control'), '#composer-alt-error', /turn the writing round/, '#composer-alt'],
};

function fault(field, code) {
  const problem = { type: 'urn:corkboard:problem:invalid-fields', status: 422, errors: [{ field, code, detail: 'for programs' }] };
  return { status: 422, contentType: 'application/problem+json', body: JSON.stringify(problem) };
}

for (const [what, [answer, place, words, focused]] of Object.entries(refusals)) {
  boardTest(`${what} is named next to its field, and nothing is lost`, { expected: [/status of 4/] }, async ({ board, visitor }) => {
    const draft = { text: '不行嗎 📷', author: 'Ada', picture: 'small.jpg', alt: 'a lake' };
    await visitor.write(draft);
    await visitor.page.route('**/api/messages', (route) => (route.request().method() === 'POST' ? route.fulfill(answer) : route.continue()));
    await visitor.send();
    const error = visitor.find(place);
    await error.waitFor();
    await eventually(async () => assert.match(await error.textContent(), words));
    await visitor.focusIsAt(visitor.find(focused));
    await eventually(async () => assert.equal(await visitor.textField.inputValue(), draft.text));
    await eventually(async () => assert.equal(await visitor.page.getByLabel('Name').inputValue(), draft.author));
    await eventually(async () => assert.equal(await visitor.page.getByLabel('What is in the picture?').inputValue(), draft.alt));
    await eventually(async () => assert.match(await visitor.find('.picture-field__name').textContent(), /small\.jpg/));

    await visitor.speak('zh-Hant');
    await eventually(async () => assert.match(await error.textContent(), /[\u4e00-\u9fff]{4}/));
    assert.deepEqual((await board.json('/api/messages')).messages, []);
  });
}

boardTest('a name that is too long is named as the field at fault', {}, async ({ visitor }) => {
  await visitor.write({ text: 'hello', author: 'x'.repeat(41) });
  await visitor.send();
  await visitor.find('#composer-author-error', { hasText: 'At most 40 characters' }).waitFor();
  await visitor.focusIsAt(visitor.page.getByLabel('Name'));
  await eventually(async () => assert.equal(await visitor.find('#composer-text-error').textContent(), ''));
});

boardTest('a picture can be posted without a text, but nothing at all cannot be posted', {}, async ({ visitor }) => {
  await visitor.send();
  await visitor.find('#composer-text-error', { hasText: 'Write something' }).waitFor();

  await visitor.write({ picture: 'small.jpg' });
  await visitor.send();
  await visitor.find('.message img').waitFor();
});

boardTest('a double click posts once', {}, async ({ board, visitor }) => {
  let requests = 0;
  let letThrough;
  const clicked = new Promise((resolve) => (letThrough = resolve));
  await visitor.page.route('**/api/messages', async (route) => {
    if (route.request().method() === 'POST') {
      requests += 1;
      await clicked;
    }
    await route.continue();
  });
  await visitor.write({ text: 'only once' });
  await visitor.postButton.dblclick();
  await visitor.find('.composer__post[aria-disabled="true"]').click({ force: true });
  letThrough();

  await visitor.message('only once').waitFor();
  assert.equal(requests, 1);
  assert.equal((await board.json('/api/messages')).messages.length, 1);
});

boardTest('what people write is shown as text, never as markup', {}, async ({ visitor }) => {
  const text = '<script>window.taken = 1</script><img src="/nothing" onerror="window.taken = 2"> & <b>bold</b>\nline two';
  const message = await visitor.post({ text, author: '<i>Ada</i>' });
  await eventually(async () => assert.equal(await message.locator('.message__text').textContent(), text));
  await eventually(async () => assert.equal(await message.locator('.message__author').textContent(), '<i>Ada</i>'));

  await visitor.page.reload();
  await visitor.message('line two').waitFor();
  await eventually(async () => assert.equal(await visitor.message('line two').locator('.message__text').textContent(), text));
  assert.equal(await visitor.page.evaluate(() => window.taken), undefined);
});

boardTest('after posting, the form is ready for the next message and the keyboard is at the new one', {}, async ({ visitor }) => {
  const message = await visitor.post({ text: 'hello', author: 'Ada' });
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), ''));
  await eventually(async () => assert.equal(await visitor.page.getByLabel('Name').inputValue(), 'Ada'));
  await visitor.focusIsAt(message);
  await visitor.find('#announcer', { hasText: 'Your message is on the board.' }).waitFor({ state: 'attached' });
});

const failures = {
  'the line is down': [(route) => route.abort(), /could not be reached/],
  'pictures cannot be stored': [
    (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        headers: { 'Retry-After': '5' },
        body: JSON.stringify({ type: 'urn:corkboard:problem:media-unavailable', status: 503 }),
      }),
    /not available at the moment.*Try again in 5 seconds/,
  ],
  'too much was posted': [
    (route) => route.fulfill({ status: 429, headers: { 'Retry-After': '40' }, body: '' }),
    /a lot in a short time.*Try again in 40 seconds/,
  ],
  'something in front of the board fails': [
    (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
    /has a problem \(502\)/,
  ],
};

for (const [what, [answer, words]] of Object.entries(failures)) {
  boardTest(`when ${what}, the message stays and can be posted again`, { expected: [/Failed to load resource/] }, async ({ visitor }) => {
    const refuse = (route) => (route.request().method() === 'POST' ? answer(route) : route.continue());
    await visitor.page.route('**/api/messages', refuse);
    await visitor.write({ text: 'patience', picture: 'small.jpg' });
    await visitor.send();
    const error = visitor.find('.composer__error');
    await error.waitFor();
    await eventually(async () => assert.match(await error.textContent(), words));

    await visitor.page.unroute('**/api/messages', refuse);
    await visitor.send();
    await visitor.message('patience').locator('img').waitFor();
    await eventually(async () => assert.equal(await error.textContent(), ''));
  });
}

boardTest('a board that is closed for posting says so', { settings: { POSTING: 'closed' } }, async ({ visitor }) => {
  await visitor.page.getByText('Posting is closed').waitFor();
  await visitor.postButton.waitFor({ state: 'hidden' });
});
