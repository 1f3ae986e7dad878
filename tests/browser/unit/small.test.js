import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropOf, moves, point, smallOf, versionsOf } from '../../../static-site/small.js';

const urls = (url) => smallOf(url).map((small) => small.url);

test('the small versions of a picture follow from its address', () => {
  assert.deepEqual(smallOf('/images/01M8312X2GQEXQEVEC5D3NWYGS.jpg'), [
    { url: '/small/640/01M8312X2GQEXQEVEC5D3NWYGS.jpg.webp', width: 640 },
    { url: '/small/960/01M8312X2GQEXQEVEC5D3NWYGS.jpg.webp', width: 960 },
    { url: '/small/1280/01M8312X2GQEXQEVEC5D3NWYGS.jpg.webp', width: 1_280 },
  ]);
  for (const [key, small] of [
    ['https://media.example/images/album/100%25%20%23%E5%B1%B1.PNG', 'https://media.example/small/640/album/100%25%20%23%E5%B1%B1.PNG.webp'],
    ['/images/images/x.webp', '/small/640/images/x.webp.webp'],
    ["/images/$&$'.jpg", "/small/640/$&$'.jpg.webp"],
  ]) {
    assert.equal(urls(key)[0], small);
  }
});

test('what the board makes none of has none, and a BMP has some', () => {
  for (const url of ['/images/why%3F.jpg', '/images/why%3f.jpg', '/images/x.jpg?y', '/images/x.AVIF', '/favicon.svg']) assert.deepEqual(urls(url), [], url);
  assert.equal(urls('/images/x.bmp').length, 3);
});

test('of a GIF of which nothing is known, none is asked for that would move', () => {
  assert.deepEqual(urls('/images/x.GIF'), ['/small/640/x.GIF.webp']);
});

test('a picture that is hardly larger than its small versions is one more of them, unless it moves', () => {
  const small = [640, 960, 1_280].map((width) => ({ url: `/small/${width}/x.webp`, width }));
  const widths = (picture) => versionsOf({ url: '/images/x', type: 'image/png', animated: false, ...picture }).map(({ width }) => width);
  assert.deepEqual(widths({ width: 2_000, small }), [640, 960, 1_280]);
  assert.deepEqual(widths({ width: 1_200, small: small.slice(0, 2) }), [640, 960, 1_200]);
  assert.deepEqual(widths({ width: 900, small: small.slice(0, 1) }), [640, 900]);
  assert.deepEqual(widths({ width: 900, small: small.slice(0, 1), animated: true }), [640]);
  assert.deepEqual(widths({ width: 300, small: [] }), []);
});

test('what moves is told by the board, or by its format', () => {
  assert.deepEqual(
    [{ animated: true, type: 'image/png' }, { animated: false, type: 'image/gif' }, { animated: null, type: 'image/gif' }, { type: 'image/webp' }].map(moves),
    [true, false, true, false],
  );
});

// A version that is a little narrower than the screen has pixels is as good as the next one.
test('an image gets its size, less 13 %, before its versions, and those before the original', () => {
  const set = [];
  const image = new Proxy({ removeAttribute: (name) => set.push(`no ${name}`) }, { set: (_, name, value) => set.push(`${name} ${value}`) });
  point(image, { url: '/images/x.jpg', versions: smallOf('/images/x.jpg'), width: 355.2 });
  point(image, { url: '/images/x.avif', versions: [], width: 1 });
  assert.deepEqual(set, ['sizes 310px', 'srcset /small/640/x.jpg.webp 640w, /small/960/x.jpg.webp 960w, /small/1280/x.jpg.webp 1280w', 'src /images/x.jpg', 'no srcset', 'src /images/x.avif']);
});

test('on the wall a picture is cut to a shape between 3:4 and 2:1, and what is cut by far says so', () => {
  const crops = { '4x3': [4 / 3, ''], '2x3': [3 / 4, ''], '1x3': [3 / 4, 'long'], '5x1': [2, 'wide'], '2x1': [2, ''] };
  for (const [shape, [ratio, kind]] of Object.entries(crops)) {
    const [width, height] = shape.split('x').map(Number);
    assert.deepEqual(cropOf({ width, height }), { ratio, kind }, shape);
  }
});
