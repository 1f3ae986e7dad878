import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slides, messageOf, nameOf, postedAt } from '../../../static-site/slides.js';

const list = (names) => [...names].map((url) => ({ url }));
const follow = { follow: true };
const stay = { follow: false };

function slidesOf(names) {
  const slides = new Slides();
  slides.take(list(names), follow);
  return slides;
}

test('the last of the file is the newest and comes first', () => {
  assert.equal(slidesOf('abc').current, 'c');
});

test('next leads to older pictures and round the end', () => {
  const slides = slidesOf('abc');
  const seen = [1, 2, 3].map(() => {
    slides.step(1);
    return slides.current;
  });
  assert.deepEqual(seen, ['b', 'a', 'c']);
  slides.step(-1);
  assert.equal(slides.current, 'a');
});

test('only the current picture and its neighbours are near, each once', () => {
  assert.deepEqual(slidesOf('').near, []);
  assert.deepEqual(slidesOf('a').near, ['a']);
  assert.deepEqual(slidesOf('ab').near, ['b', 'a']);
  const names = Array.from({ length: 10_000 }, (_, index) => ({ url: String(index) }));
  const slides = new Slides();
  slides.take(names, follow);
  assert.deepEqual(slides.near, ['9999', '9998', '0']);
});

test('a new picture comes first where the viewer has not chosen another', () => {
  const slides = slidesOf('abc');
  slides.take(list('abcd'), follow);
  assert.equal(slides.current, 'd');
});

test('the picture chosen stays when new ones come', () => {
  const slides = slidesOf('abc');
  slides.step(1);
  slides.take(list('abcd'), stay);
  assert.equal(slides.current, 'b');
});

test('the same file again changes nothing', () => {
  const slides = slidesOf('abc');
  slides.step(1);
  slides.take(list('abc'), follow);
  assert.equal(slides.current, 'b');
});

test('where the current picture is gone, the next older takes its place', () => {
  const slides = slidesOf('abc');
  slides.step(1);
  slides.take(list('ac'), stay);
  assert.equal(slides.current, 'a');
  slides.take(list('c'), stay);
  assert.equal(slides.current, 'c');
  slides.take([], stay);
  assert.equal(slides.current, null);
  slides.step(1);
  assert.equal(slides.current, null);
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

test('who goes past the end of the newest pictures is led on when all are there', () => {
  const all = Array.from({ length: 150 }, (_, number) => ({ url: String(number) }));
  const end = () => {
    const slides = new Slides();
    slides.take(all.slice(50), follow);
    assert.equal(slides.go(1), false);
    slides.step(98);
    assert.equal(slides.current, '50');
    return slides;
  };
  const slides = end();
  assert.equal(slides.go(1), true);
  assert.equal(slides.current, '50');
  slides.take(all.slice(50), stay);
  assert.equal(slides.current, '50');
  slides.take(all, { ...stay, all: true });
  assert.equal(slides.current, '49');
  slides.take(all, { ...stay, all: true });
  assert.equal(slides.current, '49');

  // Where they do not come, round the end.
  const left = end();
  assert.equal(left.go(1), true);
  assert.equal(left.go(1), false);
  assert.equal(left.current, '149');
  left.take(all, { ...stay, all: true });
  assert.equal(left.current, '149');
});

test('who goes past the end is led on round it where the newest pictures are all', () => {
  const all = Array.from({ length: 100 }, (_, number) => ({ url: String(number) }));
  for (const [taken, by, expected] of [
    [all, 1, '99'],
    [null, 1, '99'],
    [all.slice(1), 1, '99'],
    [all, -1, '0'],
  ]) {
    const slides = new Slides();
    slides.take(all, follow);
    if (by > 0) slides.step(99);
    assert.equal(slides.go(by), true);
    slides.take(taken, { ...stay, all: true });
    assert.equal(slides.current, expected);
    // What comes later moves nobody.
    slides.take([...all, { url: '100' }], { ...stay, all: true });
    assert.equal(slides.current, expected);
  }
});
