import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Board } from './support/corkboard.js';
import { Firefox } from './support/firefox.js';
import { eventually, pictureFile } from './support/visitor.js';

test('in Firefox one writes, posts a large photo, opens it, reloads and deletes', { timeout: 180_000 }, async () => {
  const board = await Board.start();
  let firefox;
  try {
    firefox = await Firefox.start();
    await firefox.goTo(board.site);
    await eventually(async () => assert.match(await firefox.text('.messages__empty'), /Nothing pinned up/));

    await firefox.openComposer();
    await firefox.type('#composer-text', '火狐 says https://example.com/.');
    await firefox.type('#composer-author', 'Ada');
    await firefox.type('#composer-picture', pictureFile('camera-6mb.jpg'));
    await eventually(async () => assert.match(await firefox.text('.picture-field__note'), /Made smaller/));

    // The draft is still there after a reload.
    await firefox.reload();
    await firefox.openComposer();
    await eventually(async () => assert.equal(await firefox.property('#composer-text', 'value'), '火狐 says https://example.com/.'));
    await eventually(async () => assert.match(await firefox.text('.picture-field__name'), /camera-6mb\.jpg/));

    await firefox.click('.composer__post');
    await eventually(async () => assert.equal(await firefox.text('.message__author'), 'Ada'));
    await eventually(async () => assert.equal(await firefox.text('.message__text a'), 'https://example.com/'));
    const [message] = (await board.json('/api/messages')).messages;
    const { picture } = message;
    assert.equal(Math.max(picture.width, picture.height), 2_048);
    assert.ok(picture.width < picture.height, 'taken upright');
    await board.hasSmall(message);
    await firefox.reload();
    await eventually(() => firefox.scrollTo('.carrousel__frame'));
    await eventually(async () => assert.match(await firefox.property('.carrousel__frame img', 'currentSrc'), /\/small\/(640|960|1280)\//));
    await eventually(async () => assert.ok((await firefox.property('.carrousel__frame img', 'naturalWidth')) > 0));

    await firefox.click('.message__picture');
    await eventually(async () => assert.equal(await firefox.property('.picture-dialog', 'open'), true));
    await firefox.goBack();
    await eventually(async () => assert.equal(await firefox.property('.picture-dialog', 'open'), false));

    await firefox.click('.language-menu [value=zh-Hant]');
    await eventually(async () => assert.equal(await firefox.text('.blank-note__line'), '貼點什麼吧…'));
    await firefox.openMenu();
    await firefox.click('.message__delete');
    await firefox.click('.confirmation__yes');
    await eventually(async () => assert.equal(await firefox.count('.message'), 0));
    assert.deepEqual((await board.json('/api/messages')).messages, []);
  } finally {
    await firefox?.close();
    await board.remove();
  }
});

/** Runs `body` in a Firefox with `preferences` of its own, at a board of its own. */
async function inFirefox(preferences, body) {
  const board = await Board.start();
  let firefox;
  try {
    firefox = await Firefox.start(preferences);
    await firefox.goTo(board.site);
    await eventually(async () => assert.match(await firefox.text('.messages__empty'), /Nothing pinned up/));
    await body({ board, firefox });
  } finally {
    await firefox?.close();
    await board.remove();
  }
}

const pictureProblem = (firefox, pattern) => eventually(async () => assert.match(await firefox.text('#composer-picture-error'), pattern));

test('in a Firefox that resists fingerprinting a picture is sent as it is, or not at all, with a word about it', { timeout: 180_000 }, async () => {
  await inFirefox({ 'privacy.resistFingerprinting': true }, async ({ board, firefox }) => {
    await firefox.openComposer();
    await firefox.type('#composer-text', 'unchanged');
    await firefox.type('#composer-picture', pictureFile('camera-6mb.jpg'));
    await pictureProblem(firefox, /does not take this picture as it is.*Allow this site to read canvas data, or choose a JPEG.* up to 4\sMB/);
    await firefox.type('#composer-picture', join(import.meta.dirname, 'support/photo.avif'));
    await pictureProblem(firefox, /does not take this picture as it is/);

    await firefox.type('#composer-picture', pictureFile('camera.jpg'));
    await pictureProblem(firefox, /^$/);
    await firefox.click('.composer__post');
    await eventually(async () => assert.equal(await firefox.text('.message__text'), 'unchanged'));
    const [{ picture }] = (await board.json('/api/messages')).messages;
    const original = await readFile(pictureFile('camera.jpg'));
    const served = Buffer.from(await (await fetch(new URL(picture.url, board.site))).arrayBuffer());
    // The pixels, behind what the board takes out of the head.
    assert.ok(served.subarray(-10_000).equals(original.subarray(-10_000)), 'the pixels are those of the file');
  });
});

test('in Firefox what is there of a file that is cut short is not posted', { timeout: 180_000 }, async () => {
  await inFirefox({}, async ({ board, firefox }) => {
    await firefox.openComposer();
    await firefox.type('#composer-text', 'half');
    for (const name of ['small.jpg', 'progressive.jpg', 'drawing.png', 'still.gif', 'photo.webp', 'drawing.bmp']) {
      const bytes = await readFile(pictureFile(name));
      const file = join(tmpdir(), `corkboard-cut-${process.pid}-${name}`);
      await writeFile(file, bytes.subarray(0, bytes.length * 0.7));
      await firefox.type('#composer-picture', file);
      await eventually(async () => assert.ok((await firefox.text('.picture-field__name')).endsWith(name)));
      await pictureProblem(firefox, /This picture is damaged or not whole/);
      await rm(file);
    }
    await firefox.click('.composer__post');
    // Where the keyboard is at the picture, posting was refused.
    await eventually(async () => assert.equal(await firefox.run('return document.activeElement.id'), 'composer-picture'));
    assert.deepEqual((await board.json('/api/messages')).messages, []);
  });
});
