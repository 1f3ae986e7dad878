import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatsFor, isOpaque, scaleFor } from '../../../static-site/shrink.js';
import { isWhole, sizeOf, sniff } from '../../../static-site/sniff.js';

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
  for (const name of ['drawing.png', 'interlaced.png', 'photo.webp', 'transparent.webp', 'small.jpg', 'drawing.bmp', 'still.gif']) {
    assert.equal(kindOf(name).moves, false, name);
  }
});

test('a compressed BMP is not one that the board takes', () => {
  assert.equal(kindOf('drawing.bmp').taken, true);
  assert.equal(kindOf('rle.bmp').taken, false);
});

test('a BMP tells how it is compressed only where its header has room for that', () => {
  const bmp = (length, compression) => {
    const bytes = new Uint8Array(64);
    bytes.set([0x42, 0x4d]);
    new DataView(bytes.buffer).setUint32(14, length, true);
    new DataView(bytes.buffer).setUint32(30, compression, true);
    return sniff(bytes);
  };
  for (const length of [40, 52, 56, 108, 124]) {
    assert.equal(bmp(length, 0).taken, true, String(length));
    assert.equal(bmp(length, 1).taken, false, String(length));
  }
  for (const length of [12, 16, 64, 0]) assert.equal(bmp(length, 0).taken, false, String(length));
});

test('AVIF and HEIC are told apart, and what moves among them', () => {
  const file = (...brands) => sniff(new TextEncoder().encode(`\0\0\0${String.fromCharCode(12 + 4 * brands.length)}ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`));
  assert.deepEqual(file('avif', 'mif1', 'miaf'), { type: 'image/avif', taken: false, moves: false });
  assert.deepEqual(file('mif1', 'avif', 'avis'), { type: 'image/avif', taken: false, moves: true });
  assert.deepEqual(file('mif1', 'heic'), { type: 'image/heic', taken: false, moves: false });
  assert.deepEqual(file('msf1', 'hevc'), { type: 'image/heic', taken: false, moves: true });
  assert.equal(file('isom', 'mp42').type, null);
});

test('a GIF moves from its second frame on, whatever stands between', () => {
  const gif = readFileSync(new URL('../../pictures/animation.gif', import.meta.url));
  const still = readFileSync(new URL('../../pictures/still.gif', import.meta.url));
  for (let end = 0; end < gif.length; end += 7) sniff(new Uint8Array(gif.subarray(0, end)));
  assert.equal(sniff(new Uint8Array(gif.subarray(0, -1))).moves, true, 'without an end');
  assert.equal(sniff(new Uint8Array([...still.subarray(0, -1), 0, 0, 0x3b])).moves, false);
});

test('a PNG with one frame stands still', () => {
  const png = new Uint8Array(readFileSync(new URL('../../pictures/animation.png', import.meta.url)));
  const at = Buffer.from(png).indexOf('acTL') + 4;
  new DataView(png.buffer).setUint32(at, 1);
  assert.equal(sniff(png).moves, false);
});

for (const folder of ['', 'odd/']) {
  const url = new URL(`../../pictures/${folder}`, import.meta.url);
  const pictures = Object.entries(JSON.parse(readFileSync(new URL('expected.json', url))));
  const read = (name) => new Uint8Array(readFileSync(new URL(name, url)));

  test(`of tests/pictures/${folder} all that the board takes is whole`, () => {
    for (const [name, { refused }] of pictures) {
      const kind = sniff(read(name));
      if (!refused && kind.taken) assert.equal(isWhole(read(name), kind), true, name);
    }
  });
}

test('a picture that is cut short anywhere before the end of its pixels is not whole', () => {
  for (const name of ['small.jpg', 'progressive.jpg', 'orientation-6.jpg', 'drawing.png', 'interlaced.png', 'still.gif', 'photo.webp', 'lossless.webp', 'drawing.bmp', '1-bit.bmp', 'top-down.bmp']) {
    const bytes = new Uint8Array(readFileSync(new URL(`../../pictures/${name}`, import.meta.url)));
    // What is left of less than the head cannot be drawn in any case.
    for (let end = Math.ceil(bytes.length * 0.3); end < bytes.length - 20; end += 1 + (bytes.length >> 8)) {
      const cut = bytes.slice(0, end);
      assert.equal(isWhole(cut, sniff(cut)), false, `${name} to ${end} of ${bytes.length}`);
    }
  }
});

test('a GIF is whole up to its last whole frame, and cut where that breaks off', () => {
  const gif = new Uint8Array(readFileSync(new URL('../../pictures/animation.gif', import.meta.url)));
  const second = gif.indexOf(0x2c, gif.indexOf(0x2c) + 20);
  const cutTo = (end) => isWhole(gif.slice(0, end), { type: 'image/gif' });
  // Before the frame says how it is, it is none.
  for (const end of [second, second + 1, second + 9]) assert.equal(cutTo(end), true, String(end - second));
  for (const end of [second + 10, second + 11, second + 30]) assert.equal(cutTo(end), false, String(end - second));
  // A palette of its own stands before the frame's pixels.
  const palette = new Uint8Array([...gif.slice(0, second + 9), 0x81, 1, 2, 3]);
  assert.equal(isWhole(palette, { type: 'image/gif' }), false);
  assert.equal(sniff(palette).moves, true);
});

test('a JPEG is whole where a comment stands in place of its end, and not where its last scan breaks off', () => {
  for (const name of ['small.jpg', 'progressive.jpg']) {
    const jpeg = readFileSync(new URL(`../../pictures/${name}`, import.meta.url));
    const comment = [0xff, 0xfe, 0, 4, 0x61, 0x62];
    assert.equal(isWhole(new Uint8Array([...jpeg.subarray(0, -2), ...comment]), { type: 'image/jpeg' }), true, name);
    assert.equal(isWhole(new Uint8Array([...jpeg.subarray(0, -2), ...comment.slice(0, 1)]), { type: 'image/jpeg' }), false, name);
    assert.equal(isWhole(new Uint8Array(jpeg.subarray(0, -2)), { type: 'image/jpeg' }), false, name);
  }
});

test('a GIF without its trailer is whole, and what comes after the end of a JPEG does not matter', () => {
  const [gif, jpeg] = ['still.gif', 'small.jpg'].map((name) => new Uint8Array(readFileSync(new URL(`../../pictures/${name}`, import.meta.url))));
  assert.equal(isWhole(gif.slice(0, -1), { type: 'image/gif' }), true);
  assert.equal(isWhole(new Uint8Array([...jpeg, 1, 2, 3]), { type: 'image/jpeg' }), true);
  // A preview in the head has an end of its own.
  const preview = [0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
  const cut = new Uint8Array([...jpeg.slice(0, 2), ...preview, ...jpeg.slice(2, jpeg.length / 2)]);
  assert.equal(isWhole(cut, { type: 'image/jpeg' }), false);
});

test('the sides of what moves are known without drawing it', () => {
  for (const name of ['animation.gif', 'animation.png', 'animation.webp']) {
    const bytes = new Uint8Array(readFileSync(new URL(`../../pictures/${name}`, import.meta.url)));
    const { width, height } = JSON.parse(readFileSync(new URL('../../pictures/expected.json', import.meta.url)))[name];
    assert.deepEqual(sizeOf(bytes, sniff(bytes)), { width, height }, name);
  }
});

test('a picture is made smaller by its longer side, a long one by its shorter', () => {
  const scaled = (width, height) => [width, height].map((side) => Math.round(side * scaleFor({ width, height })));
  assert.deepEqual(scaled(4_096, 3_072), [2_048, 1_536]);
  assert.deepEqual(scaled(1_000, 500), [1_000, 500]);
  assert.deepEqual(scaled(6_144, 2_048), [2_048, 683], 'three times as long is not long yet');
  assert.deepEqual(scaled(2_880, 9_000), [1_440, 4_500]);
  assert.deepEqual(scaled(9_000, 2_880), [4_500, 1_440]);
  assert.deepEqual(scaled(1_080, 12_000), [1_080, 12_000]);
  for (const [width, height] of [scaled(1_440, 40_000), scaled(5_000, 60_000)]) {
    assert.ok(height <= 16_384 && width * height <= 50_000_000, `${width} × ${height}`);
  }
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
