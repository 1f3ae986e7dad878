// What is left of a picture is drawn as the picture was, in Chromium and in Firefox.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launchChromium } from './support/chromium.js';
import { Board } from './support/corkboard.js';
import { DRAWN, Gallery, typeOf } from './support/drawing.js';
import { Firefox } from './support/firefox.js';

// Where the original has several orientations, Firefox takes the last, and it turns no animation at all; and it stumbles over
// a GIF's plain text.
const AS_IN_CHROMIUM = { 'everything.gif': { as: 'chromium' }, 'everything.jpg': { as: 'chromium' }, 'everything.png': { as: 'chromium', only: true } };

const FOLDER = new URL('../pictures/', import.meta.url);

/** Of 255, between what the browsers make of the same profile or of what shines through. */
const NEAR = 12;

let board;
let gallery;
const browsers = {};

before(async () => {
  board = await Board.start();
  gallery = await Gallery.open();
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(gallery.url);
  browsers.chromium = { draw: (...args) => page.evaluate(`(function () { ${DRAWN} })(...${JSON.stringify(args)})`), close: () => browser.close() };
  const firefox = await Firefox.start();
  browsers.firefox = { draw: (...args) => firefox.run(DRAWN, ...args), close: () => firefox.close() };
  await firefox.goTo(gallery.url);
});

after(async () => {
  for (const browser of Object.values(browsers)) await browser.close();
  await gallery?.close();
  await board?.remove();
});

async function posted(bytes, name) {
  const form = new FormData();
  form.append('picture', new Blob([bytes]), name);
  const answer = await fetch(new URL('/api/messages', board.site), { method: 'POST', body: form });
  const body = await answer.json();
  assert.equal(answer.status, 201, `${name}: ${JSON.stringify(body)}`);
  return { picture: body.picture, bytes: Buffer.from(await (await fetch(new URL(body.picture.url, board.site))).arrayBuffer()) };
}

/** Size and pixels, and of what moves every frame, how long it is shown, and how often all of them. */
function look({ shown, width, height, still, frames = [], repeats }) {
  const moving = frames.length > 1 ? frames.map(({ duration, pixels }) => ({ duration, pixels })) : [];
  return { shown, width, height, still, moving, repeats: moving.length > 1 ? repeats : null };
}

/** The largest difference between the pixels of two drawings, by how much of them is seen. */
function difference(one, other) {
  const all = ({ still, moving }) => [still, ...moving.map(({ pixels }) => pixels)].map((pixels) => Buffer.from(pixels, 'base64'));
  const [ours, theirs] = [all(one), all(other)];
  assert.equal(ours.length, theirs.length);
  let most = 0;
  ours.forEach((pixels, frame) => {
    assert.equal(pixels.length, theirs[frame].length);
    const seen = (data, at) => (at % 4 === 3 ? data[at] : (data[at] * data[at - (at % 4) + 3]) / 255);
    for (let at = 0; at < pixels.length; at += 1) most = Math.max(most, Math.abs(seen(pixels, at) - seen(theirs[frame], at)));
  });
  return most;
}

async function drawings(bytes) {
  const url = gallery.hang(bytes);
  const draw = async ([name, browser]) => [name, await browser.draw(url, typeOf(bytes))];
  return Object.fromEntries(await Promise.all(Object.entries(browsers).map(draw)));
}

async function isDrawnAlike(name, expected) {
  const original = await readFile(new URL(name, FOLDER));
  const { picture, bytes } = await posted(original, name);
  const [sent, served] = [await drawings(original), await drawings(bytes)];
  for (const browser of expected.only ? [expected.as] : Object.keys(browsers)) {
    const now = look(served[browser]);
    assert.deepEqual([now.width, now.height], [picture.width, picture.height], `${name} in ${browser}`);
    if (browser === 'chromium') assert.equal(served[browser].broken, undefined, name);
    if ((expected.as ?? browser) === browser) {
      assert.deepEqual(now, look(sent[browser]), `${name} in ${browser}`);
    } else {
      const right = look(sent[expected.as]);
      assert.deepEqual([now.width, now.height, now.moving.length], [right.width, right.height, right.moving.length], `${name} in ${browser}`);
      assert.ok(difference(now, right) <= NEAR, `${name} in ${browser} differs by ${difference(now, right)}`);
    }
  }
}

for (const folder of ['', 'odd/']) {
  test(`what is served of tests/pictures/${folder} is drawn as it was`, { timeout: 600_000 }, async () => {
    const expected = JSON.parse(await readFile(new URL(`${folder}expected.json`, FOLDER)));
    const names = (await readdir(new URL(folder, FOLDER))).filter((name) => /\.(jpg|png|gif|webp|bmp)$/.test(name));
    assert.deepEqual(names.sort(), Object.keys(expected).sort());
    for (const [name, how] of Object.entries(expected)) {
      if (!how.refused) await isDrawnAlike(folder + name, AS_IN_CHROMIUM[folder + name] ?? how);
    }
  });
}
