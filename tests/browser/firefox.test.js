import assert from 'node:assert/strict';
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
    await eventually(async () => assert.match(await firefox.text('.messages__empty'), /Nothing is pinned up/));

    await firefox.type('#composer-text', '火狐 says https://example.com/.');
    await firefox.type('#composer-author', 'Ada');
    await firefox.type('#composer-picture', pictureFile('camera-6mb.jpg'));
    await eventually(async () => assert.match(await firefox.text('.picture-field__note'), /Made smaller/));

    // The draft is still there after a reload.
    await firefox.reload();
    await eventually(async () => assert.equal(await firefox.property('#composer-text', 'value'), '火狐 says https://example.com/.'));
    await eventually(async () => assert.match(await firefox.text('.picture-field__name'), /camera-6mb\.jpg/));

    await firefox.click('.composer__post');
    await eventually(async () => assert.equal(await firefox.text('.message__author'), 'Ada'));
    assert.equal(await firefox.text('.message__text a'), 'https://example.com/');
    const [{ picture }] = (await board.json('/api/messages')).messages;
    assert.equal(Math.max(picture.width, picture.height), 2_048);
    assert.ok(picture.width < picture.height, 'taken upright');
    await eventually(async () => assert.equal(await firefox.property('.carrousel__slide.is-current img', 'naturalWidth'), picture.width));

    await firefox.click('.message__picture');
    await eventually(async () => assert.equal(await firefox.property('.picture-dialog', 'open'), true));
    await firefox.goBack();
    await eventually(async () => assert.equal(await firefox.property('.picture-dialog', 'open'), false));

    await firefox.click('.masthead__language');
    await eventually(async () => assert.equal(await firefox.text('.composer__title'), '寫留言'));
    await firefox.click('.message__delete');
    await firefox.click('.confirmation__yes');
    await eventually(async () => assert.equal(await firefox.count('.message'), 0));
    assert.deepEqual((await board.json('/api/messages')).messages, []);
  } finally {
    await firefox?.close();
    await board.remove();
  }
});
