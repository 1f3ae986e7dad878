import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slides, messageOf, nameOf, postedAt } from '../../../static-site/slides.js';

const numbered = (length) => Array.from({ length }, (_, number) => ({ url: String(number) }));

function slidesOf(list) {
  const slides = new Slides();
  slides.take(list);
  return slides;
}

test('the last of the file is the newest and comes first', () => {
  assert.deepEqual(slidesOf(numbered(3)).shown, ['2', '1', '0']);
});

test('of ten thousand pictures a few have a tile, and more as one goes along', () => {
  const slides = slidesOf(numbered(10_000));
  const { length } = slides.shown;
  assert.ok(length < 20 && slides.goesOn, `${length}`);
  assert.equal(slides.shown[0], '9999');
  slides.goOn();
  assert.equal(slides.shown.length, 2 * length);
});

test('the same list again changes nothing', () => {
  const slides = slidesOf(numbered(3));
  slides.take(null);
  assert.deepEqual(slides.shown, ['2', '1', '0']);
});

test('all pictures are wanted once somebody comes to the end of the newest ones', () => {
  const slides = slidesOf(numbered(150).slice(50));
  const wanted = [];
  while (slides.goesOn) wanted.push(slides.goOn());
  assert.deepEqual(wanted.filter(Boolean), [true], 'once');
  assert.equal(wanted.at(-1), true);
  slides.take(numbered(150));
  while (slides.goesOn) assert.equal(slides.goOn(), false);
  assert.deepEqual([slides.shown.length, slides.shown.at(-1)], [150, '0']);
});

test('where there are fewer than a hundred, there are no others', () => {
  const slides = slidesOf(numbered(99));
  while (slides.goesOn) assert.equal(slides.goOn(), false);
  assert.equal(slides.goOn(), false);
  assert.equal(slides.shown.length, 99);
});

test('a picture’s address names its message where it was posted with one', () => {
  const id = '01M8312X2GQEXQEVEC5D3NWYGS';
  assert.equal(messageOf(`/images/${id}.jpg`), id);
  assert.equal(messageOf(`https://media.example/images/${id}.webp`), id);
  for (const url of ['/images/bridge.jpg', `/images/album/${id}.jpg`, `/images/${id}.jpg/x`, `/images/${id.toLowerCase()}.jpg`]) {
    assert.equal(messageOf(url), null, url);
  }
});

test('a message’s id says when it was posted', () => {
  assert.equal(postedAt('01M8312X2GQEXQEVEC5D3NWYGS').toISOString(), '2026-11-23T01:42:16.912Z');
});

test('a picture’s file has the name that the operator gave it', () => {
  assert.equal(nameOf('/images/album/the%20bridge%20%E5%B1%B1.jpg'), 'the bridge 山.jpg');
  assert.equal(nameOf('/images/100%.jpg'), '100%.jpg');
});
