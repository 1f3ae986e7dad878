// Files that are not what they seem: folders, references to what is gone, pictures that only some programs can read.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boardTest } from './support/with-board.js';
import { eventually, pictureFile } from './support/visitor.js';

/** Runs `body` with the path of a picture that is its own. */
async function withFile(body) {
  const folder = await mkdtemp(join(tmpdir(), 'corkboard-file-'));
  try {
    const file = join(folder, 'mine.jpg');
    await copyFile(pictureFile('small.jpg'), file);
    await body(file, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const removeButton = (visitor) => visitor.page.getByRole('button', { name: 'Remove picture' });

boardTest('a folder that is dropped is called one, and posting goes on once it is taken back', {}, async ({ board, visitor }) => {
  await visitor.write({ text: 'my holidays' });
  await withFile((_, folder) => visitor.dropFiles(folder));
  await visitor.pictureError.getByText('This is a folder: choose one picture in it.').waitFor();
  await visitor.send();
  await visitor.focusIsAt(visitor.find('.picture-field__file'));
  assert.deepEqual((await board.json('/api/messages')).messages, []);

  await removeButton(visitor).click();
  await visitor.send();
  await visitor.message('my holidays').waitFor();
});

boardTest('a folder does not push out the picture that was chosen before', {}, async ({ visitor }) => {
  await visitor.write({ text: 'both', picture: 'small.jpg' });
  await withFile((_, folder) => visitor.dropFiles(folder));
  await visitor.pictureError.getByText('This is a folder').waitFor();
  await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), 'small.jpg'));
  await visitor.send();
  await visitor.message('both').locator('img').waitFor();
});

boardTest('a folder that is dropped together with a picture is passed over', {}, async ({ visitor }) => {
  await withFile(async (file, folder) => {
    for (const files of [[folder, file], [file, folder]]) {
      await visitor.dropFiles(...files);
      await visitor.prepared();
      await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), 'mine.jpg'));
      await eventually(async () => assert.equal(await visitor.pictureError.textContent(), ''));
      assert.equal((await visitor.keptPicture()).name, 'mine.jpg');
      await removeButton(visitor).click();
    }
  });
});

boardTest('of two pictures that are dropped the first is taken, with a word about it, whatever else lies between', {}, async ({ visitor }) => {
  await visitor.dropFiles(new URL(import.meta.url).pathname, pictureFile('small.jpg'));
  await visitor.prepared();
  await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), 'small.jpg'));
  await eventually(async () => assert.equal(await visitor.pictureError.textContent(), ''));
  await visitor.dropFiles(pictureFile('drawing.png'), pictureFile('small.jpg'));
  await visitor.pictureError.getByText('Only one picture fits').waitFor();
  await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), 'drawing.png'));
});

boardTest('what is dropped where it cannot be seen or posted is left alone', { before: (page) => page.addInitScript(() => {
  window.dragged = [];
  document.addEventListener('dragover', ({ dataTransfer }) => setTimeout(() => window.dragged.push(dataTransfer.dropEffect, document.querySelector('.picture-field__drop')?.checkVisibility() ?? false)));
}) }, async ({ board, visitor }) => {
  await board.postPicture('a lake', 'small.jpg');
  await visitor.page.reload();
  const isLeftAlone = async () => {
    await visitor.dropFiles(pictureFile('drawing.png'));
    await eventually(async () => assert.equal(await visitor.page.evaluate(() => window.dragged.splice(0).at(-1)), false));
    await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), ''));
    assert.ok(visitor.page.url().startsWith(board.site));
  };
  await visitor.message('a lake').locator('.message__picture').click();
  await visitor.page.getByRole('dialog').waitFor();
  await isLeftAlone();
  await visitor.page.keyboard.press('Escape');
  await visitor.page.getByRole('dialog').waitFor({ state: 'hidden' });

  await visitor.write({ text: 'on its way' });
  await visitor.page.route('**/api/messages', (route) => (route.request().method() === 'POST' ? null : route.continue()));
  await visitor.send();
  await visitor.page.getByRole('button', { name: 'Cancel' }).waitFor();
  await isLeftAlone();

  await visitor.page.route('**/api/board', async (route) => route.fulfill({ json: { ...(await (await route.fetch()).json()), posting: 'closed' } }));
  await visitor.page.reload();
  await visitor.page.getByText('Posting is closed').waitFor();
  await isLeftAlone();
});

for (const [name, part] of [['small.jpg', 0.9], ['camera-6mb.jpg', 0.5], ['drawing.png', 0.6], ['still.gif', 0.6], ['photo.webp', 0.6], ['animation.gif', 0.97], ['small.jpg', 0]]) {
  boardTest(`a file of which only ${100 * part} per cent are there is called damaged: ${name}`, {}, async ({ board, visitor }) => {
    const bytes = await readFile(pictureFile(name));
    const buffer = bytes.subarray(0, bytes.length * part);
    await visitor.give({ name, mimeType: 'application/octet-stream', buffer });
    await visitor.pictureError.getByText('This picture is damaged or not whole: fetch the file again').waitFor();
    await visitor.write({ text: 'half' });
    await visitor.send();
    await visitor.focusIsAt(visitor.find('.picture-field__file'));
    assert.deepEqual((await board.json('/api/messages')).messages, []);
  });
}

boardTest('what moves and has too many pixels for the board is refused when it is chosen', {}, async ({ visitor }) => {
  const wide = async (name, write) => {
    const buffer = await readFile(pictureFile(name));
    write(buffer);
    await visitor.give({ name, mimeType: 'image/gif', buffer });
    await visitor.pictureError.getByText('This picture has too many pixels').waitFor();
    await removeButton(visitor).click();
  };
  await wide('animation.gif', (gif) => gif.writeUInt16LE(16_385, 6));
  await wide('animation.png', (picture) => picture.writeUInt32BE(16_385, 20));
  await wide('animation.webp', (webp) => webp.fill(0xff, 25, 26) && webp.fill(0x20, 28, 29));
});

boardTest('a fault in drawing is not blamed on the file', { expected: [/no luck/] }, async ({ visitor }) => {
  await visitor.page.evaluate(() => {
    HTMLCanvasElement.prototype.toBlob = () => {
      throw new Error('no luck');
    };
  });
  await visitor.give(pictureFile('camera.jpg'));
  await visitor.pictureError.getByText('Something on this page failed.').waitFor();
});

boardTest('a drop that promises files and has none says so, and posting goes on', {}, async ({ board, visitor }) => {
  await visitor.write({ text: 'from a mail' });
  await visitor.page.evaluate(() => {
    const event = new Event('drop', { bubbles: true, cancelable: true });
    document.body.dispatchEvent(Object.assign(event, { dataTransfer: { types: ['Files'], files: [], items: [] } }));
  });
  await visitor.pictureError.getByText('The picture itself did not come along').waitFor();
  // Posting without what was meant takes a word of the viewer's, after a reload as well.
  await visitor.page.reload();
  await visitor.openComposer();
  await visitor.pictureError.getByText('remove it to post without a picture').waitFor();
  await visitor.send();
  await visitor.focusIsAt(visitor.find('.picture-field__file'));
  assert.deepEqual((await board.json('/api/messages')).messages, []);
  await removeButton(visitor).click();
  await visitor.send();
  await visitor.message('from a mail').waitFor();
});

boardTest('a file that is gone before it is read is named as that, and posting goes on', {
  before: (page) =>
    page.addInitScript(() => {
      const read = File.prototype.arrayBuffer;
      const released = new Promise((resolve) => (window.release = resolve));
      File.prototype.arrayBuffer = function arrayBuffer() {
        return released.then(() => read.call(this));
      };
    }),
}, async ({ visitor }) => {
  await visitor.write({ text: 'where was it' });
  await withFile((file) => visitor.give(file));
  await visitor.page.evaluate(() => window.release());
  await visitor.pictureError.getByText('This file cannot be read.').waitFor();
  await eventually(async () => assert.equal(await visitor.find('.picture-field__note').textContent(), ''));
  await visitor.send();
  await visitor.focusIsAt(visitor.find('.picture-field__file'));
  await removeButton(visitor).click();
  await visitor.send();
  await visitor.message('where was it').waitFor();
});

boardTest('a file that changes or vanishes after it was chosen is sent as it was', {}, async ({ board, visitor }) => {
  await withFile(async (file) => {
    await visitor.give(file);
    await visitor.prepared();
  });
  await visitor.write({ text: 'from a cloud drive' });
  await visitor.send();
  await visitor.message('from a cloud drive').locator('img').waitFor();
  const [{ picture }] = (await board.json('/api/messages')).messages;
  assert.equal(picture.type, 'image/jpeg');
});

boardTest('a screenshot of a whole page stays readable', {}, async ({ board, visitor }) => {
  await visitor.give('support/long-screenshot.jpg');
  await visitor.prepared();
  const digest = createHash('sha256').update(await readFile('support/long-screenshot.jpg')).digest('hex');
  assert.equal((await visitor.keptPicture()).digest, digest, 'it is sent as it is');
  await visitor.write({ text: 'read this' });
  await visitor.send();
  await visitor.message('read this').locator('img').waitFor();
  const [{ picture }] = (await board.json('/api/messages')).messages;
  assert.deepEqual([picture.width, picture.height], [1_080, 12_000]);
});

boardTest('a GIF over the limit is refused when it is chosen', {}, async ({ visitor }) => {
  const gif = await readFile('support/wide.gif');
  const line = Buffer.concat([Buffer.from([255]), Buffer.alloc(255, 'x')]);
  const comment = Buffer.concat([Buffer.from([0x21, 0xfe]), ...Array(17_000).fill(line), Buffer.from([0])]);
  const buffer = Buffer.concat([gif.subarray(0, -1), comment, gif.subarray(-1)]);
  await visitor.give({ name: 'long.gif', mimeType: 'image/gif', buffer });
  await visitor.pictureError.getByText(/This picture is too large \(4\.2\sMB\)\. The board takes pictures up to 4\sMB/).waitFor();
});

boardTest('an animated AVIF is sent as a still, and that is said', {}, async ({ visitor }) => {
  await visitor.give('support/anim.avif');
  await visitor.find('.picture-field__note', { hasText: 'It will not move' }).waitFor();
  assert.equal((await visitor.keptPicture()).type, 'image/jpeg');
});

/** A picture of OS/2: its header has 12 bytes, and where others tell how they are compressed, it has pixels. */
function oldBmp(pixel) {
  const header = Buffer.alloc(26);
  header.write('BM');
  header.writeUInt32LE(26, 10);
  header.writeUInt32LE(12, 14);
  header.writeUInt16LE(8, 18);
  header.writeUInt16LE(8, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt16LE(24, 24);
  return Buffer.concat([header, Buffer.alloc(8 * 8 * 3, pixel)]);
}

for (const [what, pixel] of [['black', 0], ['gray', 0x80]]) {
  boardTest(`a BMP of OS/2 is converted: ${what}`, {}, async ({ visitor }) => {
    await visitor.give({ name: 'old.bmp', mimeType: 'image/bmp', buffer: oldBmp(pixel) });
    await visitor.find('.picture-field__note', { hasText: 'Converted' }).waitFor();
    await visitor.write({ text: 'of 1992' });
    await visitor.send();
    await visitor.message('of 1992').locator('img').waitFor();
  });
}

/** Lets the board refuse the first `count` posts for their picture. */
async function refusePictures(visitor, { count = 1, code = 'malformed' } = {}) {
  const problem = { type: 'urn:corkboard:problem:invalid-fields', status: 422, errors: [{ field: 'picture', code, detail: 'for programs' }] };
  let left = count;
  await visitor.page.route('**/api/messages', (route) => {
    if (route.request().method() !== 'POST' || left === 0) return route.continue();
    left -= 1;
    return route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify(problem) });
  });
}

boardTest('a picture that the board cannot read and the browser can is drawn anew, with a word about it', { expected: [/status of 422/] }, async ({ board, visitor }) => {
  for (const code of ['malformed', 'too-many-parts']) {
    await refusePictures(visitor, { code });
    const keys = await visitor.noteKeys();
    await visitor.write({ text: `odd ${code}`, picture: 'orientation-6.jpg' });
    await visitor.send();
    await visitor.message(`odd ${code}`).locator('img').waitFor();
    const words = /The board could not read this file as it was, so it was drawn anew/;
    await visitor.find('#announcer', { hasText: new RegExp(`Your message is on the board\\. ${words.source}`) }).waitFor({ state: 'attached' });
    const said = visitor.find('.messages__said', { hasText: words });
    await said.click();
    await said.waitFor({ state: 'hidden' });
    assert.equal(new Set(keys).size, 2, 'another picture is another message');
    await visitor.page.unroute('**/api/messages');
  }
  const { messages } = await board.json('/api/messages');
  assert.equal(messages.length, 2);
});

boardTest('while a picture is drawn anew, posting can be cancelled', {
  expected: [/status of 422/],
  before: (page) => page.addInitScript(() => {
    const toBlob = HTMLCanvasElement.prototype.toBlob;
    const released = new Promise((resolve) => (window.release = resolve));
    HTMLCanvasElement.prototype.toBlob = async function (...args) {
      window.isDrawing = true;
      await released;
      return toBlob.apply(this, args);
    };
  }),
}, async ({ board, visitor }) => {
  await refusePictures(visitor);
  await visitor.write({ text: 'odd', picture: 'small.jpg' });
  await visitor.send();
  await eventually(async () => assert.equal(await visitor.page.evaluate(() => window.isDrawing), true));
  await visitor.page.getByRole('button', { name: 'Cancel' }).click();
  await visitor.find('.composer__error', { hasText: 'Cancelled. Your message is still here.' }).waitFor();
  await visitor.page.evaluate(() => window.release());
  await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), 'small.jpg'));
  assert.deepEqual((await board.json('/api/messages')).messages, []);
  await visitor.send();
  await visitor.message('odd').locator('img').waitFor();
});

boardTest('it is drawn anew once, and never where that would stop it moving', { expected: [/status of 422/] }, async ({ visitor }) => {
  await refusePictures(visitor, { count: 9 });
  const keys = await visitor.noteKeys();
  await visitor.write({ text: 'odd', picture: 'small.jpg' });
  await visitor.send();
  await visitor.pictureError.getByText('This picture is damaged').waitFor();
  assert.equal(keys.length, 2);
  await visitor.choose('animation.gif');
  await visitor.send();
  await visitor.pictureError.getByText('This picture is damaged').waitFor();
  assert.equal(keys.length, 3);
});

boardTest('whoever adds no description is asked for one in a friendly way, and posts without all the same', {}, async ({ board, visitor }) => {
  const nudge = visitor.find('.composer__nudge');
  await visitor.write({ text: 'no words', picture: 'small.jpg' });
  await nudge.getByText('A sentence about the picture lets those take part who cannot see it.').waitFor();
  await eventually(async () => assert.match(await visitor.postButton.getAttribute('aria-describedby'), /composer-nudge/));
  assert.deepEqual(await visitor.violations(), []);
  await visitor.write({ alt: 'a lake' });
  await nudge.waitFor({ state: 'hidden' });
  await visitor.write({ alt: ' ' });
  await nudge.waitFor();
  await visitor.send();
  await visitor.message('no words').locator('img').waitFor();
  await nudge.waitFor({ state: 'hidden' });
  assert.equal((await board.json('/api/messages')).messages[0].picture.alt, null);
});
