import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { bmp } from './support/shapes.js';
import { boardTest } from './support/with-board.js';
import { eventually, look, pictureFile } from './support/visitor.js';

const digest = async (name) => createHash('sha256').update(await readFile(pictureFile(name))).digest('hex');

/** Lets a picture that the page draws itself be dropped on it, as from another window. */
async function drop(visitor, { draw, type = 'image/png', name = 'drawn.png' }) {
  await visitor.page.evaluate(
    async ([body, mime, fileName]) => {
      const canvas = document.createElement('canvas');
      const paint = { transparent, noise }[body];
      function transparent() {
        canvas.width = 3_000;
        canvas.height = 1_500;
        const context = canvas.getContext('2d');
        context.fillStyle = 'rgb(200 30 30 / 0.5)';
        context.fillRect(0, 0, 1_500, 1_500);
      }
      function noise() {
        canvas.width = 1_800;
        canvas.height = 1_200;
        const context = canvas.getContext('2d');
        const image = context.createImageData(canvas.width, canvas.height);
        let seed = 1;
        for (let at = 0; at < image.data.length; at += 1) {
          seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0;
          image.data[at] = at % 4 === 3 ? 255 : (seed >>> 16) & 255;
        }
        context.putImageData(image, 0, 0);
      }
      paint();
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, mime));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([blob], fileName, { type: mime }));
      for (const event of ['dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(event, { dataTransfer, bubbles: true, cancelable: true }));
      }
    },
    [draw, type, name],
  );
  await visitor.prepared();
}

boardTest('a large photo is made smaller before it is sent, the right way up, with a word about it', {}, async ({ board, visitor }) => {
  await visitor.write({ text: 'from the phone', picture: 'camera-6mb.jpg', alt: 'hills' });
  const note = await visitor.find('.picture-field__note').textContent();
  assert.match(note, /Made smaller for sending: [\d,]+ × [\d,]+, .+ instead of 5\.\d\sMB\./);
  const kept = await eventually(async () => {
    const [picture] = await visitor.keptPictures();
    assert.equal(Math.max(picture.width, picture.height), 2_048);
    return picture;
  });
  assert.equal(kept.type, 'image/jpeg');

  await visitor.send();
  await visitor.message('from the phone').waitFor();
  const { picture } = (await board.json('/api/messages')).messages[0];
  assert.deepEqual([picture.width, picture.height], [kept.width, kept.height]);
  assert.ok(picture.width < picture.height, 'taken upright');
});

boardTest('what is small already, and what moves, is sent as it is', {}, async ({ visitor }) => {
  for (const name of ['small.jpg', 'orientation-6.jpg', 'drawing.png', 'animation.gif', 'animation.png', 'animation.webp', 'drawing.bmp', 'transparent.webp']) {
    await visitor.choose(name);
    await eventually(async () => {
      const kept = await visitor.keptPicture();
      assert.deepEqual([kept.name, kept.digest], [name, await digest(name)]);
    });
  }
});

boardTest('what moves is sent as it is even where it is large', {}, async ({ visitor }) => {
  const gif = await readFile('support/wide.gif');
  // Made longer by a comment, so that one frame of it as a JPEG would be the smaller file.
  const line = Buffer.concat([Buffer.from([255]), Buffer.alloc(255, 'x')]);
  const comment = Buffer.concat([Buffer.from([0x21, 0xfe]), ...Array(200).fill(line), Buffer.from([0])]);
  const buffer = Buffer.concat([gif.subarray(0, -1), comment, gif.subarray(-1)]);
  await visitor.give({ name: 'wide.gif', mimeType: 'image/gif', buffer });
  await visitor.prepared();
  await eventually(async () => {
    const kept = await visitor.keptPicture();
    assert.deepEqual([kept.width, kept.digest], [2_100, createHash('sha256').update(buffer).digest('hex')]);
  });
});

boardTest('a large picture that shows through goes on doing so', {}, async ({ visitor }) => {
  await drop(visitor, { draw: 'transparent' });
  await eventually(async () => {
    const kept = await visitor.keptPicture();
    assert.deepEqual([kept.width, kept.height, kept.type], [2_048, 1_024, 'image/png']);
  });
  await visitor.write({ text: 'half there' });
  await visitor.send();
  const image = visitor.message('half there').locator('img');
  await image.waitFor();
  const { pixels } = await look(image);
  const [red, green, , , ...rest] = pixels;
  assert.ok(Math.abs(red - 227) < 6 && Math.abs(green - 142) < 6, `half red on white: ${red} ${green}`);
  assert.deepEqual(rest.slice(-4), [255, 255, 255, 255], 'the other half is not there');
});

boardTest('a picture that stays too large in its own format is sent in another', {}, async ({ visitor }) => {
  await drop(visitor, { draw: 'noise' });
  const kept = await eventually(async () => {
    const [picture] = await visitor.keptPictures();
    assert.deepEqual([picture.type, picture.name], ['image/jpeg', 'drawn.jpg']);
    return picture;
  });
  assert.ok(kept.size <= 4 * 1024 * 1024, `${kept.size} bytes`);
});

boardTest('what the browser can read but the board does not take is converted', {}, async ({ visitor }) => {
  await visitor.give('support/photo.avif');
  await visitor.find('.picture-field__note', { hasText: 'Converted, so that everyone can see it' }).waitFor();
  await visitor.write({ text: 'was AVIF' });
  await visitor.send();
  const image = visitor.message('was AVIF').locator('img');
  await eventually(async () => assert.match(await image.getAttribute('src'), /\.jpg$/));
  assert.equal((await look(image)).width, 150);

  await visitor.choose('rle.bmp');
  await visitor.find('.picture-field__note', { hasText: 'Converted' }).waitFor();
  await eventually(async () => assert.equal((await visitor.keptPictures())[0].type, 'image/png'));
});

boardTest('a long or large BMP, of which the board takes fewer pixels, is drawn anew', {}, async ({ board, visitor }) => {
  for (const [width, height] of [[1_728, 6_000], [2_040, 2_040]]) {
    const text = `${width} × ${height}`;
    await visitor.give({ name: 'fax.bmp', mimeType: 'image/bmp', buffer: bmp(width, height) });
    await visitor.find('.picture-field__note', { hasText: 'Converted' }).or(visitor.find('.picture-field__note', { hasText: 'Made smaller' })).waitFor();
    await visitor.post({ text });
    const { picture } = (await board.json('/api/messages')).messages[0];
    assert.equal(picture.type, 'image/png');
    assert.ok(picture.height / picture.width - height / width < 0.01);
  }
});

boardTest('a picture is shown by what it is, whatever its name says', {}, async ({ visitor }) => {
  const buffer = await readFile(pictureFile('small.jpg'));
  for (const [name, mimeType] of [['photo.svg', 'image/svg+xml'], ['photo.txt', 'text/plain'], ['photo.html', 'text/html']]) {
    await visitor.give({ name, mimeType, buffer });
    await visitor.prepared();
    await eventually(async () => assert.equal(await visitor.picture.evaluate(({ naturalWidth }) => naturalWidth), 1_200, name));
    assert.equal((await visitor.keptPicture()).type, 'image/jpeg');
  }
});

boardTest('what is no picture is refused before anything is sent, and nothing goes without it unless it is taken back', {}, async ({ board, visitor }) => {
  const keys = await visitor.noteKeys();
  await visitor.write({ text: 'look' });
  for (const [name, mimeType, content, words] of [
    ['holiday.jpg', 'image/jpeg', '<!doctype html><title>no picture</title>', /This browser cannot read this file as a picture\./],
    ['IMG_0001.HEIC', 'image/heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', /cannot read HEIC photos\. Make it a JPEG: .*iPhone/],
    ['live.heics', '', '\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc', /cannot read HEIC photos\./],
    ['nothing.png', 'image/png', '', /This picture is damaged or not whole/],
  ]) {
    await visitor.give({ name, mimeType, buffer: Buffer.from(content) });
    await visitor.pictureError.getByText(words).waitFor();
    await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), name));
    await visitor.picture.waitFor({ state: 'hidden' });
    await visitor.send();
    await visitor.focusIsAt(visitor.find('.picture-field__file'));
    await visitor.find('#announcer', { hasText: 'Or remove it to post without a picture.' }).waitFor({ state: 'attached' });
  }
  assert.deepEqual(await visitor.violations(), []);
  assert.deepEqual(keys, []);

  // It is not forgotten over a reload, either.
  await visitor.page.reload();
  await visitor.openComposer();
  await visitor.pictureError.getByText('This picture could not be kept on this device').waitFor();
  await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), 'nothing.png'));
  await visitor.textField.press('Control+Enter');
  await visitor.focusIsAt(visitor.find('.picture-field__file'));

  await visitor.choose('small.jpg');
  await visitor.pictureError.waitFor({ state: 'hidden' });
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'look'));
  assert.deepEqual((await board.json('/api/messages')).messages, []);
  await visitor.send();
  await visitor.message('look').locator('img').waitFor();
});

/** Makes reading a picture take until `release` is called in the page. */
const slowDecoding = (page) =>
  page.addInitScript(() => {
    const decode = window.createImageBitmap.bind(window);
    const released = new Promise((resolve) => (window.release = resolve));
    window.createImageBitmap = (...all) => released.then(() => decode(...all));
  });

boardTest('whoever posts before the picture is ready can think better of it', { before: slowDecoding }, async ({ board, visitor }) => {
  const keys = await visitor.noteKeys();
  await visitor.give(pictureFile('camera-6mb.jpg'));
  await visitor.write({ text: 'in a hurry' });
  await visitor.textField.press('Control+Enter');
  await visitor.page.getByRole('button', { name: 'Cancel' }).click();
  await visitor.find('.composer__error', { hasText: 'Cancelled. Your message is still here.' }).waitFor();
  assert.deepEqual(keys, []);
  await visitor.page.evaluate(() => window.release());
  await visitor.prepared();
  await visitor.send();
  await visitor.message('in a hurry').locator('img').waitFor();
  assert.equal((await board.json('/api/messages')).messages.length, 1);
});

boardTest('whoever posts before the picture is ready sends it all the same', { before: slowDecoding }, async ({ visitor }) => {
  await visitor.give(pictureFile('camera-6mb.jpg'));
  await visitor.write({ text: 'in a hurry' });
  await visitor.textField.press('Control+Enter');
  await visitor.page.getByText('Preparing the picture…').waitFor();
  await visitor.page.evaluate(() => window.release());
  await visitor.message('in a hurry').locator('img').waitFor();
});

boardTest('whoever posts before the picture turns out to be none sends nothing', { before: slowDecoding }, async ({ board, visitor }) => {
  await visitor.give({ name: 'x.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not one') });
  await visitor.write({ text: 'in a hurry' });
  await visitor.textField.press('Control+Enter');
  await visitor.page.evaluate(() => window.release());
  await visitor.pictureError.getByText('cannot read this file').waitFor();
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'in a hurry'));
  assert.deepEqual((await board.json('/api/messages')).messages, []);

  // Whoever has seen that can go on without.
  await visitor.page.getByRole('button', { name: 'Remove picture' }).click();
  await visitor.textField.press('Control+Enter');
  await visitor.message('in a hurry').waitFor();
});

boardTest('a picture can be dropped anywhere on the page', {}, async ({ board, visitor }) => {
  await visitor.page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
    document.body.dispatchEvent(new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true }));
  });
  await visitor.page.getByText('Drop the picture to add it').waitFor();
  await drop(visitor, { draw: 'transparent', name: 'dropped.png' });
  await visitor.find('.picture-field__drop').waitFor({ state: 'hidden' });
  await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), 'dropped.png'));
  assert.equal(visitor.page.url(), board.site);
});

boardTest('a picture can be pasted, and text is pasted as text', { permissions: ['clipboard-read', 'clipboard-write'] }, async ({ visitor }) => {
  await visitor.page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    const blob = await new Promise((resolve) => canvas.toBlob(resolve));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
  });
  await visitor.page.keyboard.press('Control+v');
  await visitor.prepared();
  await eventually(async () => assert.deepEqual((await visitor.keptPictures()).map(({ width, height }) => [width, height]), [[300, 150]]));

  await visitor.page.evaluate(() => navigator.clipboard.writeText('only words'));
  await visitor.textField.press('Control+v');
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'only words'));
});

boardTest('a phone offers the camera', { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } }, async ({ visitor }) => {
  await visitor.openComposer();
  await visitor.page.getByText('Take a photo').waitFor();
  const camera = visitor.find('.picture-field__camera');
  assert.equal(await camera.getAttribute('capture'), 'environment');
  await camera.setInputFiles(pictureFile('camera.jpg'));
  await visitor.prepared();
  await eventually(async () => assert.equal(await visitor.find('.picture-field__name').textContent(), 'camera.jpg'));
});

boardTest('a desk does not', {}, async ({ visitor }) => {
  await visitor.openComposer();
  await eventually(async () => assert.equal(await visitor.page.getByText('Take a photo').isVisible(), false));
});

boardTest('a picture can be taken back before posting', {}, async ({ visitor }) => {
  await visitor.write({ text: 'without it', picture: 'small.jpg', alt: 'nothing' });
  await visitor.page.getByRole('button', { name: 'Remove picture' }).click();
  await visitor.find('.picture-field__chosen').waitFor({ state: 'hidden' });
  await visitor.focusIsAt(visitor.find('.picture-field__file'));
  const message = await visitor.post({ text: 'without it' });
  await eventually(async () => assert.equal(await message.locator('img').count(), 0));
});

boardTest('where the module that makes pictures fit does not come, the picture is named and nothing is posted without it', { expected: [/ERR_FAILED/, /TypeError/] }, async ({ board, visitor }) => {
  await visitor.page.route('**/shrink.js', (route) => route.abort());
  await visitor.write({ text: 'with a picture' });
  await visitor.give(pictureFile('small.jpg'));
  await visitor.pictureError.getByText('If it happens again, reload the page.').waitFor();
  await eventually(async () => assert.match(await visitor.find('.picture-field__name').textContent(), /small\.jpg/));
  await visitor.send();
  await visitor.find('#announcer', { hasText: 'remove it to post without a picture' }).waitFor({ state: 'attached' });
  assert.deepEqual((await board.json('/api/messages')).messages, []);
});
