import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatsFor, isOpaque, sniff } from '../../../static-site/shrink.js';

const kindOf = (name) => sniff(new Uint8Array(readFileSync(new URL(`../../pictures/${name}`, import.meta.url))));

test('files are told by their first bytes', () => {
  const kinds = {
    'small.jpg': 'image/jpeg',
    'progressive.jpg': 'image/jpeg',
    'drawing.png': 'image/png',
    'still.gif': 'image/gif',
    'photo.webp': 'image/webp',
    'lossless.webp': 'image/webp',
    'drawing.bmp': 'image/bmp',
  };
  for (const [name, type] of Object.entries(kinds)) assert.equal(kindOf(name).type, type, name);
  assert.deepEqual(sniff(new Uint8Array()), { type: null, taken: false, moves: false });
  assert.equal(sniff(new TextEncoder().encode('<!doctype html>')).taken, false);
});

test('what moves is told from what stands still', () => {
  for (const name of ['animation.gif', 'animation.png', 'animation.webp']) assert.equal(kindOf(name).moves, true, name);
  for (const name of ['drawing.png', 'interlaced.png', 'photo.webp', 'transparent.webp', 'small.jpg', 'drawing.bmp']) {
    assert.equal(kindOf(name).moves, false, name);
  }
});

test('a compressed BMP is not one that the board takes', () => {
  assert.equal(kindOf('drawing.bmp').taken, true);
  assert.equal(kindOf('rle.bmp').taken, false);
});

test('a PNG that ends or lies anywhere does no harm', () => {
  const png = readFileSync(new URL('../../pictures/animation.png', import.meta.url));
  for (let end = 0; end < 80; end += 1) sniff(new Uint8Array(png.subarray(0, end)));
  const lying = new Uint8Array(png);
  lying.fill(0xff, 8, 12);
  assert.equal(sniff(lying).moves, false);
});

test('transparency never becomes a JPEG', () => {
  for (const type of ['image/png', 'image/webp', null]) assert.ok(!formatsFor({ type }, false).includes('image/jpeg'));
  assert.deepEqual(formatsFor({ type: 'image/jpeg' }, true), ['image/jpeg']);
  assert.equal(formatsFor({ type: 'image/png' }, true)[0], 'image/png', 'a screenshot stays sharp');
});

test('one pixel that shows through is enough', () => {
  assert.equal(isOpaque([1, 2, 3, 255, 4, 5, 6, 255]), true);
  assert.equal(isOpaque([1, 2, 3, 255, 4, 5, 6, 254]), false);
});
